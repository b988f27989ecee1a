import { expect, it } from 'vitest';
import { ActivityStage, type ActivityStageOptions } from '../support/activity-stage.ts';

/** The note of row 1 is no JSON, however often it is asked for. */
const FAILING: ActivityStageOptions = {
  topics: ['a', 'b', 'c'],
  script: ({ cell }) => (cell.column === 'note' && cell.row === 1 ? 'Seven' : ''),
  correctionSteps: 0,
};

async function built(onError: string) {
  const stage = await ActivityStage.create({ ...FAILING, rowloom: { on_error: { note: onError } } });
  const conductor = await stage.conduct();
  await stage.generateAll(conductor);
  return { stage, conductor };
}

it('null keeps a row whose cell failed, with null, and drop leaves it out', async () => {
  const { stage, conductor } = await built('null');
  expect(await stage.commit(conductor)).toEqual({ rows: 3, dropped: 0 });
  const { stage: other, conductor: dropping } = await built('drop');
  expect(await other.commit(dropping)).toEqual({ rows: 2, dropped: 1 });
  expect([...stage.stops, ...other.stops]).toEqual([]);
});

it('fail ends the build at the first cell that failed, with what to do', async () => {
  const { stage } = await built('fail');
  expect(stage.stops).toEqual([
    expect.stringMatching(
      /^Column "note" failed in row 1: .* · correct that, then the same command goes on$/,
    ),
  ]);
});

it('fail ends the build at a cell whose prompt cannot be made, too', async () => {
  const stage = await ActivityStage.create({
    topics: ['a', 'nothing', 'c'],
    rowloom: { on_error: { body: 'fail' } },
  });
  const [task] = (await stage.conduct()).next();
  await stage.generate(task!);
  expect(stage.stops).toEqual([expect.stringMatching(/^Column "body" failed in row 1: .* · correct that/)]);
});
