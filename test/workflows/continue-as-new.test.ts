import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RowGroupResult, UPDATE } from '../../src/protocol.ts';
import { until } from '../support/until.ts';
import { hold, notYet, type StageOptions, WorkflowServer } from '../support/workflow-stage.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start({ config: ['limit.historyCount.suggestContinueAsNew=60'] });
});
afterAll(() => server.stop());

/** Two columns of ten cells, each an activity: more events than the server takes well in one run. */
const LONG: StageOptions = {
  columns: { topic: [], body: ['topic'], note: ['body'] },
  sliceSize: 1,
  limits: { maxSlicesInFlight: 4 },
};

describe('continue-as-new', () => {
  it('of a row group drains it, opens it again and makes no cell twice', async () => {
    const stage = server.stage(LONG);
    const handle = await stage.startRowGroup();
    const result: RowGroupResult = await handle.result();
    expect(stage.logged('open').length).toBeGreaterThan(1);
    const [first, second] = stage.continued;
    expect([first, second?.bases]).toEqual([undefined, ['base 1']]);
    expect(stage.logged('commit')).toEqual(['commit 0']);
    expect(stage.repeated).toEqual([]);
    expect(result.isComplete).toBe(true);
    expect(result.totals).toMatchObject({ rows: 10, columns: { body: { made: 10 }, note: { made: 10 } } });
  });

  it('of a row group makes no cell of a row that has been dropped', async () => {
    const onSlice: StageOptions['onSlice'] = ({ column, rows }) =>
      column === 'body' && rows.first === 0 ? { dropped: [0] } : undefined;
    const stage = server.stage({ ...LONG, columns: { ...LONG.columns, late: ['note'] }, onSlice });
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(stage.continued.length).toBeGreaterThan(1);
    expect(stage.logged('body 0-0')).toEqual(['body 0-0']);
    expect(result.totals).toMatchObject({ rows: 9, dropped: 1 });
  });

  it('of a row group calls off its leftovers in backoff, which are tried again at once', async () => {
    let isLeft = false;
    const onSlice: StageOptions['onSlice'] = ({ column, rows, isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      if (column !== 'body' || rows.first !== 0 || isLeft) return undefined;
      isLeft = true;
      return { leftover: [0] };
    };
    const stage = server.stage({ ...LONG, onSlice });
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(stage.logged('body 0-0')).toEqual(['body 0-0', 'body 0-0 again', 'body 0-0']);
    expect(result).toMatchObject({ isComplete: true, totals: { rows: 10 } });
    expect(stage.repeated).toEqual([]);
  });

  it('of a dataset drains the window, so that no group is closed with it, and keeps what steered it', async () => {
    const answer = hold();
    const stage = server.stage({
      ...{ columns: { topic: [], body: ['topic'] }, rows: 24, rowGroupSize: 2, window: 2 },
      limiters: { 'local/writer': { kind: 'model', caps: { writer: 4 } } },
      onSlice: () => answer.released,
    });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').length === 2);
    await handle.executeUpdate(UPDATE.setLimits, { args: [{ maxParallelRequests: { writer: 3 } }] });
    answer.release();
    expect(await handle.result()).toMatchObject({ isComplete: true });
    const { runId, raw } = await stage.datasetHandle().describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(runId);
    // The store is looked through once, however many runs the parent has.
    expect(stage.logged('prepare')).toHaveLength(1);
    expect(stage.logged('open')).toHaveLength(12);
    expect(stage.logged('commit')).toHaveLength(12);
    expect(stage.repeated).toEqual([]);
    expect(await stage.progress()).toMatchObject({
      ...{ doneGroups: 12, waiting: [], limits: { maxParallelRequests: { writer: 3 } } },
      totals: { rows: 24, columns: { body: { made: 24 } } },
    });
  });

  it('of a dataset loses no update, whenever it comes', async () => {
    const answers = Array.from({ length: 12 }, hold);
    const stage = server.stage({
      ...{ columns: { topic: [], body: ['topic'] }, rows: 12, rowGroupSize: 1, window: 1 },
      onSlice: ({ rows }) => answers[rows.first]!.released,
    });
    const handle = await stage.startDataset();
    for (const [row, { release }] of answers.entries()) {
      await until(() => stage.logged(`body ${row}-`).length === 1);
      // The last group's end is that of the dataset.
      const pausing = row === 11 ? undefined : handle.executeUpdate(UPDATE.pause);
      release();
      await pausing;
      if (pausing !== undefined) await handle.executeUpdate(UPDATE.unpause);
    }
    expect(await handle.result()).toMatchObject({ isComplete: true });
    const whole = stage.logged('commit').filter((line) => !line.endsWith('incomplete'));
    expect(new Set(whole).size).toBe(12);
    expect(whole).toHaveLength(12);
    expect(stage.repeated).toEqual([]);
  });
});
