import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, vi } from 'vitest';
import { asActivity } from '../../src/activities/as-activity.ts';
import type { Builds } from '../../src/activities/builds.ts';
import { ConfigError, ModelError, ReadFaultError, StoreError } from '../../src/errors.ts';
import { type BuildRef, FAILURE, runTaskQueue, sliceTaskQueue, storeTaskQueue } from '../../src/protocol.ts';
import { ownMark } from '../../src/server/processes.ts';
import { ActivityStage, activityEnvironment } from '../support/activity-stage.ts';

describe('an activity', () => {
  it('of a build that a newer one has replaced fails as fenced, before any call', async () => {
    const stage = await ActivityStage.create({ topics: ['sun'] });
    const conductor = await stage.conduct();
    const [task] = conductor.next();
    const old = stage.build;
    await stage.startAgain();
    stage.build = old;
    const failed = [
      stage.open(),
      stage.generate(task!),
      stage.commit(conductor),
      stage.run('prepareDataset', {}),
    ];
    for (const attempt of failed) {
      const error: ApplicationFailure = await attempt.then(
        () => expect.unreachable(),
        (error) => error,
      );
      expect(error).toMatchObject({ type: FAILURE.fenced, nonRetryable: true });
      expect(error.message).toBe(
        'Cannot go on writing as build 1: a newer build of this dataset has started',
      );
    }
    expect(stage.asked).toEqual([]);
  });

  it('for another store fails for good', async () => {
    const stage = await ActivityStage.create({ topics: ['sun'] });
    stage.build = { ...stage.build, storeId: 'another' };
    stage.restart();
    await expect(stage.open()).rejects.toMatchObject({ type: FAILURE.store, nonRetryable: true });
  });

  it('beats while it waits for answers', async () => {
    let answer: (text: string) => void = () => undefined;
    const stage = await ActivityStage.create({
      topics: ['sun'],
      script: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const [task] = (await stage.conduct()).next();
    const environment = activityEnvironment();
    const beat = new Promise((resolve) => environment.once('heartbeat', resolve));
    const slice = stage.generate(task!, environment);
    await beat;
    answer('7');
    expect((await slice).usage).toMatchObject({ made: 1 });
  });
});

describe('an activity that cannot be done here and now', () => {
  const build: BuildRef = { storeId: 's', dataset: 'tickets', datasetId: 'd', epoch: 1, planDigest: 'p' };

  /** What attempts at an activity fail with that meets these errors, on a queue. */
  function failingOn(taskQueue: string, ...errors: readonly Error[]) {
    const left = [...errors];
    const builds = {
      calls: () => ({ inFlight: 0, answered: 0, waitedFor: [] }),
      serve: async () => {
        const error = left.shift();
        if (error !== undefined) throw error;
        return 'done';
      },
    } as unknown as Builds;
    const activity = asActivity(builds, async () => 'done');
    return () => {
      const environment = new MockActivityEnvironment({ taskQueue }, { logger: new DefaultLogger('ERROR') });
      return environment.run(activity, { build }).catch((error: unknown) => error);
    };
  }

  const noKey = new ConfigError([
    { file: null, line: null, column: null, level: 'error', message: 'MY_KEY is not set' },
  ]);

  it('is left to another worker of the store where this one lacks a key', async () => {
    const queue = storeTaskQueue(build.storeId);
    for (const taskQueue of [queue, sliceTaskQueue(queue)]) {
      const error = await failingOn(taskQueue, noKey)();
      expect(error).toBe(noKey);
    }
  });

  it('needs no key where it makes no call', async () => {
    const stage = await ActivityStage.create({ topics: ['sun'] });
    const conductor = await stage.conduct();
    const [task] = conductor.next();
    stage.canConnect = false;
    stage.restart();
    await expect(stage.generate(task!)).rejects.toThrow('MY_KEY is not set');
    await expect(stage.run('prepareDataset', {})).rejects.toThrow('MY_KEY is not set');
    await stage.open();
    expect(await stage.commit(conductor)).toEqual({ rows: 0, dropped: 0 });
  });

  it('ends a build whose queue no other worker serves where a key is missing', async () => {
    const queue = runTaskQueue(build);
    for (const taskQueue of [queue, sliceTaskQueue(queue)]) {
      expect(await failingOn(taskQueue, noKey)()).toMatchObject({
        ...{ type: FAILURE.input, nonRetryable: true, message: 'MY_KEY is not set' },
      });
    }
  });

  it('is tried again for a minute where reading fails, and at no time where writing fails', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const fault = new ReadFaultError('Cannot read "x": the disk reports an error');
      const full = new StoreError('Cannot write "x": the disk is full');
      const run = failingOn('q', fault, fault, fault, full);
      expect(await run()).toBe(fault);
      vi.advanceTimersByTime(59_000);
      expect(await run()).toBe(fault);
      vi.advanceTimersByTime(1_000);
      expect(await run()).toMatchObject({ type: FAILURE.store, nonRetryable: true, message: fault.message });
      expect(await run()).toMatchObject({ type: FAILURE.store, nonRetryable: true, message: full.message });
      expect(await run()).toBe('done');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a slice that meets a bug', () => {
  it('is tried again, and says what and where, once for each message', async () => {
    let reason = 'no such thing';
    const stage = await ActivityStage.create({
      topics: ['sun', 'moon'],
      script: () => {
        throw new TypeError(reason);
      },
    });
    const [task] = (await stage.conduct()).next();
    for (const _ of [1, 2]) await expect(stage.generate(task!)).rejects.toThrow(TypeError);
    expect(stage.warnings).toEqual([
      expect.stringMatching(
        /^error {5}"tickets": column "body", rows 0-1: TypeError: no such thing · tried again until it works\n {4}at /,
      ),
    ]);
    reason = 'another';
    await expect(stage.generate(task!)).rejects.toThrow('another');
    expect(stage.warnings).toHaveLength(2);
  });

  it('says nothing of what ends it for good, and of a model that does not answer now', async () => {
    const stage = await ActivityStage.create({
      topics: ['sun'],
      script: () => {
        throw new ModelError('busy', { failure: 'busy', status: 429, retryAfterMs: 60_000 });
      },
    });
    const [task] = (await stage.conduct()).next();
    await expect(stage.generate({ ...task!, isLeftover: true })).rejects.toMatchObject({
      type: FAILURE.modelUnavailable,
    });
    const old = stage.build;
    await stage.startAgain();
    stage.build = old;
    await expect(stage.generate(task!)).rejects.toMatchObject({ type: FAILURE.fenced });
    expect(stage.warnings).toEqual([]);
  });
});

describe('a stop', () => {
  it('is told again until it is heard', async () => {
    const stage = await ActivityStage.create({ topics: ['sun'] });
    stage.isServerAway = true;
    await stage.builds.stop(stage.build, 'enough');
    stage.isServerAway = false;
    await vi.waitFor(() => expect(stage.stops).toEqual(['enough']), 5_000);
  });

  it('that nobody heard is not told to a newer build', async () => {
    const stage = await ActivityStage.create({ topics: ['sun'] });
    stage.isServerAway = true;
    await stage.builds.stop(stage.build, 'enough');
    await stage.startAgain();
    stage.isServerAway = false;
    await sleep(1_200);
    expect(stage.stops).toEqual([]);
  });
});

describe('preparing a dataset', () => {
  it('names the groups that need work, the models and what their sizes follow from', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'], maxParallelRequests: 3 });
    expect(await stage.run('prepareDataset', {})).toMatchObject({
      groups: [{ first: 0, last: 0 }],
      sizing: { rows: 2, rowGroupSize: 1_000, cellColumns: 2, window: null, sliceSize: null },
      limiters: { 'local/made-up': { kind: 'model', caps: { writer: 3 } } },
      ...{ trustedRows: 0, trustedDrops: 0 },
    });
  });

  it('leaves a group closed that is whole, and finishing says what there is', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    await stage.commit(conductor);
    await stage.startAgain();
    expect(await stage.run('prepareDataset', {})).toMatchObject({ groups: [], trustedRows: 2 });
    const finish = { isComplete: true, reason: null };
    expect(await stage.run('finishDataset', finish)).toEqual({ ...finish, rows: 2, dropped: 0 });
    expect(await stage.wish.dataset.findEnd(stage.build.epoch)).toMatchObject({ isComplete: true });
  });

  it('has failed when no row is left, and says the commonest cause', async () => {
    const stage = await ActivityStage.create({
      topics: ['nothing', 'sun', 'moon'],
      script: () => 'many',
    });
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    await stage.commit(conductor);
    const reason =
      'No row is left: 2 of 3 were dropped for column "size": Cannot cast "many" to int: it is not a number · correct that, then the same command goes on';
    const end = await stage.run('finishDataset', { isComplete: true, reason: null });
    expect(end).toEqual({ isComplete: false, reason: expect.any(String), rows: 0, dropped: 3 });
    expect(end.reason).toBe(reason);
    expect(await stage.wish.dataset.findEnd(stage.build.epoch)).toMatchObject({ isComplete: false, reason });
  });

  it.each([
    ['the record of a group', 'groups/00000.json', /^The files of rows 0-1 are gone from "\S+tickets" · /],
    [
      'a Parquet file',
      'parquet-files/batch_00000.parquet',
      /^The files of rows 0-1 are gone from "\S+tickets" · /,
    ],
    [
      'a byte of a Parquet file',
      null,
      /^Cannot read "\S+batch_00000\.parquet": it is damaged\. Empty that file, and /,
    ],
  ])('is not complete, and says so, once somebody took away %s', async (_, name, reason) => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    await stage.commit(conductor);
    const edition = stage.wish.dataset.path('editions/000001');
    const parquet = join(edition, 'parquet-files/batch_00000.parquet');
    if (name === null) await writeFile(parquet, (await readFile(parquet)).fill(0, 10, 11));
    else await rm(join(edition, name));
    const end = await stage.run('finishDataset', { isComplete: true, reason: null });
    expect(end).toMatchObject({ isComplete: false, reason: expect.stringMatching(reason) });
    expect(await stage.wish.dataset.findEnd(1)).toMatchObject({ isComplete: false, reason: end.reason });
    // The same command makes it again, from the cells that are there.
    if (name === null) await rm(parquet);
    await stage.startAgain();
    const again = await stage.conduct();
    await stage.generateAll(again);
    await stage.commit(again);
    expect(await stage.run('finishDataset', { isComplete: true, reason: null })).toMatchObject({
      ...{ isComplete: true, rows: 2 },
    });
    expect(stage.asked).toHaveLength(4);
  });

  it('leaves nothing among output files and pictures that killed processes left there', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    await stage.commit(conductor);
    const folder = stage.wish.dataset.path('parquet-files');
    const [machine] = ownMark().split('-');
    const leftOf = (name: string) => `.${name}.${machine}-999999999-00000000.abcdef.tmp`;
    await writeFile(join(folder, leftOf('batch_00000.parquet')), '');
    const pictures = stage.wish.dataset.path('images/cover');
    await mkdir(pictures, { recursive: true });
    await writeFile(join(pictures, leftOf('picture.png')), '');
    await stage.run('finishDataset', { isComplete: true, reason: null });
    expect(await readdir(folder)).toEqual(['batch_00000.parquet']);
    expect(await readdir(pictures)).toEqual([]);
  });
});
