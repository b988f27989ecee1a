// An attempt at a slice that the server has given up: its process was stopped for a while, and another one made the slice.

import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { costOf } from '../../src/store/call-usage.ts';
import { readUsage } from '../../src/store/usage.ts';
import { ActivityStage, activityEnvironment } from '../support/activity-stage.ts';
import { until } from '../support/until.ts';
import { hold } from '../support/workflow-stage.ts';

it('an answer that comes after its row group was committed is kept, and ends nothing', async () => {
  const answer = hold();
  const stage = await ActivityStage.create({
    topics: ['sun', 'moon'],
    script: async ({ cell }, nth) => {
      if (cell.column === 'body' && cell.row === 1 && nth === 1) await answer.released;
      return '';
    },
  });
  const conductor = await stage.conduct();
  const [task] = conductor.next();
  const late = stage.generate(task!);
  const { dataset } = stage.wish;
  const files = () => readdirSync(dataset.path('cells/body/00000'));
  await until(() => files().length === 1);
  const [part = 'none'] = files();

  stage.restart();
  conductor.finished(task!, await stage.generate(task!, activityEnvironment(2)));
  await stage.generateAll(conductor);
  expect(await stage.commit(conductor)).toEqual({ rows: 2, dropped: 0 });
  expect(files()).toContain(part);

  answer.release();
  const ended = await late;
  expect(ended.part).toBe(`cells/body/00000/${part}`);
  expect(await stage.statusesIn(ended.part)).toEqual(['0 ok', '1 ok']);
  expect(stage.stops).toEqual([]);
  // "body 0" is taken over by the second attempt, "body 1" is asked twice: both are paid for.
  expect(stage.asked.toSorted()).toEqual(['body 0', 'body 1', 'body 1', 'note 0', 'note 1']);
  await stage.startAgain();
  const { body, note } = await readUsage(dataset);
  expect([costOf(body!).calls, costOf(note!).calls]).toEqual([3, 2]);
});
