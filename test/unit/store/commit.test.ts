import { writeFileSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FencedError } from '../../../src/errors.ts';
import { commitRowGroup, type RowGroupCommit, type RowGroupContent } from '../../../src/store/commit.ts';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { readFailures } from '../../../src/store/failures.ts';
import { gatherRecords } from '../../../src/store/gather.ts';
import { type Drop, findGroup, hasItsFiles, isTrusted } from '../../../src/store/groups.ts';
import { openTurns } from '../../../src/store/open-turns.ts';
import { createPart, type PartWriter } from '../../../src/store/parts.ts';
import { readParquet } from '../../../src/store/read-parquet.ts';
import type { CellRecord } from '../../../src/store/records.ts';
import { readUsage } from '../../../src/store/usage.ts';
import type { Value } from '../../../src/values.ts';
import {
  call,
  cellRecord,
  crashingFileSystem,
  diskError,
  faultyFileSystem,
  startOf,
  temporaryFolder,
  testDataset,
  textPlan,
} from './support.ts';

const ROWS = { first: 0, last: 9 };
const PLAN = textPlan(['topic', 'body', 'note!']);
const COLUMNS = ['topic', 'body', 'note'];
const DROPPED_ROW = 4;

async function startEpoch(dataset: DatasetStore): Promise<number> {
  const newest = await dataset.newestEpoch();
  const { id } = await dataset.read();
  return (await dataset.takeEpoch(newest, startOf({ datasetId: id })))?.epoch as number;
}

async function writePart(
  dataset: DatasetStore,
  of: { column: string; epoch: number; first: number; last: number; kind?: 'part' | 'base' },
  recordsOf: (row: number, part: PartWriter) => readonly CellRecord[],
): Promise<PartWriter> {
  const { column, epoch, first, last, kind = 'part' } = of;
  const part = createPart(dataset, { column, epoch, kind, rowGroup: 0, rows: { first, last } });
  for (let row = first; row <= last; row += 1) {
    for (const record of recordsOf(row, part)) await part.append(record);
  }
  await part.close();
  return part;
}

/** Two parts a column; each cell cost a failed call and a good one, and row 4 of `body` failed for good. */
async function makeCells(dataset: DatasetStore, epoch: number): Promise<void> {
  for (const column of COLUMNS) {
    for (const [first, last] of [
      [0, 4],
      [5, 9],
    ] as const) {
      await writePart(dataset, { column, epoch, first, last }, (row, part) => {
        const busy = cellRecord({ row, status: 'retry', value: null, calls: [call(part.nextCallId(), 503)] });
        const answer = { row, calls: [call(part.nextCallId())], value: `${column} ${row}` };
        if (column !== 'body' || row !== DROPPED_ROW) return [busy, cellRecord(answer)];
        const error = { kind: 'UnusableAnswer', message: 'No JSON' } as const;
        return [
          busy,
          cellRecord({
            ...answer,
            status: 'failed',
            value: null,
            turns: [{ text: 'the last answer' }],
            error,
          }),
        ];
      });
    }
  }
}

/** What a child that opened the group anew would hand over. */
async function contentOf(dataset: DatasetStore, plan = PLAN): Promise<RowGroupContent> {
  const { records } = await gatherRecords(dataset, { plan, rowGroup: 0, rows: ROWS });
  const chosen = new Map<string, Map<number, CellRecord>>();
  for (const [column, found] of records) {
    const accepted = found.filter(({ status }) => status === 'ok');
    chosen.set(column, new Map(accepted.map((record) => [record.row, record])));
  }
  const completeRows: number[] = [];
  const drops: Drop[] = [];
  for (let row = ROWS.first; row <= ROWS.last; row += 1) {
    const failed = [...chosen.entries()].find(([, cells]) => !cells.has(row));
    if (failed === undefined) completeRows.push(row);
    else drops.push({ row, column: failed[0], kind: 'UnusableAnswer', message: 'No JSON' });
  }
  return {
    completeRows,
    drops,
    chosen,
    valuesOf: (column) => completeRows.map((row) => chosen.get(column)?.get(row)?.value as Value),
  };
}

