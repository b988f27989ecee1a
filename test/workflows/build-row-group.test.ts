import { ApplicationFailure, type WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURE, type RowGroupProgress, type RowGroupResult, SIGNAL } from '../../src/protocol.ts';
import { until } from '../support/until.ts';
import { hold, notYet, type StageOptions, WorkflowServer } from '../support/workflow-stage.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start();
});
afterAll(() => server.stop());

const CHAIN: StageOptions = { columns: { topic: [], body: ['topic'], note: ['body'] } };

describe('a row group', () => {
  it('opens, makes later columns of early rows first, and commits', async () => {
    const stage = server.stage({ ...CHAIN, limits: { maxSlicesInFlight: 1 } });
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(stage.log).toEqual(['open 0', 'body 0-4', 'note 0-4', 'body 5-9', 'note 5-9', 'commit 0']);
    expect(result).toMatchObject({ isComplete: true, totals: { rows: 10, dropped: 0 } });
    expect(result.totals.columns).toMatchObject({ body: { made: 10 }, note: { made: 10, calls: 10 } });
  });

  it('makes nothing more of a row that was dropped', async () => {
    const onSlice: StageOptions['onSlice'] = ({ column, rows }) =>
      column === 'body' && rows.first === 0 ? { dropped: [0, 1, 2, 3, 4] } : undefined;
    const stage = server.stage({ ...CHAIN, onSlice });
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(stage.logged('note')).toEqual(['note 5-9']);
    expect(result).toMatchObject({ isComplete: true, totals: { rows: 5, dropped: 5 } });
  });

  it('goes on with the made rows of a slice while its leftover is tried again', async () => {
    const noteStarted = hold();
    const onSlice: StageOptions['onSlice'] = async ({ column, rows, isLeftover }, attempt) => {
      if (column === 'note' && rows.first === 0) noteStarted.release();
      if (column !== 'body' || rows.first !== 0) return undefined;
      if (!isLeftover) return { leftover: [2, 3] };
      if (attempt < 3) throw notYet('10 milliseconds');
      return noteStarted.released;
    };
    const stage = server.stage({ ...CHAIN, onSlice });
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(result.isComplete).toBe(true);
    expect(stage.logged('body 0-4')).toEqual(['body 0-4', ...Array(3).fill('body 0-4 again')]);
    expect(stage.logged('note 0-4')).toHaveLength(2);
    expect(stage.repeated).toEqual([]);
  });

  it('that is told to stop ends with what it has: no leftover in backoff is awaited', async () => {
    const onSlice: StageOptions['onSlice'] = ({ column, isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      return column === 'body' ? { leftover: [0, 5] } : undefined;
    };
    const stage = server.stage({ ...CHAIN, onSlice });
    const handle = await stage.startRowGroup();
    await until(() => stage.logged('note').length === 2 && stage.log.includes('body 5-9 again'));
    await handle.signal(SIGNAL.phase, 'stopping');
    const result: RowGroupResult = await handle.result();
    expect(result.isComplete).toBe(false);
    expect(stage.log.at(-1)).toBe('commit 0 incomplete');
  });

  it('that is told to pause lets its slice in flight deliver and starts none after it', async () => {
    const answer = hold();
    const options = { ...CHAIN, limits: { maxSlicesInFlight: 1 }, onSlice: () => answer.released };
    const stage = server.stage(options);
    const handle = await stage.startRowGroup();
    await until(() => stage.log.includes('body 0-4'));
    await handle.signal(SIGNAL.phase, 'paused');
    answer.release();
    const result: RowGroupResult = await handle.result();
    expect(stage.log).toEqual(['open 0', 'body 0-4']);
    expect(result).toMatchObject({ isComplete: false });
    expect(result.totals.columns).toMatchObject({ body: { made: 5 } });
  });

  it('that is told to stop before it is open makes nothing', async () => {
    const signalled = hold();
    const stage = server.stage(CHAIN);
    const { openRowGroup } = stage.activities;
    stage.activities.openRowGroup = async (input) => {
      await signalled.released;
      return openRowGroup(input);
    };
    const handle = await stage.startRowGroup();
    await handle.signal(SIGNAL.phase, 'stopping');
    signalled.release();
    await handle.result();
    expect(stage.log).toEqual(['open 0', 'commit 0 incomplete']);
  });

  it('is whole when it is told to stop while its last cells are made', async () => {
    const answer = hold();
    const onSlice: StageOptions['onSlice'] = ({ column }) =>
      column === 'note' ? answer.released : undefined;
    const stage = server.stage({ ...CHAIN, sliceSize: 10, onSlice });
    const handle = await stage.startRowGroup();
    await until(() => stage.log.includes('note 0-9'));
    await handle.signal(SIGNAL.phase, 'stopping');
    answer.release();
    const result: RowGroupResult = await handle.result();
    expect(result.isComplete).toBe(true);
    expect(stage.log.at(-1)).toBe('commit 0');
  });

  it('takes a cancel in Temporal as a pause, and leaves it to its parent whether it goes on', async () => {
    const onSlice: StageOptions['onSlice'] = ({ isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      return { leftover: [0, 5] };
    };
    const stage = server.stage({ ...CHAIN, sliceSize: 10, onSlice });
    const handle = await stage.startRowGroup();
    await until(() => stage.log.includes('body 0-9 again'));
    await handle.cancel();
    const result: RowGroupResult = await handle.result();
    expect(result.isComplete).toBe(false);
    expect(stage.logged('commit')).toEqual([]);
  });

  it('fails with the type of what no retry helps, once all others have delivered, and commits nothing', async () => {
    const other = hold();
    const onSlice: StageOptions['onSlice'] = ({ rows }) => {
      if (rows.first > 0) return other.released;
      throw ApplicationFailure.nonRetryable('Cannot go on writing', FAILURE.fenced);
    };
    const stage = server.stage({ ...CHAIN, onSlice });
    const handle = await stage.startRowGroup();
    await until(() => stage.logged('body').length === 2);
    other.release();
    const error: WorkflowFailedError = await handle.result().catch((error) => error);
    expect(error.cause).toMatchObject({ cause: { type: FAILURE.fenced, message: 'Cannot go on writing' } });
    expect(stage.logged('note')).toEqual([]);
    expect(stage.logged('commit')).toEqual([]);
  });

  it('waits for the fixed worker when a result cannot be right: a bug of ours', async () => {
    const stage = server.stage(CHAIN);
    const { generateSlice } = stage.activities;
    stage.activities.generateSlice = async (input) => ({ ...(await generateSlice(input)), dropped: '11' });
    const handle = await stage.startRowGroup();
    let failedTasks = 0;
    while (failedTasks === 0) {
      const { events = [] } = await handle.fetchHistory();
      failedTasks = events?.filter((event) => event.workflowTaskFailedEventAttributes != null).length ?? 0;
    }
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(stage.logged('commit')).toEqual([]);
    await handle.terminate();
  });

  it('tells what is done and what is in flight', async () => {
    const answer = hold();
    const onSlice: StageOptions['onSlice'] = ({ column }) =>
      column === 'note' ? answer.released : undefined;
    const stage = server.stage({ ...CHAIN, sliceSize: 10, onSlice });
    const handle = await stage.startRowGroup();
    await until(() => stage.log.includes('note 0-9'));
    const progress: RowGroupProgress = await handle.query('progress');
    expect(progress.cells).toMatchObject({
      rows: 10,
      completeRows: 0,
      columns: { body: { made: 10, inFlight: 0 }, note: { made: 0, inFlight: 10, pending: 0 } },
    });
    answer.release();
    await handle.result();
  });
});
