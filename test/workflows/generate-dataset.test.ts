import type { WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Control, FAILURE, QUERY, UPDATE } from '../../src/protocol.ts';
import { until } from '../support/until.ts';
import { hold, notYet, type StageOptions, WorkflowServer } from '../support/workflow-stage.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start();
});
afterAll(() => server.stop());

/** Five groups of two rows, each with one slice; two groups open at once. */
const FIVE_GROUPS: StageOptions = {
  columns: { topic: [], body: ['topic'] },
  rows: 10,
  rowGroupSize: 2,
  window: 2,
  limiters: { 'local/writer': { kind: 'model', caps: { writer: 4 } } },
};

/** Waits by the parent's history: queries in a loop would stand in the way of its tasks. */
async function waitForOpen(handle: WorkflowHandle, count: number): Promise<void> {
  for (let open = -1; open !== count; ) {
    const { events } = await handle.fetchHistory();
    const started = events?.filter((event) => event.childWorkflowExecutionStartedEventAttributes != null);
    const ended = events?.filter((event) => event.childWorkflowExecutionCompletedEventAttributes != null);
    open = started!.length - ended!.length;
  }
}

async function groupsStarted(handle: WorkflowHandle): Promise<readonly (string | undefined)[]> {
  const { events } = await handle.fetchHistory();
  const ids = events?.map((event) => event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId);
  return (ids ?? []).filter((id) => id != null).map((id) => /rg-\d+/.exec(id)?.[0]);
}

const FENCED = 'Cannot go on writing as build 1: a newer build of this dataset has started';

function fenced(): never {
  throw ApplicationFailure.nonRetryable(FENCED, FAILURE.fenced);
}

async function refusalOf(handle: WorkflowHandle, limits: object): Promise<string | undefined> {
  const update = handle.executeUpdate(UPDATE.setLimits, { args: [{ maxParallelRequests: limits }] });
  const error: WorkflowUpdateFailedError | undefined = await update.then(
    () => undefined,
    (error) => error,
  );
  return error?.cause?.message;
}