function commitOf(
  dataset: DatasetStore,
  change: Partial<RowGroupCommit> & { epoch: number },
): RowGroupCommit {
  return {
    plan: PLAN,
    planDigest: 'plan',
    rowGroup: 0,
    rows: ROWS,
    isComplete: true,
    base: 'place',
    readContent: () => contentOf(dataset),
    ...change,
  };
}

async function listCells(dataset: DatasetStore, column = 'body'): Promise<string[]> {
  return (await readdir(dataset.path('cells', column))).sort();
}

async function committed(): Promise<{ dataset: DatasetStore; epoch: number }> {
  const dataset = await testDataset();
  const epoch = await startEpoch(dataset);
  await makeCells(dataset, epoch);
  await commitRowGroup(dataset, commitOf(dataset, { epoch }));
  return { dataset, epoch };
}

const CALLS_PER_COLUMN = { calls: 20, failedCalls: 10, promptTokens: 140, completionTokens: 60 };

async function expectWhole(dataset: DatasetStore): Promise<void> {
  const rows = COLUMNS.slice(0, 2);
  const expected = Array.from({ length: 10 }, (_, row) =>
    Object.fromEntries(rows.map((column) => [column, `${column} ${row}`])),
  ).filter((_, row) => row !== DROPPED_ROW);
  expect(await readParquet(dataset.path('parquet-files', 'batch_00000.parquet'))).toEqual(expected);
  const dropped = await readParquet(dataset.path('dropped-columns-parquet-files', 'batch_00000.parquet'));
  expect(dropped.map(({ note }) => note)).toEqual(
    expected.map(({ topic }) => topic?.replace('topic', 'note')),
  );
  const group = await findGroup(dataset, { rowGroup: 0, base: 'place' });
  expect(group).toMatchObject({
    isComplete: true,
    rowCount: 9,
    drops: [{ row: DROPPED_ROW, column: 'body' }],
  });
  expect(group?.rowsInFiles).toEqual([
    { first: 0, last: 3 },
    { first: 5, last: 9 },
  ]);
  if (group !== undefined) {
    expect(await hasItsFiles(dataset, group, { base: 'place', isByteExact: true })).toBe(true);
  }
  expect(await readUsage(dataset)).toEqual({
    body: CALLS_PER_COLUMN,
    note: CALLS_PER_COLUMN,
    topic: CALLS_PER_COLUMN,
  });
  expect(await readFailures(dataset, 0)).toMatchObject([
    { row: DROPPED_ROW, column: 'body', kind: 'UnusableAnswer', answer: 'the last answer' },
  ]);
  const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
  for (const column of COLUMNS) {
    const accepted = (records.get(column) ?? []).filter(({ status }) => status === 'ok');
    expect(accepted.map(({ row }) => row)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((row) => column !== 'body' || row !== DROPPED_ROW),
    );
    expect(accepted.every(({ chosen }) => chosen === true)).toBe(true);
  }
}

