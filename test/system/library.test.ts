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
});

it('is told of each row group, and a callback that throws ends nothing', async () => {
  const { code, output, talk } = await run(`
    import { existsSync, writeFileSync } from 'node:fs';
    import { runDataset } from 'rowloom';
    const document = {
      columns: [{ name: 'tone', column_type: 'sampler', sampler_type: 'category', params: { values: ['calm'] } }],
      rowloom: { row_group_size: 10 },
    };
    writeFileSync('tones.yaml', JSON.stringify(document));
    const told = [];
    const end = await runDataset({
      target: 'tones.yaml',
      rows: 20,
      say: (text) => text.startsWith('warning') && console.error(text),
      events: {
        async onRowGroup({ dataset, rowGroup, rows, dropped, path }) {
          told.push([dataset, rowGroup, rows, dropped, existsSync(path)]);
          if (rowGroup === 1) throw new Error('The bucket is away');
        },
      },
    });
    told.sort(([, one], [, other]) => one - other);
    const failures = end.callbackFailures.map(({ rowGroup, error }) => [rowGroup, error.message]);
    console.log(JSON.stringify({ told, failures, isComplete: end.isComplete }));
  `);
  expect({ code, talk }).toEqual({
    code: 0,
    talk: 'warning   onRowGroup failed for row group 1, the build goes on: The bucket is away\n',
  });
  expect(JSON.parse(output)).toEqual({
    told: [
      ['tones', 0, 10, 0, true],
      ['tones', 1, 10, 0, true],
    ],
    failures: [[1, 'The bucket is away']],
    isComplete: true,
  });
});
