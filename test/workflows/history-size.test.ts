import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RowMask } from '../../src/graph/row-mask.ts';
import { WorkflowServer } from '../support/workflow-stage.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start({ maxCachedWorkflows: 100 });
});
afterAll(() => server.stop());

/** Past this, a worker that lost its cache replays for too long; reference: temporal.md. */
const MAX_EVENTS = 2_000;

const LIMITERS = { 'local/writer': { kind: 'model', caps: { writer: 64 } } } as const;

describe('the history', () => {
  it('of 1,000 rows with five model columns stays short', async () => {
    const stage = server.stage({
      columns: { topic: [], a: ['topic'], b: ['a'], c: ['b'], d: ['c'], e: ['topic'] },
      ...{ rows: 1_000, sliceSize: null, limiters: LIMITERS },
    });
    expect(await (await stage.startDataset()).result()).toMatchObject({ isComplete: true });
    expect(stage.logged('open')).toEqual(['open 0']);
    expect((await stage.groupHandle(0).describe()).historyLength).toBeLessThan(MAX_EVENTS);
    expect(stage.repeated).toEqual([]);
  });

  it('of a dataset of 100 groups stays short', async () => {
    const stage = server.stage({
      columns: { topic: [], body: ['topic'] },
      ...{ rows: 100, rowGroupSize: 1, window: 8, limiters: LIMITERS },
    });
    const handle = await stage.startDataset();
    expect(await handle.result()).toMatchObject({ isComplete: true });
    expect((await handle.describe()).historyLength).toBeLessThan(MAX_EVENTS);
  });

  it('of a dataset names its groups to them and no more, however wide the graph', async () => {
    const names = Array.from(
      { length: 200 },
      (_, index) => `a column with a name as long as people give them, number ${index}`,
    );
    const columns = names.map((name, index): [string, string[]] => [
      name,
      names.slice(Math.max(0, index - 10), index),
    ]);
    const groups = 64;
    const stage = server.stage({
      columns: Object.fromEntries(columns),
      ...{ rows: groups, rowGroupSize: 1, window: groups, limiters: LIMITERS },
    });
    const { openRowGroup } = stage.activities;
    // Rows without a cell to make: what is looked at is how groups start.
    stage.activities.openRowGroup = async (input) => ({
      ...(await openRowGroup(input)),
      dropped: RowMask.full(input.rows).toHex(),
    });
    const handle = await stage.startDataset();
    expect(await handle.result()).toMatchObject({ isComplete: true });
    expect(stage.logged('open')).toHaveLength(groups);
    const { events } = await handle.fetchHistory();
    const sizes = events!.flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: start }) =>
      start == null ? [] : [start.input!.payloads![0]!.data!.length],
    );
    expect(sizes).toHaveLength(groups);
    // The server ends a workflow that asks for more than 4 MB at once.
    expect(Math.max(...sizes)).toBeLessThan(1_000);
  });
});
