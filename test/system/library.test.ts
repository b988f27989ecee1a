// The package as a program imports it: the README's example, word by word.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Workplace } from '../support/build-harness.ts';

const ROOT = join(import.meta.dirname, '../..');

let workplace: Workplace;

beforeEach(() => {
  workplace = new Workplace();
});

afterEach(() => workplace.dispose());

/** Runs a program where the package is installed; resolves to its exit code, stdout and stderr. */
async function run(program: string): Promise<{ code: number; output: string; talk: string }> {
  const cwd = workplace.directory;
  mkdirSync(join(cwd, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(cwd, 'node_modules', 'rowloom'));
  writeFileSync(join(cwd, 'program.mjs'), program);
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['program.mjs'], { cwd, env: { PATH, HOME } });
  let [output, talk] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    talk += text;
  });
  const [code] = await once(child, 'close');
  return { code, output, talk };
}

it('makes a dataset in a few lines, and ends', async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, example = ''] = /```ts\n(.*?)\n```/s.exec(readme) ?? [];
  const { code, output, talk } = await run(example);
  expect({ code, talk }).toEqual({ code: 0, talk: '' });
  const rows = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows).toHaveLength(20);
  expect(rows[0]).toEqual({ tone: expect.stringMatching(/^(?:calm|angry)$/), note: expect.any(String) });
}, 60_000);
