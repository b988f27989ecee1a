// What ends a call that is under way, and what only has no other one start.

import { renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RowMask } from '../../src/graph/row-mask.ts';
import { cancelled } from '../../src/models/failures.ts';
import type { ChatRequest } from '../../src/models/model-client.ts';
import type { GenerateSliceResult } from '../../src/protocol.ts';
import { ActivityStage } from '../support/activity-stage.ts';
import { until } from '../support/until.ts';
import { hold } from '../support/workflow-stage.ts';

/** A slice of two rows in the first of its calls, of which one is made at a time. */
async function slowSlice() {
  const answer = hold();
  const requests: ChatRequest[] = [];
  const stage = await ActivityStage.create({
    topics: ['sun', 'moon'],
    maxParallelRequests: 1,
    script: async (request) => {
      requests.push(request);
      const isCut = new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(cancelled()), { once: true }),
      );
      await Promise.race([answer.released, isCut]);
      return '';
    },
  });
  const [task] = (await stage.conduct()).next();
  const slice = stage.generate(task!);
  await until(() => requests.length === 1);
  const rowsOf = ({ made, leftover }: GenerateSliceResult) =>
    [made, leftover].map((mask) => RowMask.fromHex(stage.rows, mask).rows());
  return { stage, slice, answer, rowsOf, isCut: () => requests[0]!.signal.aborted };
}

describe('a call in flight', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is not cut by a pause, however long it takes, and no other one starts', async () => {
    const { stage, slice, answer, rowsOf, isCut } = await slowSlice();
    stage.control = { ...stage.control, phase: 'paused' };
    await vi.advanceTimersByTimeAsync(120_000);
    expect(isCut()).toBe(false);
    answer.release();
    expect(rowsOf(await slice)).toEqual([[0], [1]]);
    expect(stage.asked).toEqual(['body 0']);
  });

  it('is not cut while the server is away, and those after it wait for the server', async () => {
    const { stage, slice, answer, rowsOf, isCut } = await slowSlice();
    stage.isServerAway = true;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(isCut()).toBe(false);
    answer.release();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stage.asked).toEqual(['body 0']);
    stage.isServerAway = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(rowsOf(await slice)).toEqual([[0, 1], []]);
    expect(stage.asked).toEqual(['body 0', 'body 1']);
  });

  it('is cut a while after a stop, and is on record as one that may have been paid for', async () => {
    const { stage, slice, rowsOf, isCut } = await slowSlice();
    await stage.builds.stop(stage.build, 'enough');
    await vi.advanceTimersByTimeAsync(14_900);
    expect(isCut()).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(isCut()).toBe(true);
    const result = await slice;
    expect(rowsOf(result)).toEqual([[], [0, 1]]);
    expect(result.usage).toMatchObject({ made: 0, failed: 0, calls: 1, failedCalls: 1 });
    expect(await stage.statusesIn(result.part)).toEqual(['0 retry']);
  });
});

describe('the call after one in flight', () => {
  it('is not made once a newer build has the dataset', async () => {
    const { stage, slice, answer, rowsOf } = await slowSlice();
    writeFileSync(stage.wish.dataset.path('epochs/000002.json'), '{}');
    answer.release();
    expect(rowsOf(await slice)).toEqual([[0], [1]]);
    expect(stage.asked).toEqual(['body 0']);
  });

  it('is not made once the folder of the dataset is gone, and the build ends with that reason', async () => {
    const { stage, slice, answer } = await slowSlice();
    const { directory } = stage.wish.dataset;
    renameSync(directory, `${directory}-moved`);
    const reason = `Cannot write "${directory}": the dataset's folder is gone: moved, removed or unmounted. Once it is back, the same command goes on`;
    await vi.waitFor(() => expect(stage.stops).toEqual([reason]), 5_000);
    answer.release();
    await slice.catch(() => undefined);
    expect(stage.asked).toEqual(['body 0']);
  });
});