describe('a commit', () => {
  it('writes output, cells, usage, failures and the record, and removes the parts', async () => {
    const { dataset } = await committed();
    await expectWhole(dataset);
    for (const column of COLUMNS)
      expect(await listCells(dataset, column)).toEqual(['rg-00000.000001.jsonl.gz']);
    expect(await readdir(dataset.directory)).toEqual(
      expect.arrayContaining([
        'cells',
        'dataset.json',
        'epochs',
        'failures',
        'groups',
        'parquet-files',
        'usage',
      ]),
    );
  });

  it('changes nothing when it comes again, and reads nothing', async () => {
    const { dataset, epoch } = await committed();
    const before = await readFile(dataset.path('groups', 'rg-00000.json'), 'utf8');
    const readContent = () => Promise.reject(new Error('asked for'));
    await commitRowGroup(dataset, commitOf(dataset, { epoch, readContent }));
    await commitRowGroup(dataset, commitOf(dataset, { epoch, readContent, isComplete: false }));
    expect(await readFile(dataset.path('groups', 'rg-00000.json'), 'utf8')).toBe(before);
    await expectWhole(dataset);
  });

  it('ends the same after a crash at any step, by the same start or the next one', async () => {
    const original = await testDataset();
    await makeCells(original, await startEpoch(original));
    const artifacts = dirname(original.directory);
    const calm = crashingFileSystem(Number.POSITIVE_INFINITY);
    const watched = await testDataset({ directory: await copyOf(artifacts), fileSystem: calm.fileSystem });
    const before = calm.count();
    await commitRowGroup(watched, commitOf(watched, { epoch: 1 }));
    const steps = calm.count() - before;
    const bytes = await readFile(watched.path('parquet-files', 'batch_00000.parquet'));
    expect(steps).toBeGreaterThan(40);

    for (let step = 1; step <= steps; step += 1) {
      for (const isSameStart of [true, false]) {
        const directory = await copyOf(artifacts);
        await testDataset({ directory });
        const { fileSystem } = crashingFileSystem(step);
        const dying = await testDataset({ directory, fileSystem });
        await expect(commitRowGroup(dying, commitOf(dying, { epoch: 1 }))).rejects.toThrow('dead');
        const dataset = await testDataset({ directory });
        const epoch = isSameStart ? 1 : await startEpoch(dataset);
        await commitRowGroup(dataset, commitOf(dataset, { epoch }));
        await expectWhole(dataset);
        expect(await readFile(dataset.path('parquet-files', 'batch_00000.parquet'))).toEqual(bytes);
        const left = (await listCells(dataset)).filter((name) => !name.startsWith('.'));
        expect(left).toEqual([`rg-00000.00000${epoch}.jsonl.gz`]);
      }
    }
  }, 120_000);

  it('says that the disk is full and loses nothing', async () => {
    const original = await testDataset();
    await makeCells(original, await startEpoch(original));
    let isFull = false;
    const fileSystem = faultyFileSystem((operation) =>
      isFull && operation === 'write' ? diskError('ENOSPC') : undefined,
    );
    const directory = dirname(original.directory);
    const dataset = await testDataset({ directory, fileSystem });
    isFull = true;
    await expect(commitRowGroup(dataset, commitOf(dataset, { epoch: 1 }))).rejects.toThrow(
      'the disk is full',
    );
    expect((await readdir(dataset.path('parquet-files'))).length).toBe(0);
    isFull = false;
    await commitRowGroup(dataset, commitOf(dataset, { epoch: 1 }));
    await expectWhole(dataset);
  });

  it('ends when a newer build has started: before the output, after it, before the record', async () => {
    for (const moment of ['parquet-files', 'cells', 'failures']) {
      let isArmed = false;
      const directory = await temporaryFolder();
      const quiet = await testDataset({ directory });
      const fileSystem = faultyFileSystem((operation, path) => {
        if (isArmed && operation === 'rename' && path.includes(`/${moment}/`)) {
          writeFileSync(
            quiet.path('epochs', '000002.json'),
            JSON.stringify({ v: 1, epoch: 2, ...startOf() }),
          );
        }
        return undefined;
      });
      const dataset = await testDataset({ directory, fileSystem });
      await makeCells(dataset, await startEpoch(dataset));
      isArmed = true;
      await expect(commitRowGroup(dataset, commitOf(dataset, { epoch: 1 }))).rejects.toThrow(FencedError);
      expect(await findGroup(dataset, { rowGroup: 0, base: 'place' })).toBeUndefined();
      await commitRowGroup(quiet, commitOf(quiet, { epoch: 2 }));
      await expectWhole(quiet);
    }
  });

  it('of a start that slept through its successor spoils nothing, wherever it slept', async () => {
    const original = await testDataset();
    await makeCells(original, await startEpoch(original));
    const artifacts = dirname(original.directory);
    const calm = crashingFileSystem(Number.POSITIVE_INFINITY);
    const watched = await testDataset({ directory: await copyOf(artifacts), fileSystem: calm.fileSystem });
    const before = calm.count();
    await commitRowGroup(watched, commitOf(watched, { epoch: 1 }));
    const steps = calm.count() - before;
    for (let step = 1; step <= steps; step += 3) {
      const directory = await copyOf(artifacts);
      const awake = await testDataset({ directory });
      let count = 0;
      const fileSystem = faultyFileSystem(async () => {
        count += 1;
        if (count !== step) return undefined;
        const epoch = await startEpoch(awake);
        await commitRowGroup(awake, commitOf(awake, { epoch }));
        return undefined;
      });
      const sleeper = await testDataset({ directory, fileSystem });
      const outcome = await commitRowGroup(sleeper, commitOf(sleeper, { epoch: 1 })).catch(
        (error: unknown) => error,
      );
      // It notices, or it had so little left to do that it was done.
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FencedError);
      await expectWhole(awake);
      await commitRowGroup(awake, commitOf(awake, { epoch: await startEpoch(awake) }));
      await expectWhole(awake);
    }
  }, 60_000);

  it('of a stopped group writes its complete rows, marks their cells, folds nothing and removes nothing', async () => {
    const dataset = await testDataset();
    const epoch = await startEpoch(dataset);
    await makeCells(dataset, epoch);
    const before = await listCells(dataset);
    const usage = await readUsage(dataset);
    const content = await contentOf(dataset);
    const completeRows = content.completeRows.slice(0, 3);
    await commitRowGroup(
      dataset,
      commitOf(dataset, {
        epoch,
        isComplete: false,
        readContent: async () => ({
          ...content,
          completeRows,
          valuesOf: async (column) => (await content.valuesOf(column)).slice(0, 3),
          chosen: new Map(
            [...content.chosen].map(([column, cells]) => [
              column,
              new Map([...cells].filter(([row]) => completeRows.includes(row))),
            ]),
          ),
        }),
      }),
    );
    expect(await listCells(dataset)).toEqual([...before, 'rg-00000.000001.jsonl.gz']);
    expect(await readdir(dataset.path('usage')).catch(() => [])).toEqual([]);
    expect(await readUsage(dataset)).toEqual(usage);
    const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
    const marked = (records.get('body') ?? []).filter(({ chosen }) => chosen === true);
    expect(marked.map(({ row }) => row)).toEqual(completeRows);
    expect(await readParquet(dataset.path('parquet-files', 'batch_00000.parquet'))).toHaveLength(3);
    const group = await findGroup(dataset, { rowGroup: 0, base: 'place' });
    expect(group).toMatchObject({ isComplete: false, rowCount: 3, rowsInFiles: [{ first: 0, last: 2 }] });
    expect(group && isTrusted(group, { planDigest: 'plan', rows: ROWS })).toBe(false);
    await commitRowGroup(dataset, commitOf(dataset, { epoch }));
    await expectWhole(dataset);
  });

  it('folds parts of other slice sizes, starts and kinds, each call counted once', async () => {
    const dataset = await testDataset();
    await makeCells(dataset, await startEpoch(dataset));
    const epoch = await startEpoch(dataset);
    const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
    for (const column of COLUMNS) {
      const copies = (records.get(column) ?? []).filter(({ status }) => status === 'ok');
      await writePart(dataset, { column, epoch, first: 0, last: 9, kind: 'base' }, (row) =>
        copies.filter((record) => record.row === row),
      );
    }
    await commitRowGroup(dataset, commitOf(dataset, { epoch }));
    await expectWhole(dataset);
    expect(await listCells(dataset)).toEqual(['rg-00000.000002.jsonl.gz']);
  });

  it('leaves a part that appears while it runs, and folds it the next time', async () => {
    const dataset = await testDataset();
    const epoch = await startEpoch(dataset);
    await makeCells(dataset, epoch);
    const group = await commitRowGroup(dataset, commitOf(dataset, { epoch }));
    const late = await writePart(
      dataset,
      { column: 'body', epoch, first: DROPPED_ROW, last: DROPPED_ROW },
      (row, part) => [cellRecord({ row, value: 'late', calls: [call(part.nextCallId())] })],
    );
    await commitRowGroup(dataset, commitOf(dataset, { epoch }));
    expect(await listCells(dataset)).toContain(late.name.split('/').at(-1));
    expect(isTrusted(group, { planDigest: 'plan', rows: ROWS })).toBe(false);
    const next = await startEpoch(dataset);
    await commitRowGroup(dataset, commitOf(dataset, { epoch: next }));
    expect(await readParquet(dataset.path('parquet-files', 'batch_00000.parquet'))).toHaveLength(10);
    expect(await listCells(dataset)).toEqual(['rg-00000.000002.jsonl.gz']);
    expect((await readUsage(dataset)).body).toMatchObject({ calls: 21 });
    expect(await readFailures(dataset, 0)).toEqual([]);
  });

  it('keeps a damaged part and a damaged settled file, and what can be read of them', async () => {
    const dataset = await testDataset();
    const epoch = await startEpoch(dataset);
    await makeCells(dataset, epoch);
    const [name = ''] = await listCells(dataset);
    const path = dataset.path('cells', 'body', name);
    await writeFile(path, (await readFile(path, 'utf8')).replace('body 1', 'body X'));
    const content = await contentOf(dataset);
    expect(content.drops.map(({ row }) => row)).toEqual([1, DROPPED_ROW]);
    expect((await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS })).damaged).toEqual([
      `cells/body/${name}`,
    ]);
    await commitRowGroup(dataset, commitOf(dataset, { epoch }));
    expect(await listCells(dataset)).toEqual([name, 'rg-00000.000001.jsonl.gz'].sort());
    const settled = dataset.path('cells', 'body', 'rg-00000.000001.jsonl.gz');
    const gzip = await readFile(settled);
    await writeFile(settled, gzip.subarray(0, gzip.length - 12));
    const next = await startEpoch(dataset);
    await commitRowGroup(dataset, commitOf(dataset, { epoch: next }));
    expect(await listCells(dataset)).toContain('rg-00000.000001.jsonl.gz');
    const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
    expect(records.get('topic')?.filter(({ status }) => status === 'ok')).toHaveLength(10);
  });

  it('drops a row whose value does not fit its column, and writes the others', async () => {
    const plan = textPlan(['topic', 'count'], { count: { kind: 'int' } });
    const dataset = await testDataset();
    const epoch = await startEpoch(dataset);
    for (const column of ['topic', 'count']) {
      await writePart(dataset, { column, epoch, first: 0, last: 9 }, (row) => [
        cellRecord({ row, value: column === 'topic' ? `t ${row}` : row === 3 ? 2n ** 70n : BigInt(row) }),
      ]);
    }
    const group = await commitRowGroup(
      dataset,
      commitOf(dataset, { plan, epoch, readContent: () => contentOf(dataset, plan) }),
    );
    expect(group.drops).toEqual([
      {
        row: 3,
        column: 'count',
        kind: 'TypeCastError',
        message: `Cannot write the value: ${2n ** 70n} does not fit into 64 bits`,
      },
    ]);
    const rows = await readParquet(dataset.path('parquet-files', 'batch_00000.parquet'));
    expect(rows.map(({ topic, count }) => `${topic} ${count}`)).toEqual(
      [0, 1, 2, 4, 5, 6, 7, 8, 9].map((row) => `t ${row} ${row}`),
    );
    expect(isTrusted(group, { planDigest: 'plan', rows: ROWS })).toBe(true);
  });

  it('of a group without a row left writes a record and no file, and takes away the one that was there', async () => {
    const { dataset } = await committed();
    const epoch = await startEpoch(dataset);
    const drops = Array.from(
      { length: 10 },
      (_, row) => ({ row, column: 'body', kind: 'TypeCastError', message: 'x' }) as const,
    );
    const group = await commitRowGroup(
      dataset,
      commitOf(dataset, {
        epoch,
        readContent: async () => ({ completeRows: [], drops, chosen: new Map(), valuesOf: () => [] }),
      }),
    );
    expect(group).toMatchObject({ rowCount: 0, files: [], rowsInFiles: [] });
    expect(await readdir(dataset.path('parquet-files'))).toEqual([]);
  });

  it('is refused when a row is neither complete nor dropped', async () => {
    const dataset = await testDataset();
    const epoch = await startEpoch(dataset);
    await makeCells(dataset, epoch);
    const readContent = async () => ({ ...(await contentOf(dataset)), drops: [] });
    await expect(commitRowGroup(dataset, commitOf(dataset, { epoch, readContent }))).rejects.toThrow(
      RangeError,
    );
  });

  it('keeps the cells of earlier inputs, and the marks of the output in place while a changed plan is made', async () => {
    const { dataset } = await committed();
    const epoch = await startEpoch(dataset);
    await writePart(dataset, { column: 'body', epoch, first: 0, last: 9 }, (row, part) => [
      cellRecord({ row, in: 'edited', value: `new ${row}`, at: 9_000, calls: [call(part.nextCallId())] }),
    ]);
    await commitRowGroup(dataset, commitOf(dataset, { epoch, base: 'next', planDigest: 'edited plan' }));
    const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
    const body = records.get('body') ?? [];
    expect(body.filter(({ in: digest }) => digest === 'edited')).toHaveLength(10);
    const current = body.filter(({ chosen }) => chosen === true);
    expect(current.map(({ in: digest }) => digest)).toEqual(Array(9).fill('digest'));
    expect(await readParquet(dataset.path('next', 'parquet-files', 'batch_00000.parquet'))).toHaveLength(10);
    expect(await readParquet(dataset.path('parquet-files', 'batch_00000.parquet'))).toHaveLength(9);
  });

  it('keeps a conversation that goes on, and with a cell all tries that led to it', async () => {
    const dataset = await testDataset();
    const epoch = await startEpoch(dataset);
    await makeCells(dataset, epoch);
    await writePart(
      dataset,
      { column: 'body', epoch, first: DROPPED_ROW, last: DROPPED_ROW },
      (row, part) => [
        cellRecord({
          row,
          in: 'digest',
          status: 'call',
          turns: [{ text: 'ended' }],
          calls: [call(part.nextCallId())],
        }),
        cellRecord({
          row,
          in: 'open',
          status: 'call',
          turns: [{ text: 'turn' }],
          calls: [call(part.nextCallId())],
        }),
      ],
    );
    await commitRowGroup(dataset, commitOf(dataset, { epoch }));
    const { records } = await gatherRecords(dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
    const turns = (records.get('body') ?? []).filter(({ status }) => status === 'call');
    const textOf = ({ turns: [turn] }: CellRecord) => turn?.text;
    expect(turns.map(textOf)).toEqual(['ended', 'turn']);
    expect(openTurns(records.get('body') ?? []).map(textOf)).toEqual(['turn']);
    const ofRow = (records.get('topic') ?? []).filter(({ row }) => row === 0);
    expect(ofRow.map(({ status, calls }) => `${status} ${calls[0]?.status}`).sort()).toEqual([
      'ok 200',
      'retry 503',
    ]);
  });
});

