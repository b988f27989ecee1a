import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RowMask } from '../../src/graph/row-mask.ts';
import { findGroup, isTrusted } from '../../src/store/groups.ts';
import { ActivityStage, activityEnvironment } from '../support/activity-stage.ts';
import { until } from '../support/until.ts';

/** A build whose model answers only after `answer` was called, and the most calls that were in flight at once since then. */
async function crashingStage(topics: readonly string[]) {
  let isAnswering = false;
  let inFlight = 0;
  const seen = { most: 0 };
  const stage = await ActivityStage.create({
    topics,
    script: async () => {
      if (!isAnswering) await new Promise(() => undefined);
      inFlight += 1;
      seen.most = Math.max(seen.most, inFlight);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inFlight -= 1;
      return '';
    },
  });

  /** A start that ends with a crash once `body` was asked for so many of these rows. */
  async function crash(rows: readonly number[], calls = rows.length): Promise<void> {
    const [task] = (await stage.conduct()).next();
    const mask = RowMask.empty(stage.rows);
    for (const row of rows) mask.set(row);
    const before = stage.asked.length;
    void stage.generate({ ...task!, mask: mask.toHex() });
    await until(() => stage.asked.length === before + calls);
    await stage.startAgain();
  }

  const answer = () => {
    isAnswering = true;
  };
  return { stage, seen, crash, answer };
}

/** All that was written of calls in flight. */
function flightsOf({ wish }: ActivityStage): string {
  const folder = wish.dataset.path('flights');
  return readdirSync(folder)
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('');
}

describe('a cell in flight at two crashes', () => {
  it('is made with nothing else in flight, and like any other once it is made', async () => {
    const { stage, seen, crash, answer } = await crashingStage(['sun', 'moon', 'mars', 'venus']);
    await crash([0, 1, 2, 3]);
    await crash([0, 1, 3]);
    answer();
    const [task] = (await stage.conduct()).next();
    const { made } = await stage.generate(task!);
    expect(RowMask.fromHex(stage.rows, made).isFull).toBe(true);
    expect(seen.most).toBe(1);
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    expect(seen.most).toBe(4);
    expect(await stage.commit(conductor)).toEqual({ rows: 4, dropped: 0 });
  });

  it('is not to blame for more of them while no other cell was answered and others are left', async () => {
    const { stage, crash, answer } = await crashingStage(['sun', 'moon']);
    await crash([0, 1]);
    await crash([0, 1]);
    await crash([0, 1], 1);
    expect(flightsOf(stage)).not.toContain('"alone":true');
    // The other one goes first now, and is answered.
    answer();
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    expect(await stage.commit(conductor)).toEqual({ rows: 2, dropped: 0 });
  });

  it('is known to a second attempt, whose process was there before the second crash', async () => {
    const { stage, seen, crash, answer } = await crashingStage(['sun', 'moon']);
    await crash([0, 1]);
    answer();
    const [task] = (await stage.conduct()).next();
    const folder = stage.wish.dataset.path('flights');
    const [lost] = readdirSync(folder);
    copyFileSync(`${folder}/${lost}`, `${folder}/another-${lost}`);
    await stage.generate(task!, activityEnvironment(2));
    expect(seen.most).toBe(1);
  });

  it('fails for good after three more, and stays failed until its input changes', async () => {
    const { stage, crash, answer } = await crashingStage(['sun', 'moon']);
    // Nothing else is left to ask: whoever kills a process five times over one cell has no more patience than we.
    for (let crashes = 1; crashes <= 5; crashes += 1) await crash([1]);
    expect(flightsOf(stage).match(/"alone":true/g)).toHaveLength(3);
    answer();
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    expect(await stage.commit(conductor)).toEqual({ rows: 1, dropped: 1 });
    const drop = {
      row: 1,
      column: 'body',
      kind: 'CrashedWorker',
      message:
        'Making it crashed the worker 3 times with nothing else in flight · to try again: --redo body --rows 1',
    };
    const group = async () =>
      (await findGroup(stage.wish.dataset, { rowGroup: 0, epoch: stage.build.epoch }))!;
    expect((await group()).drops).toEqual([drop]);
    expect(isTrusted(await group(), (await group()).digest)).toBe(true);

    const asked = stage.asked.length;
    await stage.startAgain();
    const again = await stage.conduct();
    expect(again.next()).toEqual([]);
    expect(await stage.commit(again)).toEqual({ rows: 1, dropped: 1 });
    expect((await group()).drops).toEqual([drop]);
    expect(stage.asked).toHaveLength(asked);
  });
});