describe('a dataset', () => {
  it('opens its groups in order, as many at once as the window holds, and ends with the last', async () => {
    const answers = hold();
    const stage = server.stage({ ...FIVE_GROUPS, onSlice: () => answers.released });
    const handle = await stage.startDataset();
    await waitForOpen(handle, 2);
    const { openGroups: opened, waiting: notYet } = await stage.progress();
    expect([...opened].sort()).toEqual([0, 1]);
    expect(notYet).toEqual([{ first: 2, last: 4 }]);
    answers.release();
    expect(await handle.result()).toMatchObject({ isComplete: true, reason: null });
    expect(await groupsStarted(handle)).toEqual(['rg-00000', 'rg-00001', 'rg-00002', 'rg-00003', 'rg-00004']);
    expect(stage.log.at(-1)).toBe('finish');
    expect(await stage.progress()).toMatchObject({
      ...{ doneGroups: 5, openGroups: [], waiting: [] },
      totals: { rows: 10, columns: { body: { made: 10, calls: 10 } } },
    });
  });

  it('leaves the groups closed that need nothing', async () => {
    const groups = [
      { first: 1, last: 1 },
      { first: 3, last: 4 },
    ];
    const stage = server.stage({ ...FIVE_GROUPS, groups });
    const handle = await stage.startDataset();
    await handle.result();
    expect(await groupsStarted(handle)).toEqual(['rg-00001', 'rg-00003', 'rg-00004']);
  });

  it('that pauses ends its open groups, and opens them anew on unpause', async () => {
    const answers = hold();
    const stage = server.stage({ ...FIVE_GROUPS, onSlice: () => answers.released });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').length === 2);
    await handle.executeUpdate(UPDATE.pause);
    expect(await handle.query<Control>(QUERY.control)).toMatchObject({ phase: 'paused' });
    answers.release();
    await waitForOpen(handle, 0);
    expect([...stage.logged('commit')].sort()).toEqual(['commit 0', 'commit 1']);
    expect((await stage.progress()).waiting).toEqual([{ first: 2, last: 4 }]);
    await handle.executeUpdate(UPDATE.unpause);
    expect(await handle.result()).toMatchObject({ isComplete: true });
    expect(stage.repeated).toEqual([]);
  });

  it('counts the rows of a group that was open in a pause once', async () => {
    let isPaused = false;
    const onSlice: StageOptions['onSlice'] = ({ isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      return isPaused ? undefined : { leftover: [1, 3] };
    };
    const stage = server.stage({ ...FIVE_GROUPS, onSlice });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').filter((line) => line.endsWith('again')).length === 2);
    await handle.executeUpdate(UPDATE.pause);
    isPaused = true;
    await waitForOpen(handle, 0);
    expect(stage.logged('commit')).toEqual([]);
    expect((await stage.progress()).waiting).toEqual([
      { first: 0, last: 0 },
      { first: 1, last: 1 },
      { first: 2, last: 4 },
    ]);
    await handle.executeUpdate(UPDATE.unpause);
    await handle.result();
    expect((await stage.progress()).totals).toMatchObject({ rows: 10, columns: { body: { made: 10 } } });
    expect(stage.repeated).toEqual([]);
  });

  it('that stops lets its groups write what they have, opens no other, and says why', async () => {
    const onSlice: StageOptions['onSlice'] = ({ isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      return { leftover: [1, 3] };
    };
    const stage = server.stage({ ...FIVE_GROUPS, onSlice });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').filter((line) => line.endsWith('again')).length === 2);
    await handle.executeUpdate(UPDATE.stop, { args: ['enough'] });
    await handle.executeUpdate(UPDATE.stop, { args: ['a second reason'] }).catch(() => undefined);
    expect(await handle.result()).toMatchObject({ isComplete: false, reason: 'enough' });
    expect(stage.logged('open')).toHaveLength(2);
    expect([...stage.logged('commit')].sort()).toEqual(['commit 0 incomplete', 'commit 1 incomplete']);
  });

  it('that stops after a pause has the groups write what they have that the pause had ended', async () => {
    const stage = server.stage({
      ...FIVE_GROUPS,
      onSlice: ({ isLeftover }) => {
        if (isLeftover) throw notYet('1 hour');
        return { leftover: [1, 3] };
      },
    });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').filter((line) => line.endsWith('again')).length === 2);
    await handle.executeUpdate(UPDATE.pause);
    await waitForOpen(handle, 0);
    expect(stage.logged('commit')).toEqual([]);
    await handle.executeUpdate(UPDATE.stop, { args: ['enough'] });
    expect(await handle.result()).toMatchObject({ isComplete: false, reason: 'enough' });
    expect([...stage.logged('commit')].sort()).toEqual(['commit 0 incomplete', 'commit 1 incomplete']);
  });

  it('that is told to stop when nothing is missing any more is complete', async () => {
    const answer = hold();
    const options = { ...FIVE_GROUPS, rows: 2, onSlice: () => answer.released };
    const stage = server.stage(options);
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').length === 1);
    await handle.executeUpdate(UPDATE.stop, { args: ['too late'] });
    answer.release();
    expect(await handle.result()).toMatchObject({ isComplete: true, reason: null });
  });

  it('takes a cancel in Temporal as a stop', async () => {
    const answer = hold();
    const stage = server.stage({ ...FIVE_GROUPS, onSlice: () => answer.released });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').length === 2);
    await handle.cancel();
    expect(await stage.progress()).toMatchObject({ phase: 'stopping' });
    answer.release();
    expect(await handle.result()).toMatchObject({ isComplete: false, reason: 'cancelled in Temporal' });
    expect([...stage.logged('commit')].sort()).toEqual(['commit 0', 'commit 1']);
  });

  it('opens a group again whose workflow somebody cancelled', async () => {
    const answer = hold();
    let isFirst = true;
    const onSlice: StageOptions['onSlice'] = async ({ rows }) => {
      if (rows.first > 0 || !isFirst) return undefined;
      isFirst = false;
      await answer.released;
      return { leftover: [0] };
    };
    const stage = server.stage({ ...FIVE_GROUPS, onSlice });
    const handle = await stage.startDataset();
    await until(() => stage.log.includes('body 0-1'));
    await stage.groupHandle(0).cancel();
    answer.release();
    expect(await handle.result()).toMatchObject({ isComplete: true });
    expect(stage.logged('open 0')).toHaveLength(2);
    expect(stage.logged('commit 0')).toEqual(['commit 0']);
  });

  it('ends with the reason of a group that met what no retry helps, and is not complete', async () => {
    const onSlice: StageOptions['onSlice'] = ({ rows }) => {
      if (rows.first < 8) return undefined;
      throw ApplicationFailure.nonRetryable('Cannot write "cells": the disk is full', FAILURE.store);
    };
    const stage = server.stage({ ...FIVE_GROUPS, onSlice });
    const result = await (await stage.startDataset()).result();
    expect(result).toMatchObject({
      isComplete: false,
      reason: 'Cannot write "cells": the disk is full',
    });
    expect((await stage.progress()).waiting).toEqual([{ first: 4, last: 4 }]);
  });

  it('stops when somebody terminates a group, and names it', async () => {
    const answer = hold();
    const stage = server.stage({ ...FIVE_GROUPS, onSlice: () => answer.released });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').length === 2);
    await stage.groupHandle(0).terminate();
    answer.release();
    const { isComplete, reason } = await handle.result();
    expect(isComplete).toBe(false);
    expect(reason).toMatch(/rg-00000\.e1: .*terminated/i);
  });

  it.each(['prepareDataset', 'finishDataset'] as const)('fails as fenced when %s is', async (name) => {
    const stage = server.stage(FIVE_GROUPS);
    stage.activities[name] = fenced;
    const error = await (await stage.startDataset()).result().catch((error) => error);
    expect(error.cause.cause).toMatchObject({ type: FAILURE.fenced, message: FENCED });
    expect(stage.logged('open')).toHaveLength(name === 'prepareDataset' ? 0 : 5);
  });

  it('stops as a newer build has started, whichever activity sees it first', async () => {
    for (const name of ['openRowGroup', 'generateSlice', 'commitRowGroup'] as const) {
      const stage = server.stage(FIVE_GROUPS);
      stage.activities[name] = fenced;
      const result = await (await stage.startDataset()).result();
      expect(result).toMatchObject({ isComplete: false, reason: FENCED });
      expect((await stage.progress()).waiting).toEqual([
        { first: 0, last: 0 },
        { first: 1, last: 1 },
        { first: 2, last: 4 },
      ]);
    }
  });

  it('takes new limits for models it uses, and refuses any other', async () => {
    const answer = hold();
    const stage = server.stage({ ...FIVE_GROUPS, onSlice: () => answer.released });
    const handle = await stage.startDataset();
    await until(() => stage.logged('body').length === 2);
    expect(await refusalOf(handle, { grader: 3 })).toBe(
      'Cannot change the limit of the model "grader": the build uses "writer"',
    );
    for (const max of [0, -1, 1.5, '8']) {
      expect(await refusalOf(handle, { writer: max })).toBe(
        `Cannot change the limit of the model "writer" to ${max}: it is a whole number from 1`,
      );
    }
    expect(await refusalOf(handle, { writer: 3 })).toBeUndefined();
    expect(await handle.query(QUERY.control)).toEqual({
      phase: 'running',
      limits: { maxParallelRequests: { writer: 3 } },
    });
    answer.release();
    await handle.result();
  });

  it('lets open groups and later ones have more cells in flight once a limit is raised', async () => {
    const answers = hold();
    const stage = server.stage({
      columns: { topic: [], body: { needs: ['topic'], limiters: ['local/writer'] } },
      ...{ rows: 30, rowGroupSize: 10, window: 2, sliceSize: 1 },
      limiters: { 'local/writer': { kind: 'model', caps: { writer: 1 } } },
      onSlice: () => answers.released,
    });
    const handle = await stage.startDataset();
    // Four cells for each request that may be open, in each of the two groups.
    await until(() => stage.logged('body').length === 8);
    await handle.executeUpdate(UPDATE.setLimits, { args: [{ maxParallelRequests: { writer: 5 } }] });
    await until(() => stage.logged('body').length === 20);
    answers.release();
    expect(await handle.result()).toMatchObject({ isComplete: true });
    expect((await stage.groupInput(2)).limits).toMatchObject({ maxCells: { 'local/writer': 20 } });
  });
});
