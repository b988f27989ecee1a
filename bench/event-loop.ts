// How long the event loop of a process that makes cells is held: 10,000 rows with an `embedding` column of a model over HTTP,
// and `validation` columns by ruff and by an SQL parser. What holds it delays heartbeats, answers and progress.
//
//   npm run bench:loop -- [--rows 10000] [--dimensions 1024] [--node-option=--cpu-prof]
//
// Prints the longest hold from the first request to the end, in CPU of the thread, and its ratio to the bound; by the clock
// only beside what a process that does nothing measured at the same time. Exit 1 when the bound is broken.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Workplace } from '../test/support/build-harness.ts';
import { startMockProcess } from './mock-process.ts';

const WATCH = join(import.meta.dirname, 'loop-watch.mjs');
const BOUND_MS = 50;

/** What the watch notes. */
type Hold = readonly [at: number, ms: number, cpuMs: number];

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000' },
    dimensions: { type: 'string', default: '1024' },
    'node-option': { type: 'string', multiple: true, default: [] },
  },
});
const rows = Number(flags.rows);

function document(endpoint: string): object {
  const check = (name: string, target: string, code_lang: string) => ({
    ...{ name, column_type: 'validation', target_columns: [target], validator_type: 'code' },
    validator_params: { code_lang },
  });
  return {
    seed_config: { source: { seed_type: 'local', path: 'seeds.jsonl' } },
    columns: [
      check('python_valid', 'python', 'python'),
      check('sql_valid', 'sql', 'sql:postgres'),
      { name: 'vector', column_type: 'embedding', target_column: 'note', model_alias: 'vectors' },
    ],
    model_configs: [
      {
        ...{ alias: 'vectors', model: 'vectors', provider: 'mock' },
        inference_parameters: { generation_type: 'embedding', dimensions: Number(flags.dimensions) },
      },
    ],
    rowloom: { providers: [{ name: 'mock', endpoint, provider_type: 'openai' }] },
  };
}

/** Twenty lines of Python, some of them wrong, a query, and a paragraph. */
function seedRow(row: number): object {
  const functions = Array.from({ length: 5 }, (_, index) =>
    [
      `def step_${index}(value):`,
      `    total = value + ${row}`,
      '    if total == None:',
      '        return other',
      '',
    ].join('\n'),
  );
  return {
    python: `import os, sys\n\n${functions.join('\n')}`,
    sql: `SELECT a, COUNT(*) AS n FROM t${row} WHERE b IN (SELECT c FROM u) GROUP BY a HAVING COUNT(*) > 3`,
    note: `Sentence ${row} about something that is worth a vector. `.repeat(8),
  };
}

const mock = await startMockProcess({ latencyMs: 100, jitter: 1 });
const place = new Workplace();
try {
  place.write(document(mock.endpoint));
  const lines = Array.from({ length: rows }, (_, row) => `${JSON.stringify(seedRow(row))}\n`);
  writeFileSync(join(place.directory, 'seeds.jsonl'), lines.join(''));
  const noted = join(place.directory, 'loop.json');
  const idle = monitorEventLoopDelay({ resolution: 1 });
  idle.enable();
  const startedAt = performance.now();
  const run = place.run(['-n', `${rows}`], {
    nodeOptions: ['--import', WATCH, ...flags['node-option']],
    environment: { LOOP_WATCH: noted },
  });
  const end = await run.ended;
  idle.disable();
  if (end.code !== 0) throw new Error(`The build ended with ${end.code}:\n${end.talk}`);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { firstRequestAt } = await mock.stats();
  const holds = JSON.parse(readFileSync(noted, 'utf8')) as readonly Hold[];
  const during = holds.filter(([at]) => at >= firstRequestAt!);
  const most = (some: readonly Hold[], which: 1 | 2) => Math.max(...some.map((hold) => hold[which]));
  const longest = most(during, 2);
  const ratio = (longest / BOUND_MS).toFixed(2);
  const before = most(
    holds.filter(([at]) => at < firstRequestAt!),
    2,
  );
  console.log(
    [
      `${rows} rows in ${seconds.toFixed(1)} s.`,
      `Longest hold: ${longest.toFixed(1)} ms of CPU, ${ratio} of ${BOUND_MS} ms; ${before.toFixed(1)} ms before the first request.`,
      `By the clock: ${most(during, 1).toFixed(1)} ms; a process that does nothing: ${(idle.max / 1e6).toFixed(1)} ms.`,
      `Of ${during.length} tenths of a second ${during.filter(([, , cpuMs]) => cpuMs > BOUND_MS).length} had a longer one.`,
    ].join('\n'),
  );
  if (longest > BOUND_MS) process.exitCode = 1;
} finally {
  await place.dispose();
  await mock.close();
}
