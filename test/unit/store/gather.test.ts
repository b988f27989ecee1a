import { appendFile, readFile, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { CellIndex, gatherColumn, gatherRecords } from '../../../src/store/gather.ts';
import { createPart } from '../../../src/store/parts.ts';
import type { CellRecord } from '../../../src/store/records.ts';
import { writeSettled } from '../../../src/store/settled.ts';
import { readUsage, writeUsageFile } from '../../../src/store/usage.ts';
import { call, cellRecord, testDataset, textPlan } from './support.ts';

const PLAN = textPlan(['body']);
const ROWS = { first: 0, last: 9 };

async function writePart(
  dataset: DatasetStore,
  rows: { first: number; last: number },
  records: readonly CellRecord[],
): Promise<{ name: string; nonce: string }> {
  const rowGroup = Math.floor(rows.first / 10);
  const part = createPart(dataset, { column: 'body', rows, rowGroup, epoch: 1 });
  for (const record of records) await part.append(record);
  await part.close();
  return part;
}

async function gather(dataset: DatasetStore, rowGroup = 0): Promise<readonly CellRecord[]> {
  const rows = { first: rowGroup * 10, last: rowGroup * 10 + 9 };
  const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup, rows });
  return records.get('body') ?? [];
}

describe('gathering', () => {
  it('finds nothing where nothing is', async () => {
    expect(await gather(await testDataset())).toEqual([]);
  });

  it('finds all records of a group in parts of any range, and none of another group', async () => {
    const dataset = await testDataset();
    const late = cellRecord({ row: 2, at: 5_000, calls: [call('a:1')] });
    const early = cellRecord({ row: 2, at: 4_000, status: 'retry', calls: [call('a:2')] });
    const first = cellRecord({ row: 0, in: 'other', calls: [call('b:1')] });
    await writePart(dataset, { first: 2, last: 2 }, [late]);
    await writePart(dataset, ROWS, [early, first]);
    await writePart(dataset, { first: 10, last: 19 }, [cellRecord({ row: 10 })]);
    expect(await gather(dataset)).toEqual([first, early, late]);
    expect((await gather(dataset, 1)).map(({ row }) => row)).toEqual([10]);
  });

  it('takes copies of a record for one, and records of other calls for others', async () => {
    const dataset = await testDataset();
    const record = cellRecord({ row: 1, calls: [call('a:1')] });
    const other = cellRecord({ row: 1, calls: [call('a:2')], value: 'another answer' });
    const reread = { ...record, read: 2, value: 'read again' };
    const root = cellRecord({ row: 2, host: null, at: 1 });
    await writePart(dataset, ROWS, [record, root]);
    await writePart(dataset, ROWS, [record, other, reread, { ...root, at: 2 }]);
    const found = await gather(dataset);
    expect(found).toHaveLength(4);
    expect(found).toEqual(expect.arrayContaining([record, other, reread]));
    expect(found.filter(({ row }) => row === 2)).toHaveLength(1);
  });

  it('lists again when a commit folds a part after the listing', async () => {
    const dataset = await testDataset();
    const record = cellRecord({ row: 1, calls: [call('a:1')] });
    const part = await writePart(dataset, ROWS, [record]);
    const index = await CellIndex.read(dataset, { columns: ['body'], rowGroupSize: 10 });
    await writeSettled(dataset, { column: 'body', rowGroup: 0, rows: ROWS, epoch: 1, records: [record] });
    await rm(dataset.path(part.name));
    const { records, files } = await gatherColumn(dataset, {
      column: 'body',
      rowGroup: 0,
      rowGroupSize: 10,
      index,
    });
    expect(records).toEqual([record]);
    expect(files.map(({ kind }) => kind)).toEqual(['settled']);
  });

  it('takes marks from the newest settled file only', async () => {
    const dataset = await testDataset();
    const [old, now] = ['old', 'now'].map((value, at) =>
      cellRecord({ row: 1, value, at, calls: [call(`a:${at}`)] }),
    ) as [CellRecord, CellRecord];
    const settled = { column: 'body', rowGroup: 0, rows: ROWS };
    await writeSettled(dataset, { ...settled, epoch: 9, records: [{ ...old, plans: ['plan'] }, now] });
    await writeSettled(dataset, { ...settled, epoch: 10, records: [old, { ...now, plans: ['plan'] }] });
    const { records } = await gatherColumn(dataset, { column: 'body', rowGroup: 0, rowGroupSize: 10 });
    expect(records.map(({ value, plans }) => [value, plans])).toEqual([
      ['old', undefined],
      ['now', ['plan']],
    ]);
  });

  it('lists groups and files for many lookups at once', async () => {
    const dataset = await testDataset();
    await writePart(dataset, { first: 1_000_000, last: 1_000_009 }, [cellRecord({ row: 1_000_000 })]);
    await writePart(dataset, { first: 20, last: 29 }, [cellRecord({ row: 20 })]);
    const index = await CellIndex.read(dataset, { columns: ['body', 'none'], rowGroupSize: 10 });
    expect(index.groups()).toEqual([2, 100_000]);
    expect(index.filesOf('body', 2)).toHaveLength(1);
    expect(index.filesOf('none', 2)).toEqual([]);
  });
});

describe('usage', () => {
  const counts = (calls: number) => [calls, 0, calls * 7, calls * 3] as const;

  it('counts the calls of a part that are its own, and no copy', async () => {
    const dataset = await testDataset();
    const part = createPart(dataset, { column: 'body', rows: ROWS, rowGroup: 0, epoch: 1 });
    await part.append(cellRecord({ row: 0, calls: [call(part.nextCallId()), call(part.nextCallId(), 0)] }));
    await part.append(cellRecord({ row: 1, calls: [call('another:1')] }));
    await part.close();
    expect(await readUsage(dataset)).toEqual({
      body: { calls: 2, failedCalls: 1, promptTokens: 14, completionTokens: 6 },
    });
  });

  it('counts a part once that two commits counted, as the one that saw more of it did', async () => {
    const dataset = await testDataset();
    const part = await writePart(dataset, ROWS, []);
    const folded = (nonce: string, calls: number) => ({
      body: { parts: { [nonce]: counts(calls) }, settled: [] },
    });
    await writeUsageFile(dataset, { rowGroup: 0, epoch: 1, columns: folded(part.nonce, 3) });
    await writeUsageFile(dataset, { rowGroup: 0, epoch: 2, columns: folded(part.nonce, 5) });
    await writeUsageFile(dataset, { rowGroup: 0, epoch: 2, columns: folded('beef', 1) });
    expect((await readUsage(dataset)).body?.calls).toBe(6);
  });

  it('keeps what a column cost that the plan no longer has, and reads around damage', async () => {
    const dataset = await testDataset();
    const part = createPart(dataset, { column: 'Größe/alt', rows: ROWS, rowGroup: 0, epoch: 1 });
    await part.append(cellRecord({ row: 0, calls: [call(part.nextCallId())] }));
    await part.close();
    await appendFile(dataset.path(part.name), 'torn');
    expect(Object.keys(await readUsage(dataset))).toEqual(['Größe/alt']);
    expect(await readFile(dataset.path(part.name), 'utf8')).toContain('torn');
  });
});
