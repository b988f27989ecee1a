// The build's last steps: bundles the command, which then starts from a few files instead of hundreds, and the workflows, so
// that a worker starts a second sooner.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleWorkflows } from '../dist/worker.js';

/** Those of many small files go into the bundle. What has files of its own beside its code, or is big and rarely used, cannot. */
const BUNDLED = ['lossless-json', 'string-width', 'wrap-ansi', 'zod'];

const DIST = new URL('../dist/', import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
for (const name of readdirSync(DIST)) if (name.startsWith('chunk-')) rmSync(new URL(name, DIST));
await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: { cli: 'dist/client/cli/main.js' },
  outdir: 'dist',
  // Beside each other: `own-files.js` finds our files from any of them.
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys(dependencies).filter((name) => !BUNDLED.includes(name)),
  logLevel: 'warning',
});

const { code } = await bundleWorkflows();
writeFileSync(new URL('workflow-bundle.js', DIST), code);
