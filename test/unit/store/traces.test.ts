import { appendFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { editionFolder } from '../../../src/store/names.ts';
import { parseParquet } from '../../../src/store/read-parquet.ts';
import { readTraces, type TaskTrace, TraceLog, writeTraces } from '../../../src/store/traces.ts';
import { collect, diskError, faultyFileSystem, testDataset } from './support.ts';

function trace(row: number | null, change: Partial<TaskTrace> = {}): TaskTrace {
  return {
    ...{ column: 'body', rowGroup: 1, firstRow: 10, lastRow: 19, row },
    ...{ dispatched: 1_000, started: 1_000, permitAsked: 1_001, permitAcquired: 1_005, completed: 1_900 },
    ...{ status: 'ok', error: null, model: 'writer', cells: 1, ...change },
  };
}

it('keeps what processes of several starts trace, and passes over a line that is cut off', async () => {
  const dataset = await testDataset();
  const [first, second] = [new TraceLog(dataset, 1), new TraceLog(dataset, 2)];
  second.add(trace(11));
  first.add(trace(10));
  first.add(trace(null, { status: 'failed', error: 'No answer' }));
  await Promise.all([first.close(), second.close()]);
  const [name] = (await dataset.files.list('traces')).sort();
  await appendFile(dataset.path(`traces/${name}`), '{"column": "bo');
  expect(await collect(readTraces(dataset))).toEqual([
    { start: 1, ...trace(10) },
    { start: 1, ...trace(null, { status: 'failed', error: 'No answer' }) },
    { start: 2, ...trace(11) },
  ]);
});

it('writes all starts as Parquet, and no folder where nothing was traced', async () => {
  const dataset = await testDataset();
  await dataset.files.makeFolder(editionFolder(1));
  const folder = `${editionFolder(1)}/traces`;
  await writeTraces(dataset, folder);
  expect(await dataset.files.findStat(folder)).toBeUndefined();
  const log = new TraceLog(dataset, 1);
  log.add(trace(10, { permitAsked: null, permitAcquired: null }));
  await log.close();
  await writeTraces(dataset, folder);
  const path = `${folder}/batch_00000.parquet`;
  expect(await parseParquet((await dataset.files.find(path))!, path)).toEqual([
    {
      ...{ start: 1n, column: 'body', row_group: 1n, first_row: 10n, last_row: 19n, row: 10n },
      ...{
        dispatched: 1_000n,
        started: 1_000n,
        permit_asked: null,
        permit_acquired: null,
        completed: 1_900n,
      },
      ...{ status: 'ok', error: null, model: 'writer', cells: 1n },
    },
  ]);
});

it('loses traces rather than a call where the disk is full', async () => {
  const fileSystem = faultyFileSystem((operation, path) =>
    operation === 'write' && path.includes('traces') ? diskError('ENOSPC') : undefined,
  );
  const log = new TraceLog(await testDataset({ fileSystem }), 1);
  log.add(trace(10));
  await log.close();
  log.add(trace(11));
  await log.close();
});
