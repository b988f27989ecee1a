import type { WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Control, FAILURE, QUERY, UPDATE } from '../../src/protocol.ts';
import { until } from '../support/until.ts';
import { hold, notYet, type Stage, type StageOptions, WorkflowServer } from '../support/workflow-stage.ts';

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
};

async function waitForOpen(stage: Stage, count: number): Promise<void> {
  while ((await stage.progress()).openGroups.length !== count);
}

async function groupsStarted(handle: WorkflowHandle): Promise<readonly (string | undefined)[]> {
  const { events } = await handle.fetchHistory();
  const ids = events?.map((event) => event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId);
  return (ids ?? []).filter((id) => id != null).map((id) => /rg-\d+/.exec(id)?.[0]);
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
  it('opens its groups in order, never more than the window, and ends with the last', async () => {
    const inFlight = new Set<number>();
    let most = 0;
    const onSlice: StageOptions['onSlice'] = async ({ rows }) => {
      inFlight.add(rows.first);
      most = Math.max(most, inFlight.size);
      await new Promise((resolve) => setTimeout(resolve, 30));
      inFlight.delete(rows.first);
      return undefined;
    };
    await server.stage({ ...FIVE_GROUPS, onSlice }, async (stage) => {
      const handle = await stage.startDataset();
      expect(await handle.result()).toMatchObject({ isComplete: true, reason: null });
      expect(await groupsStarted(handle)).toEqual([
        'rg-00000',
        'rg-00001',
        'rg-00002',
        'rg-00003',
        'rg-00004',
      ]);
      expect(stage.log.at(-1)).toBe('finish');
      expect(most).toBe(2);
      const { doneGroups, waiting, totals } = await stage.progress();
      expect({ doneGroups, waiting }).toEqual({ doneGroups: 5, waiting: [] });
      expect(totals).toMatchObject({ rows: 10, columns: { body: { made: 10, calls: 10 } } });
    });
  });

  it('leaves the groups closed that need nothing', async () => {
    const groups = [
      { first: 1, last: 1 },
      { first: 3, last: 4 },
    ];
    await server.stage({ ...FIVE_GROUPS, groups }, async (stage) => {
      const handle = await stage.startDataset();
      await handle.result();
      expect(await groupsStarted(handle)).toEqual(['rg-00001', 'rg-00003', 'rg-00004']);
    });
  });

  it('that pauses ends its open groups, and opens them anew on unpause', async () => {
    const answers = hold();
    await server.stage({ ...FIVE_GROUPS, onSlice: () => answers.released }, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.logged('body').length === 2);
      await handle.executeUpdate(UPDATE.pause);
      expect(await handle.query<Control>(QUERY.control)).toMatchObject({ phase: 'paused' });
      answers.release();
      await waitForOpen(stage, 0);
      expect([...stage.logged('commit')].sort()).toEqual(['commit 0', 'commit 1']);
      expect((await stage.progress()).waiting).toEqual([{ first: 2, last: 4 }]);
      await handle.executeUpdate(UPDATE.unpause);
      expect(await handle.result()).toMatchObject({ isComplete: true });
      expect(stage.repeated).toEqual([]);
    });
  });

  it('counts the rows of a group that was open in a pause once', async () => {
    let isPaused = false;
    const onSlice: StageOptions['onSlice'] = ({ isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      return isPaused ? undefined : { leftover: [1, 3] };
    };
    await server.stage({ ...FIVE_GROUPS, onSlice }, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.logged('body').filter((line) => line.endsWith('again')).length === 2);
      await handle.executeUpdate(UPDATE.pause);
      isPaused = true;
      await waitForOpen(stage, 0);
      expect(stage.logged('commit')).toHaveLength(2);
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
  });

  it('that stops lets its groups write what they have, opens no other, and says why', async () => {
    const onSlice: StageOptions['onSlice'] = ({ isLeftover }) => {
      if (isLeftover) throw notYet('1 hour');
      return { leftover: [1, 3] };
    };
    await server.stage({ ...FIVE_GROUPS, onSlice }, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.logged('body').filter((line) => line.endsWith('again')).length === 2);
      await handle.executeUpdate(UPDATE.stop, { args: ['enough'] });
      await handle.executeUpdate(UPDATE.stop, { args: ['a second reason'] }).catch(() => undefined);
      expect(await handle.result()).toMatchObject({ isComplete: false, reason: 'enough' });
      expect(stage.logged('open')).toHaveLength(2);
      expect([...stage.logged('commit')].sort()).toEqual(['commit 0 incomplete', 'commit 1 incomplete']);
    });
  });

  it('that is told to stop when nothing is missing any more is complete', async () => {
    const answer = hold();
    const options = { ...FIVE_GROUPS, rows: 2, onSlice: () => answer.released };
    await server.stage(options, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.logged('body').length === 1);
      await handle.executeUpdate(UPDATE.stop, { args: ['too late'] });
      answer.release();
      expect(await handle.result()).toMatchObject({ isComplete: true, reason: null });
    });
  });

  it('takes a cancel in Temporal as a stop', async () => {
    const answer = hold();
    await server.stage({ ...FIVE_GROUPS, onSlice: () => answer.released }, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.logged('body').length === 2);
      await handle.cancel();
      while ((await stage.progress()).phase !== 'stopping');
      answer.release();
      expect(await handle.result()).toMatchObject({ isComplete: false, reason: 'cancelled in Temporal' });
      expect([...stage.logged('commit')].sort()).toEqual(['commit 0', 'commit 1']);
    });
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
    await server.stage({ ...FIVE_GROUPS, onSlice }, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.log.includes('body 0-1'));
      await stage.groupHandle(0).cancel();
      answer.release();
      expect(await handle.result()).toMatchObject({ isComplete: true });
      expect(stage.logged('open 0')).toHaveLength(2);
    });
  });

  it('ends with the reason of a group that met what no retry helps, and is not complete', async () => {
    const onSlice: StageOptions['onSlice'] = ({ rows }) => {
      if (rows.first < 8) return undefined;
      throw ApplicationFailure.nonRetryable('Cannot write "cells": the disk is full', FAILURE.store);
    };
    await server.stage({ ...FIVE_GROUPS, onSlice }, async (stage) => {
      const result = await (await stage.startDataset()).result();
      expect(result).toMatchObject({
        isComplete: false,
        reason: 'Cannot write "cells": the disk is full',
      });
      expect((await stage.progress()).waiting).toEqual([{ first: 4, last: 4 }]);
    });
  });

  it('stops when somebody terminates a group, and names it', async () => {
    const answer = hold();
    await server.stage({ ...FIVE_GROUPS, onSlice: () => answer.released }, async (stage) => {
      const handle = await stage.startDataset();
      await until(() => stage.logged('body').length === 2);
      await stage.groupHandle(0).terminate();
      answer.release();
      const { isComplete, reason } = await handle.result();
      expect(isComplete).toBe(false);
      expect(reason).toMatch(/rg-00000\.e1: .*terminated/i);
    });
  });

  it('fails with the reason of the store when it can neither prepare nor finish', async () => {
    await server.stage(FIVE_GROUPS, async (stage) => {
      stage.activities.prepareDataset = () => {
        throw ApplicationFailure.nonRetryable('Cannot go on writing as build 1', FAILURE.fenced);
      };
      const error = await (await stage.startDataset()).result().catch((error) => error);
      expect(error.cause.cause).toMatchObject({ type: FAILURE.fenced });
      expect(stage.log).toEqual([]);
    });
  });

  it('takes new limits for models it uses, and refuses any other', async () => {
    const answer = hold();
    await server.stage({ ...FIVE_GROUPS, onSlice: () => answer.released }, async (stage) => {
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
  });
});
