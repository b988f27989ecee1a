// A user's module with all that it imports as one file of code, made once by who starts a build: workers run that and
// nothing else, so every worker runs the same code, wherever it is and whatever becomes of the user's files.

import { basename, dirname } from 'node:path';
import { type BuildFailure, build, type Message } from 'esbuild';
import { hashOfCode } from './stored-modules.ts';

export interface Bundle {
  /** Of the code, which names no folder of this machine: the same module elsewhere has the same hash. */
  readonly hash: string;
  readonly code: string;
  /** The names that it exports. */
  readonly exports: readonly string[];
}

/** What is wrong with a module, and where: its file as the bundler names it. */
export interface ModuleProblem {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** Node 20 runs it as it stands. CommonJS packages in it may `require` Node's own modules. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire('/');";

/** Bundles the JavaScript or TypeScript module at an absolute path. */
export async function bundleModule(
  path: string,
): Promise<Bundle | { readonly problems: readonly ModuleProblem[] }> {
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [basename(path)],
      // Paths in the code, in messages and in the hash are those below the module's folder.
      absWorkingDir: dirname(path),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      banner: { js: BANNER },
      legalComments: 'none',
      logLevel: 'silent',
      metafile: true,
      write: false,
      outfile: 'module.mjs',
    });
    const code = outputFiles[0]!.text;
    return { hash: hashOfCode(code), code, exports: Object.values(metafile.outputs)[0]!.exports };
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    return { problems: errors.map(problemOf) };
  }
}

function problemOf({ text, location }: Message): ModuleProblem {
  return {
    file: location?.file ?? null,
    line: location?.line ?? null,
    column: location === null ? null : location.column + 1,
    message: text,
  };
}
