// npm runs this after `npm ci`, and again whenever `npx` meets this folder for the first time: it builds only if
// something has changed since the last build.

import { execSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';

const SOURCES = [
  'src',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
/** What the build writes last. */
const LAST = 'dist/workflow-bundle.js';

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function newestChange(path) {
  // A file that was removed or renamed changes its folder.
  const below = statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : [];
  return Math.max(changedAt(path), ...below.map((name) => changedAt(`${path}/${name}`)));
}

if (changedAt(LAST) <= Math.max(...SOURCES.map(newestChange)))
  execSync('npm run build', { stdio: 'inherit' });
