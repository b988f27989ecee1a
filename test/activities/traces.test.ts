import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ModelError } from '../../src/errors.ts';
import { readTraces } from '../../src/store/traces.ts';
import { ActivityStage, activityEnvironment } from '../support/activity-stage.ts';
import { collect } from '../unit/store/support.ts';

it('traces each call and each slice, in the order of time, and keeps what a killed process traced', async () => {
  const stage = await ActivityStage.create({ topics: ['wind', 'rain'], isTraced: true });
  const conductor = await stage.conduct();
  const [body] = conductor.next();
  const environment = activityEnvironment();
  const before = Date.now();
  Object.assign(environment.context.info, { currentAttemptScheduledTimestampMs: before - 500 });
  conductor.finished(body!, await stage.generate(body!, environment));
  await stage.builds.dispose();
  const traces = await collect(readTraces(stage.wish.dataset));
  expect(traces).toHaveLength(3);
  expect(traces.slice(0, 2).map(({ row }) => row)).toEqual([0, 1]);
  for (const trace of traces) {
    const { start, column, rowGroup, firstRow, lastRow, dispatched, status, error } = trace;
    expect({ start, column, rowGroup, firstRow, lastRow, dispatched, status, error }).toEqual({
      ...{ start: 1, column: 'body', rowGroup: 0, firstRow: 0, lastRow: 1, dispatched: before - 500 },
      ...{ status: 'ok', error: null },
    });
    const { started, permitAsked, permitAcquired, completed } = trace;
    const times = [before, started, permitAsked ?? started, permitAcquired ?? started, completed, Date.now()];
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  }
  expect(traces.map(({ model, cells }) => [model, cells])).toEqual([
    ['local/made-up', 1],
    ['local/made-up', 1],
    [null, 2],
  ]);
  stage.restart();
  const again = await stage.conduct();
  await stage.generateAll(again);
  await stage.commit(again);
  await stage.run('finishDataset', { isComplete: true, reason: null });
  const { files } = stage.wish.dataset;
  expect(await files.list('traces')).toHaveLength(2);
  expect(await files.list('editions/000001/traces')).toEqual(['batch_00000.parquet']);
});

it('says of a call how it failed', async () => {
  const stage = await ActivityStage.create({
    topics: ['wind'],
    isTraced: true,
    script: ({ cell }, nth) => {
      if (cell.column === 'body' && nth === 1)
        throw new ModelError('local answered 429', { failure: 'busy', status: 429, retryAfterMs: 1 });
      return cell.column === 'note' ? 'no JSON' : '';
    },
  });
  await stage.generateAll(await stage.conduct());
  await stage.builds.dispose();
  const traces = await collect(readTraces(stage.wish.dataset));
  expect(traces.map(({ column, row, status, error }) => [column, row, status, error])).toEqual([
    ['body', 0, 'busy', 'local answered 429'],
    ['body', 0, 'ok', null],
    ['body', null, 'ok', null],
    ['note', 0, expect.any(String), null],
    ['note', 0, 'failed', null],
    ['note', null, 'ok', null],
  ]);
});

it('touches no disk where nobody asked for traces', async () => {
  const stage = await ActivityStage.create({ topics: ['wind'] });
  await stage.generateAll(await stage.conduct());
  await stage.builds.dispose();
  expect(await stage.wish.dataset.files.list('traces')).toEqual([]);
});

it('tells the process of a row group once it is committed, with the file that holds its rows', async () => {
  const stage = await ActivityStage.create({
    topics: ['wind', 'nothing'],
    script: ({ cell }) => (cell.column === 'note' && cell.row === 0 ? '{"n": 3}' : ''),
  });
  const conductor = await stage.conduct();
  await stage.generateAll(conductor);
  expect(stage.committed).toEqual([]);
  await stage.commit(conductor);
  const path = stage.wish.dataset.path('editions/000001/parquet-files/batch_00000.parquet');
  expect(stage.committed).toEqual([
    { dataset: 'tickets', rowGroup: 0, rows: 1, dropped: 1, isComplete: true, path },
  ]);
  expect(existsSync(path)).toBe(true);
});
