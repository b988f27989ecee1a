// Makes `dist/`: JavaScript of each module; the command as a bundle, which starts from a few files instead of hundreds; and
// the workflows as one, so that a worker starts a second sooner. `npm run typecheck` checks the types, and declarations are
// made when the package is packed: that takes ten times as long as all of this.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Those of many small files go into the command's bundle. What has files of its own beside its code, or is big and rarely used, cannot. */
const BUNDLED = ['lossless-json', 'string-width', 'wrap-ansi', 'zod'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = new URL('../dist/', import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const shared = {
  absWorkingDir: ROOT,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
};

/** Leaves each module by itself and names those that it imports as they will be called. */
const eachByItself = {
  name: 'each-by-itself',
  setup: ({ onResolve }) =>
    onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true },
    ),
};

rmSync(DIST, { recursive: true, force: true });
const sources = readdirSync(new URL('../src/', import.meta.url), { recursive: true });
await build({
  ...shared,
  entryPoints: sources.filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`),
  outbase: 'src',
  plugins: [eachByItself],
});
await build({
  ...shared,
  entryPoints: { cli: 'dist/client/cli/main.js' },
  // Beside each other: `own-files.js` finds our files from any of them.
  chunkNames: 'chunk-[hash]',
  splitting: true,
  external: Object.keys(dependencies).filter((name) => !BUNDLED.includes(name)),
});

const { bundleWorkflows } = await import('../dist/worker.js');
const { code } = await bundleWorkflows();
writeFileSync(new URL('workflow-bundle.js', DIST), code);
