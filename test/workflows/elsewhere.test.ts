import { ApplicationFailure, type WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RowGroupResult, SIGNAL } from '../../src/protocol.ts';
import { until } from '../support/until.ts';
import { hold, type StageOptions, WorkflowServer } from '../support/workflow-stage.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start();
});
afterAll(() => server.stop());

/** `body` is made by somebody else's worker. */
const AWAY: StageOptions = {
  columns: { topic: [], body: ['topic'], note: ['topic'] },
  sliceSize: 10,
  onSlice: ({ column }) => (column === 'body' ? { isElsewhere: true } : undefined),
};

describe('a slice that another worker makes', () => {
  it('is asked for what to make, and then told where it is', async () => {
    const stage = server.stage(AWAY);
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    const name = `${stage.build.datasetId}/body/0`;
    expect(stage.log.filter((line) => !line.startsWith('note'))).toEqual([
      ...['open 0', 'body 0-9', `elsewhere ${name}`, 'body 0-9 with cells/body/1.jsonl', 'commit 0'],
    ]);
    expect(result).toMatchObject({
      isComplete: true,
      totals: { columns: { body: { made: 10, calls: 10 } } },
    });
    const { events } = await stage.groupHandle(0).fetchHistory();
    const theirs = events!.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'makeThere',
    );
    const [told] = theirs!.activityTaskScheduledEventAttributes!.input!.payloads!;
    expect(JSON.parse(Buffer.from(told!.data!).toString())).toEqual({ rows: name, cells: 'cells/body' });
  });

  it('is tried again when that worker fails, while the other columns go on', async () => {
    let tries = 0;
    const onElsewhere = () => {
      tries += 1;
      if (tries < 2) throw new Error('Not this time');
    };
    const stage = server.stage({ ...AWAY, onElsewhere });
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect([tries, stage.logged('body').length, result.isComplete]).toEqual([2, 2, true]);
    expect(stage.repeated).toEqual([]);
  });

  it('that fails for good ends its group with the reason, once the others have delivered', async () => {
    const other = hold();
    const stage = server.stage({
      ...AWAY,
      onSlice: (task, attempt) => (task.column === 'note' ? other.released : AWAY.onSlice!(task, attempt)),
      onElsewhere: () => {
        other.release();
        throw ApplicationFailure.nonRetryable('No such model');
      },
    });
    const error: WorkflowFailedError = await (await stage.startRowGroup()).result().catch((error) => error);
    expect(error.cause).toMatchObject({ activityType: 'makeThere', cause: { message: 'No such model' } });
    expect(stage.logged('commit')).toEqual([]);
  });

  it('is called off when the build stops', async () => {
    const never = hold();
    const stage = server.stage({ ...AWAY, onElsewhere: () => never.released });
    const handle = await stage.startRowGroup();
    await until(() => stage.logged('elsewhere').length === 1 && stage.logged('note').length === 1);
    await handle.signal(SIGNAL.phase, 'stopping');
    // It hears of it at its next beat; what it returns then is still taken.
    setTimeout(never.release, 200);
    const result: RowGroupResult = await handle.result();
    expect(stage.log.at(-1)).toMatch('commit 0');
    expect(result.totals.columns).toMatchObject({ note: { made: 10 } });
  });
});

describe('a slice that has to wait', () => {
  const waiting = (ms: number): StageOptions => ({
    ...AWAY,
    onSlice: ({ column, isLeftover }) =>
      column === 'body' && !isLeftover ? { leftover: [3, 4], afterMs: ms } : undefined,
  });

  it('comes again once the time is over, and no worker is asked meanwhile', async () => {
    const stage = server.stage(waiting(300));
    const startedAt = Date.now();
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(300);
    expect(stage.logged('body')).toEqual(['body 0-9', 'body 0-9 again']);
    expect(result.isComplete).toBe(true);
    expect(stage.repeated).toEqual([]);
  });

  it('is not waited for when the build stops', async () => {
    const stage = server.stage(waiting(3_600_000));
    const handle = await stage.startRowGroup();
    await until(() => stage.logged('note').length === 1 && stage.logged('body').length === 1);
    await handle.signal(SIGNAL.phase, 'stopping');
    const result: RowGroupResult = await handle.result();
    expect([result.isComplete, stage.log.at(-1)]).toEqual([false, 'commit 0 incomplete']);
  });
});

describe('a column made as a whole', () => {
  it('is one slice over all rows that have what it needs, those too that another column dropped', async () => {
    const stage = server.stage({
      columns: {
        topic: [],
        body: ['topic'],
        code: ['topic'],
        ranks: { needs: ['body'], strategy: 'column' },
      },
      onSlice: ({ column, rows }) =>
        column === 'code'
          ? { dropped: [2] }
          : column === 'body' && rows.first === 5
            ? { dropped: [7] }
            : undefined,
    });
    const masks: string[] = [];
    const { generateSlice } = stage.activities;
    stage.activities.generateSlice = (input) => {
      if (input.task.column === 'ranks') masks.push(input.task.mask);
      return generateSlice(input);
    };
    const result: RowGroupResult = await (await stage.startRowGroup()).result();
    expect(masks).toEqual(['f73']);
    expect(result.totals).toMatchObject({ rows: 8, dropped: 2 });
  });

  it('in order is made by one group after the other', async () => {
    const stage = server.stage({
      columns: { topic: [], body: ['topic'], story: { needs: ['body'], strategy: 'column', inOrder: true } },
      ...{ rows: 8, rowGroupSize: 2, window: 4 },
      // Without its turn the last group would be the first.
      onSlice: async ({ column, rows }) => {
        if (column === 'body' && rows.first < 6)
          await new Promise((done) => setTimeout(done, 300 - 50 * rows.first));
        return undefined;
      },
    });
    expect(await (await stage.startDataset()).result()).toMatchObject({ isComplete: true });
    expect(stage.logged('story')).toEqual(['story 0-1', 'story 2-3', 'story 4-5', 'story 6-7']);
  });
});
