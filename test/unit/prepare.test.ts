// What npm runs after `npm ci`, and again when `npx` meets the folder of the package itself.

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PREPARE = join(import.meta.dirname, '../../scripts/prepare.mjs');
const LONG_AGO = new Date('2020-01-01');
const BUILD = `node -e "fs.mkdirSync('dist',{recursive:true});fs.writeFileSync('dist/workflow-bundle.js','')"`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rowloom-prepare-'));
  for (const name of ['src/store', 'scripts']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['src/store/a.ts', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
    writeFileSync(join(folder, name), '{}');
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { build: BUILD } }));
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    utimesSync(join(folder, name), LONG_AGO, LONG_AGO);
  }
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Whether it builds. */
function builds(): boolean {
  const made = join(folder, 'dist/workflow-bundle.js');
  if (existsSync(made)) utimesSync(made, new Date('2021-01-01'), new Date('2021-01-01'));
  return execFileSync(process.execPath, [PREPARE], { cwd: folder, encoding: 'utf8' }).includes('build');
}

it('builds once, and again when a source has changed or was removed', () => {
  expect(builds()).toBe(true);
  expect(builds()).toBe(false);
  writeFileSync(join(folder, 'src/store/a.ts'), 'changed');
  expect(builds()).toBe(true);
  utimesSync(join(folder, 'src/store/a.ts'), LONG_AGO, LONG_AGO);
  expect(builds()).toBe(false);
  renameSync(join(folder, 'src/store/a.ts'), join(folder, 'a.ts'));
  expect(builds()).toBe(true);
});
