// Cells that the example's worker in Python makes, which is killed in the middle.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { DATASET, Workplace } from '../support/build-harness.ts';
import type { CliProcess } from '../support/cli.ts';
import { pythonWithTemporal, startPythonWorker } from '../support/python-worker.ts';
import { until } from '../support/until.ts';

const ROWS = 30;
const LIMIT_MS = 300_000;

const workplace = new Workplace();
let python: string;
let worker: CliProcess | undefined;

beforeAll(async () => {
  python = await pythonWithTemporal();
}, LIMIT_MS);

afterEach(async () => {
  await worker?.kill();
  await workplace.dispose();
});

/** Keys of the whole lines that attempts of the activity have written so far; none once the group is committed. */
function keysWritten(): readonly string[] {
  const folder = join(workplace.directory, 'artifacts', DATASET, 'elsewhere', 'words', '00000', 'cells');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => readIfThere(join(folder, file)).split('\n').slice(0, -1))
    .map((line) => JSON.parse(line).key);
}

/** Empty for a file that the commit of its group has removed since it was listed. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

it('cells of a worker in Python are all there, each made once, though the worker is killed in the middle: the next one goes on from its file', {
  timeout: LIMIT_MS,
}, async () => {
  workplace.write({
    columns: [
      {
        ...{ name: 'topic', column_type: 'sampler', sampler_type: 'category' },
        params: { values: ['a tent for two', 'boots'] },
      },
      {
        ...{ name: 'words', column_type: 'custom', generator_function: 'length_of', task_queue: 'python' },
        ...{ version: '1', required_columns: ['topic'], output_format: { type: 'integer' } },
        side_effect_columns: [{ name: 'longest', output_format: { type: 'string' } }],
        generator_params: { seconds: 0.2 },
      },
    ],
    rowloom: { row_group_size: ROWS },
  });
  const run = workplace.run(['-n', String(ROWS)]);
  await until(() => workplace.server() !== undefined, { limitMs: LIMIT_MS });
  worker = startPythonWorker(python, workplace.directory);
  await until(() => keysWritten().length >= 8, { limitMs: LIMIT_MS, what: `cells:\n${worker.talk}` });
  await worker.kill();
  const before = keysWritten();
  expect(before.length).toBeLessThan(ROWS);
  const killedAt = Date.now();
  worker = startPythonWorker(python, workplace.directory);
  await until(() => keysWritten().length > before.length, { limitMs: LIMIT_MS });
  // 30 s without a beat, and the wait before the next try.
  expect(Date.now() - killedAt).toBeLessThan(90_000);
  let keys: readonly string[] = [];
  await until(
    () => {
      keys = keysWritten().length > 0 ? keysWritten() : keys;
      return !run.isRunning;
    },
    { limitMs: LIMIT_MS },
  );
  const end = await run.ended;
  expect(end.code, end.talk).toBe(0);
  expect(new Set(keys).size).toBe(keys.length);
  const rows = await workplace.rows();
  expect(rows).toHaveLength(ROWS);
  for (const { topic, words, longest } of rows)
    expect([words, longest]).toEqual(topic === 'boots' ? [1n, 'boots'] : [4n, 'tent']);
});