describe('a trusted group', () => {
  const group = {
    v: 1,
    rowGroup: 0,
    planDigest: 'plan',
    epoch: 1,
    rows: ROWS,
    isComplete: true,
    rowCount: 10,
    rowsInFiles: [ROWS],
    drops: [],
    files: [],
  } as const;
  const wish = { planDigest: 'plan', rows: ROWS };

  it('has the plan and exactly the rows that are asked for, and no failure worth a retry', () => {
    const drop = { row: 1, column: 'body', message: '' } as const;
    expect(isTrusted(group, wish)).toBe(true);
    expect(isTrusted({ ...group, drops: [{ ...drop, kind: 'EmptyRenderedPrompt' }] }, wish)).toBe(true);
    expect(isTrusted({ ...group, drops: [{ ...drop, kind: 'TriesExhausted' }] }, wish)).toBe(false);
    expect(isTrusted({ ...group, isComplete: false }, wish)).toBe(false);
    expect(isTrusted(group, { ...wish, planDigest: 'other' })).toBe(false);
    expect(isTrusted(group, { ...wish, rows: { first: 0, last: 12 } })).toBe(false);
  });

  it('has files of the size and the bytes that it names', async () => {
    const { dataset } = await committed();
    const record = await findGroup(dataset, { rowGroup: 0, base: 'place' });
    if (record === undefined) throw new Error('not committed');
    const has = (isByteExact: boolean) => hasItsFiles(dataset, record, { base: 'place', isByteExact });
    const path = dataset.path('parquet-files', 'batch_00000.parquet');
    const bytes = await readFile(path);
    bytes[20] = (bytes[20] as number) ^ 1;
    await writeFile(path, bytes);
    expect([await has(false), await has(true)]).toEqual([true, false]);
    await writeFile(path, bytes.subarray(1));
    expect(await has(false)).toBe(false);
  });
});

async function copyOf(artifacts: string): Promise<string> {
  const directory = join(await temporaryFolder(), 'artifacts');
  await cp(artifacts, directory, { recursive: true });
  return directory;
}
