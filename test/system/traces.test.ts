import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTraces } from '../../src/store/traces.ts';
import { MODEL_COLUMNS, ticketsDocument, Workplace } from '../support/build-harness.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 120_000;

let workplace: Workplace;
let mock: MockModelServer;

beforeEach(async () => {
  workplace = new Workplace();
  mock = await startMockModelServer({ latencyMs: 200 });
  workplace.write(ticketsDocument({ endpoint: mock.endpoint, parallel: 4 }));
});

afterEach(async () => {
  await workplace.dispose();
  await mock.close();
}, LIMIT_MS);

it(
  'keeps over a SIGKILL what both starts traced, and sums both up',
  async () => {
    const first = workplace.run(['-n', '20', '--trace']);
    await until(async () => {
      const dataset = await workplace.dataset().catch(() => undefined);
      if (dataset === undefined) return false;
      for await (const _ of readTraces(dataset)) return true;
      return false;
    });
    await first.kill();
    expect((await workplace.run(['-n', '20', '--trace']).ended).code).toBe(0);
    const rows: { [start: number]: number } = {};
    for await (const { start, row } of readTraces(await workplace.dataset()))
      if (row !== null) rows[start] = (rows[start] ?? 0) + 1;
    expect(Object.keys(rows)).toEqual(['1', '2']);
    const { output } = await workplace.command(['trace', 'tickets', '--json']).ended;
    const { starts } = JSON.parse(output);
    expect(starts.map(({ start }: { start: number }) => start)).toEqual([1, 2]);
    const calls = (starts as { columns: { models: { calls: number }[] }[] }[]).map(({ columns }) =>
      columns.flatMap(({ models }) => models).reduce((sum, model) => sum + model.calls, 0),
    );
    expect(calls).toEqual([rows[1], rows[2]]);
    expect(starts[1].columns.map(({ column }: { column: string }) => column).toSorted()).toEqual(
      MODEL_COLUMNS.toSorted(),
    );
    expect(starts[1].criticalPath.at(-1).column).toBe('verdict');
  },
  LIMIT_MS,
);
