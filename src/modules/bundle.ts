// A user's module with all that it imports as one file of code, made once by who starts a build: workers run that and
// nothing else, so every worker runs the same code, wherever it is and whatever becomes of the user's files.

import { basename, dirname } from 'node:path';
import type { BuildFailure, Message, OutputFile } from 'esbuild';
import { hashOfCode, type UserModule } from './stored-modules.ts';

/** Its hash is that of the code, which names no folder of this machine: the same module elsewhere has the same one. */
export interface Bundle extends UserModule {
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
  // Loaded with the first module: most documents name none.
  const { build } = await import('esbuild');
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
      // Of its own: in the code it would change the hash with every comment of the user's.
      sourcemap: 'external',
      sourcesContent: false,
      write: false,
      outfile: 'module.mjs',
    });
    const [map, { text: code }] = [outputFiles.find(isMap)!.text, outputFiles.find((file) => !isMap(file))!];
    const exports = Object.values(metafile.outputs).flatMap((output) => output.exports);
    return { hash: hashOfCode(code), code, map, exports };
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    return { problems: errors.map(problemOf) };
  }
}

function isMap({ path }: OutputFile): boolean {
  return path.endsWith('.map');
}

function problemOf({ text, location }: Message): ModuleProblem {
  return {
    file: location?.file ?? null,
    line: location?.line ?? null,
    column: location === null ? null : location.column + 1,
    message: text,
  };
}
