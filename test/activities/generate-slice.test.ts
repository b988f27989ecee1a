import { ActivityCancellationDetails, type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import { ModelError } from '../../src/errors.ts';
import { RowMask } from '../../src/graph/row-mask.ts';
import type { Mask } from '../../src/graph/types.ts';
import { FAILURE } from '../../src/protocol.ts';
import { ActivityStage, type ActivityStageOptions, activityEnvironment } from '../support/activity-stage.ts';
import { until } from '../support/until.ts';
import { hold } from '../support/workflow-stage.ts';

/** A build whose row group is open, and the slice of `body` with all its rows. */
async function openedStage(options: ActivityStageOptions) {
  const stage = await ActivityStage.create(options);
  const conductor = await stage.conduct();
  const [task] = conductor.next();
  const rowsOf = (mask: Mask) => RowMask.fromHex(stage.rows, mask).rows();
  return { stage, conductor, task: task!, rowsOf };
}

const busy = (retryAfterMs: number) =>
  new ModelError('local answered 429', { failure: 'busy', status: 429, retryAfterMs });

describe('a slice', () => {
  it('makes its cells, keeps each in its part, and counts what they cost', async () => {
    const { stage, task, rowsOf } = await openedStage({ topics: ['sun', 'moon'] });
    const result = await stage.generate(task);
    expect(rowsOf(result.made)).toEqual([0, 1]);
    expect(await stage.statusesIn(result.part)).toEqual(['0 ok', '1 ok']);
    expect(result.usage).toEqual({
      ...{ made: 2, failed: 0, calls: 2, failedCalls: 0, promptTokens: 20, completionTokens: 4 },
    });
  });

  it('copies after a crash what it had made, and asks for the rest only', async () => {
    const answer = hold();
    const { stage, task, rowsOf } = await openedStage({
      topics: ['sun', 'moon', 'mars'],
      script: async ({ cell }, nth) => {
        if (cell.row === 2 && nth === 1) await answer.released;
        return '';
      },
    });
    const killed = stage.generate(task);
    await until(() => stage.builds.calls().answered === 2);
    stage.restart();
    const result = await stage.generate(task);
    expect(rowsOf(result.made)).toEqual([0, 1, 2]);
    expect([...stage.asked].sort()).toEqual(['body 0', 'body 1', 'body 2', 'body 2']);
    // What the killed attempt paid for is in its own part, and counted there.
    expect(result.usage).toMatchObject({ made: 3 });
    answer.release();
    await killed;
  });

  it('replays after a crash the turns of a conversation instead of asking for them again', async () => {
    const answer = hold();
    const requests: (readonly string[])[] = [];
    const { stage, conductor, task } = await openedStage({
      topics: ['sun'],
      script: async ({ cell, messages }, nth) => {
        if (cell.column !== 'note') return '';
        requests.push(messages.map(({ role }) => role));
        if (nth === 1) return 'Seven';
        if (nth === 2) await answer.released;
        return '';
      },
    });
    conductor.finished(task, await stage.generate(task));
    const [note] = conductor.next();
    const killed = stage.generate(note!);
    await until(() => requests.length === 2);
    stage.restart();
    const result = await stage.generate(note!);
    expect(requests).toEqual([['user'], ['user', 'assistant', 'user'], ['user', 'assistant', 'user']]);
    expect(await stage.statusesIn(result.part)).toEqual(['0 ok']);
    answer.release();
    await killed;
  });

  it('asks nothing when it is done again after a crash between its last line and its acknowledgement', async () => {
    const { stage, task } = await openedStage({ topics: ['sun', 'moon'] });
    const first = await stage.generate(task);
    stage.restart();
    const again = await stage.generate(task);
    expect(again).toMatchObject({ made: first.made, dropped: first.dropped, leftover: first.leftover });
    expect(again.part).not.toBe(first.part);
    expect(stage.asked).toHaveLength(2);
  });

  it('fails a cell that had failed before a crash without another call', async () => {
    const { stage, conductor, task, rowsOf } = await openedStage({
      topics: ['sun'],
      script: ({ cell }) => (cell.column === 'note' ? 'Seven' : ''),
    });
    conductor.finished(task, await stage.generate(task));
    const [note] = conductor.next();
    await stage.generate(note!);
    stage.restart();
    const result = await stage.generate(note!);
    expect(rowsOf(result.dropped)).toEqual([0]);
    expect(await stage.statusesIn(result.part)).toEqual(['0 failed']);
    expect(stage.asked).toEqual(['body 0', 'note 0', 'note 0']);
  });

  it('counts a cell that failed once, however often its slice is tried again', async () => {
    const { stage, conductor, task } = await openedStage({
      topics: ['sun'],
      script: ({ cell }) => (cell.column === 'note' ? 'Seven' : ''),
      hasEarlyShutdown: true,
    });
    conductor.finished(task, await stage.generate(task));
    const [note] = conductor.next();
    for (let attempt = 1; attempt <= 40; attempt++) await stage.generate(note!);
    expect(stage.stops).toEqual([]);
  });

  it('that is cancelled keeps the answers in flight and hands back the cells it had not asked for', async () => {
    const answer = hold();
    const { stage, task, rowsOf } = await openedStage({
      topics: ['sun', 'moon', 'mars'],
      maxParallelRequests: 1,
      script: async () => {
        await answer.released;
        return '';
      },
    });
    const environment = activityEnvironment();
    const cancelled = stage.generate(task, environment);
    await until(() => stage.asked.length === 1);
    environment.cancel();
    answer.release();
    const result = await cancelled;
    expect(rowsOf(result.made)).toEqual([0]);
    expect(rowsOf(result.leftover)).toEqual([1, 2]);
    expect(stage.asked).toEqual(['body 0']);
  });

  it('ends with what it has once the build stops', async () => {
    const answer = hold();
    const { stage, task, rowsOf } = await openedStage({
      topics: ['sun', 'moon'],
      maxParallelRequests: 1,
      script: async () => {
        await answer.released;
        return '';
      },
    });
    const stopped = stage.generate(task);
    await until(() => stage.asked.length === 1);
    await stage.builds.stop(stage.build, 'enough');
    answer.release();
    const result = await stopped;
    expect(rowsOf(result.leftover)).toEqual([1]);
    expect(stage.stops).toEqual(['enough']);
  });
});

describe('a newer attempt at a slice whose older one is still at work', () => {
  /** A slice of two rows, one call at a time, in its first call. */
  async function slowSlice() {
    const answer = hold();
    const opened = await openedStage({
      topics: ['sun', 'moon'],
      maxParallelRequests: 1,
      script: async () => {
        await answer.released;
        return '';
      },
    });
    const environment = activityEnvironment();
    const older = opened.stage.generate(opened.task, environment);
    await until(() => opened.stage.asked.length === 1);
    return { ...opened, environment, older, answer };
  }

  it('takes over its outcome: nothing is cut, and nothing asked for twice', async () => {
    const { stage, task, rowsOf, older, answer } = await slowSlice();
    const newer = stage.generate(task, activityEnvironment(2));
    answer.release();
    const result = await newer;
    expect(await older).toEqual(result);
    expect(rowsOf(result.made)).toEqual([0, 1]);
    expect(stage.asked).toEqual(['body 0', 'body 1']);
    expect(result.usage).toMatchObject({ calls: 2, failedCalls: 0 });
  });

  it.each([
    ['NOT_FOUND', 'notFound'],
    ['TIMED_OUT', 'timedOut'],
    ['RESET', 'reset'],
  ] as const)('goes on with its calls where the server says of that one: %s', async (reason, why) => {
    const { stage, task, rowsOf, environment, older, answer } = await slowSlice();
    environment.cancel(reason, new ActivityCancellationDetails({ [why]: true }));
    await expect(older).rejects.toBeInstanceOf(CancelledFailure);
    const newer = stage.generate(task, activityEnvironment(2));
    answer.release();
    expect(rowsOf((await newer).made)).toEqual([0, 1]);
    expect(stage.asked).toEqual(['body 0', 'body 1']);
  });

  it('can call the work of both off, which keeps the answers in flight', async () => {
    const { stage, task, rowsOf, older, answer } = await slowSlice();
    const environment = activityEnvironment(2);
    const newer = stage.generate(task, environment);
    environment.cancel();
    answer.release();
    for (const result of [await older, await newer]) {
      expect([rowsOf(result.made), rowsOf(result.leftover)]).toEqual([[0], [1]]);
    }
    expect(stage.asked).toEqual(['body 0']);
  });

  it('finds what was answered where no attempt was left to hear it', async () => {
    const { stage, task, rowsOf, environment, older, answer } = await slowSlice();
    environment.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
    await expect(older).rejects.toBeInstanceOf(CancelledFailure);
    answer.release();
    await until(() => stage.builds.calls().answered === 2);
    await until(() => stage.builds.calls().inFlight === 0);
    const result = await stage.generate(task, activityEnvironment(2));
    expect(rowsOf(result.made)).toEqual([0, 1]);
    expect(stage.asked).toEqual(['body 0', 'body 1']);
  });

  it('hands back the calls that were not begun, where nobody has waited for them for a while', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { stage, rowsOf, environment, older, answer, task } = await slowSlice();
      environment.cancel('TIMED_OUT', new ActivityCancellationDetails({ timedOut: true }));
      await expect(older).rejects.toBeInstanceOf(CancelledFailure);
      await vi.advanceTimersByTimeAsync(10_000);
      const newer = stage.generate(task, activityEnvironment(2));
      answer.release();
      const { made, leftover } = await newer;
      expect([rowsOf(made), rowsOf(leftover)]).toEqual([[0], [1]]);
      expect(stage.asked).toEqual(['body 0']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a cell that cannot be made now', () => {
  const blocked: ActivityStageOptions = {
    topics: ['sun', 'moon'],
    script: ({ cell }) => {
      if (cell.row === 1) throw busy(60_000);
      return '';
    },
  };

  it('is left over, while the others are made', async () => {
    const { stage, task, rowsOf } = await openedStage(blocked);
    const result = await stage.generate(task);
    expect(rowsOf(result.made)).toEqual([0]);
    expect(rowsOf(result.leftover)).toEqual([1]);
  });

  it('lets its leftover fail retryably, after the time that the provider asked for and some jitter', async () => {
    const { stage, conductor, task } = await openedStage(blocked);
    conductor.finished(task, await stage.generate(task));
    const leftover = conductor.next().find(({ isLeftover }) => isLeftover);
    const error: ApplicationFailure = await stage.generate(leftover!).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(error).toMatchObject({ type: FAILURE.modelUnavailable, nonRetryable: false });
    expect(error.message).toBe('Cannot yet generate 1 cell of column "body" in rows 0-1: local answered 429');
    expect(error.nextRetryDelay).toBeGreaterThan(50_000);
    expect(error.nextRetryDelay).toBeLessThan(100_000);
  });

  it('ends the build when the model denies the caller', async () => {
    const { stage, task, rowsOf } = await openedStage({
      topics: ['sun'],
      script: () => {
        throw new ModelError('local answered 401: no such key', { failure: 'denied', status: 401 });
      },
    });
    const result = await stage.generate(task);
    expect(rowsOf(result.leftover)).toEqual([0]);
    expect(stage.stops).toEqual([
      'local answered 401: no such key · correct the key, then the same command goes on',
    ]);
  });
});

describe('a cell that is refused', () => {
  const refusing = (rows: readonly number[]): ActivityStageOptions => ({
    topics: ['sun', 'moon', 'mars'],
    hasProbe: true,
    script: ({ cell }) => {
      if (rows.includes(cell.row))
        throw new ModelError('local answered 403: no', { failure: 'rejected', status: 403 });
      return '';
    },
  });

  it('ends the build when nothing was answered before, after that one call', async () => {
    const { stage, task, rowsOf } = await openedStage(refusing([0, 1, 2]));
    const result = await stage.generate(task);
    expect(rowsOf(result.leftover)).toEqual([0, 1, 2]);
    expect(stage.asked).toEqual(['body 0']);
    expect(stage.stops).toEqual([
      'local answered 403: no · no call was answered before it · see what the key may use, then the same command goes on',
    ]);
  });

  it('is not the first to be asked in the next start, and then costs its row alone', async () => {
    const { stage, task } = await openedStage(refusing([0]));
    await stage.generate(task);
    expect(stage.asked).toEqual(['body 0']);
    await stage.startAgain();
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    expect(stage.asked.filter((cell) => cell.startsWith('body'))).toEqual([
      'body 0',
      'body 1',
      'body 2',
      'body 0',
    ]);
    expect(await stage.commit(conductor)).toEqual({ rows: 2, dropped: 1 });
    // Alone in a third start: it failed for that before, so it says nothing of the model.
    await stage.startAgain();
    const last = await stage.conduct();
    await stage.generateAll(last);
    expect(stage.asked.filter((cell) => cell === 'body 0')).toHaveLength(3);
    expect(await stage.commit(last)).toEqual({ rows: 2, dropped: 1 });
    expect(stage.stops).toHaveLength(1);
  });
});

describe('a cell that can never be made', () => {
  it('drops the row of a cell that an expression fails over, and asks for no other cell of it', async () => {
    const { stage, conductor, task, rowsOf } = await openedStage({
      topics: ['sun', 'moon'],
      script: ({ cell }) => (cell.column === 'body' && cell.row === 1 ? 'many' : ''),
    });
    const body = await stage.generate(task);
    expect([rowsOf(body.made), rowsOf(body.dropped)]).toEqual([[0, 1], [1]]);
    // It is kept: an edit of the expression costs no call.
    expect(await stage.statusesIn(body.part)).toEqual(['0 ok', '1 ok']);
    conductor.finished(task, body);
    await stage.generateAll(conductor);
    expect(stage.asked).not.toContain('note 1');
    expect(await stage.commit(conductor)).toEqual({ rows: 1, dropped: 1 });
  });

  it('ends the build when one expression drops most rows, before they are all paid for', async () => {
    const { stage, task } = await openedStage({
      topics: Array.from({ length: 60 }, (_, index) => `topic ${index}`),
      script: () => 'many',
      maxParallelRequests: 1,
      hasEarlyShutdown: true,
    });
    await stage.generate(task);
    expect(stage.asked.length).toBeLessThan(25);
    expect(stage.stops).toEqual([
      '20 of the last 20 cells failed, more than shutdown_error_rate 0.5: see `rowloom failures` · correct what fails, then the same command goes on',
    ]);
  });

  it('drops the row whose prompt renders empty, without a call, and records why', async () => {
    const { stage, task, rowsOf } = await openedStage({ topics: ['nothing', 'sun'] });
    const result = await stage.generate(task);
    expect(rowsOf(result.dropped)).toEqual([0]);
    expect(await stage.statusesIn(result.part)).toEqual(['0 failed', '1 ok']);
    expect(stage.asked).toEqual(['body 1']);
    expect(result.usage).toMatchObject({ made: 1, failed: 1, calls: 1 });
  });

  it('drops the row whose answers cannot be used, once corrections are used up', async () => {
    const { stage, conductor, task, rowsOf } = await openedStage({
      topics: ['sun'],
      correctionSteps: 2,
      script: ({ cell }) => (cell.column === 'note' ? 'Seven' : ''),
    });
    conductor.finished(task, await stage.generate(task));
    const [note] = conductor.next();
    const result = await stage.generate(note!);
    expect(rowsOf(result.dropped)).toEqual([0]);
    expect(await stage.statusesIn(result.part)).toEqual(['0 call', '0 call', '0 failed']);
  });
});
