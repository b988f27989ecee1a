import { describe, expect, it } from 'vitest';
import { FencedError } from '../../../src/errors.ts';
import { costOf, NO_COST, NO_MODEL } from '../../../src/store/call-usage.ts';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import { commitRowGroup, type RowGroupCommit, type RowGroupContent } from '../../../src/store/commit.ts';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { Edition } from '../../../src/store/editions.ts';
import { readFailures } from '../../../src/store/failures.ts';
import { gatherRecords, storedColumns } from '../../../src/store/gather.ts';
import {
  type Drop,
  findGroup,
  type GroupRecord,
  isTrusted,
  readOutputFile,
} from '../../../src/store/groups.ts';
import { batchName, DROPPED_FOLDER, editionFolder, OUTPUT_FOLDER } from '../../../src/store/names.ts';
import { describeEdition } from '../../../src/store/outputs.ts';
import { createPart, type PartWriter } from '../../../src/store/parts.ts';
import { parseParquet } from '../../../src/store/read-parquet.ts';
import { type CellRecord, hasToolTurn, identityOf, openTurns } from '../../../src/store/records.ts';
import { readUsage } from '../../../src/store/usage.ts';
import { lastAnswer } from '../../../src/turns.ts';
import type { Value, ValueObject } from '../../../src/values.ts';
import type { Hook } from '../../support/hooked-files.ts';
import { Actor, seeded } from '../../support/interleaving.ts';
import {
  answerTurn,
  call,
  cellRecord,
  diskError,
  faultyFileSystem,
  hookedDataset,
  memoryDataset,
  startOf,
  testDataset,
  textPlan,
} from './support.ts';

const ROWS = { first: 0, last: 9 };
const PLAN = textPlan(['topic', 'body', 'note!']);
const COLUMNS = ['topic', 'body', 'note'];
const DROPPED_ROW = 4;

/** Takes the next epoch, and makes its edition. */
async function startEpoch(dataset: DatasetStore, digest = 'digest'): Promise<Edition> {
  const newest = await dataset.newestEpoch();
  const { id } = await dataset.read();
  const { epoch } = (await dataset.takeEpoch(newest, startOf({ datasetId: id })))!;
  const edition = editionOf(dataset, epoch, digest);
  await edition.start(1);
  return edition;
}

function editionOf(dataset: DatasetStore, epoch: number, digest = 'digest'): Edition {
  return new Edition(dataset, { epoch, planDigest: 'plan', digestOf: () => digest });
}

async function writePart(
  dataset: DatasetStore,
  of: { column: string; epoch: number; first: number; last: number; kind?: 'part' | 'base' },
  recordsOf: (row: number, part: PartWriter) => readonly CellRecord[],
): Promise<PartWriter> {
  const { column, epoch, first, last, kind = 'part' } = of;
  await makeCellFolder(dataset, { column, rowGroup: 0 });
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
        const turns = [answerTurn('the last answer')];
        return [busy, cellRecord({ ...answer, status: 'failed', value: null, turns, error })];
      });
    }
  }
}

async function gather(dataset: DatasetStore, chosenBy?: number, plan = PLAN) {
  return gatherRecords(dataset, { columns: storedColumns(plan), rowGroup: 0, rows: ROWS, chosenBy });
}

/** What a child that opened the group anew would hand over. */
async function contentOf(dataset: DatasetStore, plan = PLAN, digest = 'digest'): Promise<RowGroupContent> {
  const chosen = new Map<string, Map<number, CellRecord>>();
  for (const [column, found] of await gather(dataset, undefined, plan)) {
    const accepted = found.filter((record) => record.status === 'ok' && record.in === digest);
    chosen.set(column, new Map(accepted.map((record) => [record.row, record])));
  }
  const completeRows: number[] = [];
  const drops: Drop[] = [];
  for (let row = ROWS.first; row <= ROWS.last; row += 1) {
    const failed = [...chosen].find(([, cells]) => !cells.has(row));
    if (failed === undefined) completeRows.push(row);
    else drops.push({ row, column: failed[0], kind: 'UnusableAnswer', message: 'No JSON' });
  }
  return {
    completeRows,
    drops,
    chosen: new Map(
      [...chosen].map(([column, cells]) => [
        column,
        new Map([...cells].map(([row, cell]) => [row, identityOf(cell)])),
      ]),
    ),
    valuesOf: (column) => completeRows.map((row) => chosen.get(column)?.get(row)?.value as Value),
  };
}

function commit(
  dataset: DatasetStore,
  edition: Edition,
  change: Partial<RowGroupCommit> = {},
): Promise<GroupRecord> {
  return commitRowGroup(dataset, edition, {
    plan: PLAN,
    planDigest: 'plan',
    rowGroup: 0,
    rows: ROWS,
    isComplete: true,
    digest: 'digest',
    definitions: {},
    readContent: () => contentOf(dataset),
    ...change,
  });
}

async function listCells(dataset: DatasetStore, column = 'body'): Promise<string[]> {
  const names = await dataset.files.list(`cells/${column}/00000`);
  return names.map((name) => name.replace(/\.[0-9a-f]{16}\./, '.')).sort();
}

async function readBatch(
  dataset: DatasetStore,
  epoch: number,
  folder = OUTPUT_FOLDER,
): Promise<ValueObject[]> {
  const path = `${editionFolder(epoch)}/${folder}/${batchName(0)}`;
  return parseParquet((await dataset.files.find(path))!, path);
}

function bytesOfBatch(dataset: DatasetStore, epoch: number): Promise<Buffer | undefined> {
  return dataset.files.find(`${editionFolder(epoch)}/${OUTPUT_FOLDER}/${batchName(0)}`);
}

/** A dataset whose first start has made all cells of its only group. */
async function withCells(): Promise<{ dataset: DatasetStore; edition: Edition }> {
  const dataset = await memoryDataset();
  const edition = await startEpoch(dataset);
  await makeCells(dataset, edition.epoch);
  return { dataset, edition };
}

async function committed(): Promise<{ dataset: DatasetStore; edition: Edition; group: GroupRecord }> {
  const { dataset, edition } = await withCells();
  return { dataset, edition, group: await commit(dataset, edition) };
}

const CALLS_PER_COLUMN = {
  [NO_MODEL]: { ...NO_COST, calls: 20, failedCalls: 10, promptTokens: 140, completionTokens: 60 },
};

async function expectWhole(dataset: DatasetStore, epoch: number): Promise<void> {
  const expected = Array.from({ length: 10 }, (_, row) => ({ topic: `topic ${row}`, body: `body ${row}` }));
  expected.splice(DROPPED_ROW, 1);
  expect(await readBatch(dataset, epoch)).toEqual(expected);
  const dropped = await readBatch(dataset, epoch, DROPPED_FOLDER);
  expect(dropped.map(({ note }) => note)).toEqual(
    expected.map(({ topic }) => topic.replace('topic', 'note')),
  );
  const group = (await findGroup(dataset, { epoch, rowGroup: 0 }))!;
  expect(group).toMatchObject({
    isComplete: true,
    rowCount: 9,
    drops: [{ row: DROPPED_ROW, column: 'body' }],
    rowsInFiles: [
      { first: 0, last: 3 },
      { first: 5, last: 9 },
    ],
  });
  for (const file of group.files) await readOutputFile(dataset, epoch, file);
  const usage = { body: CALLS_PER_COLUMN, note: CALLS_PER_COLUMN, topic: CALLS_PER_COLUMN };
  expect(await readUsage(dataset)).toEqual(usage);
  expect(await readFailures(dataset, epoch, group)).toMatchObject([
    { row: DROPPED_ROW, column: 'body', kind: 'UnusableAnswer', answer: 'the last answer' },
  ]);
  const records = await gather(dataset, group.epoch);
  for (const column of COLUMNS) {
    const accepted = (records.get(column) ?? []).filter(({ status }) => status === 'ok');
    const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((row) => column !== 'body' || row !== DROPPED_ROW);
    expect(accepted.map(({ row }) => row)).toEqual(rows);
    const marked = accepted.filter(({ chosen }) => chosen === true).map(({ row }) => row);
    expect(marked).toEqual(rows.filter((row) => row !== DROPPED_ROW));
  }
}

/** The operations of a commit, in order. */
async function stepsOfCommit(): Promise<string[]> {
  const { dataset, edition } = await withCells();
  const steps: string[] = [];
  const watched = hookedDataset(dataset, (operation, path) => void steps.push(`${operation} ${path}`));
  await commit(watched, editionOf(watched, edition.epoch));
  return steps;
}

/** A commit by another process, in which `meanwhile` happens before the nth step. */
function commitWith(
  dataset: DatasetStore,
  epoch: number,
  of: { readonly step: number; readonly meanwhile: () => Promise<void> },
): Promise<GroupRecord> {
  let count = 0;
  const before: Hook = async () => {
    count += 1;
    if (count === of.step) await of.meanwhile();
  };
  const own = hookedDataset(dataset, before);
  return commit(own, editionOf(own, epoch));
}

describe('a commit', () => {
  it('writes output, cells, usage, failures and the record, and removes the parts', async () => {
    const { dataset, edition } = await committed();
    await expectWhole(dataset, edition.epoch);
    for (const column of COLUMNS)
      expect(await listCells(dataset, column)).toEqual(['settled.000001.jsonl.gz']);
  });

  it('writes the record after all that it proves, and removes parts after that', async () => {
    const steps = await stepsOfCommit();
    const record = steps.indexOf('create editions/000001/groups/00000.json');
    const removals = steps.flatMap((step, index) => (step.startsWith('remove ') ? [index] : []));
    const writes = steps.flatMap((step, index) => (/^(publish|replace) /.test(step) ? [index] : []));
    expect(removals).toHaveLength(6);
    expect(Math.min(...removals)).toBeGreaterThan(record);
    expect(Math.max(...writes)).toBeLessThan(record);
    expect(steps[record - 1]).toBe('has epochs/000002.json');
  });

  it('changes nothing when it comes again, and reads nothing', async () => {
    const { dataset, edition, group } = await committed();
    const readContent = () => Promise.reject(new Error('asked for'));
    expect(await commit(dataset, edition, { readContent })).toEqual(group);
    expect(await commit(dataset, edition, { readContent, isComplete: false })).toEqual(group);
    await expectWhole(dataset, edition.epoch);
  });

  it('ends the same after a crash at any step, by the same start or the next one', async () => {
    const steps = await stepsOfCommit();
    const { dataset: calm, edition } = await committed();
    const bytes = await bytesOfBatch(calm, edition.epoch);
    for (let step = 1; step <= steps.length; step += 1) {
      for (const isSameStart of [true, false]) {
        const { dataset } = await withCells();
        let count = 0;
        const dying = hookedDataset(dataset, () => {
          count += 1;
          if (count >= step) throw new Error('dead');
        });
        await expect(commit(dying, editionOf(dying, 1))).rejects.toThrow('dead');
        const next = isSameStart ? editionOf(dataset, 1) : await startEpoch(dataset);
        await commit(dataset, next);
        await expectWhole(dataset, next.epoch);
        expect(await bytesOfBatch(dataset, next.epoch)).toEqual(bytes);
      }
    }
  });

  it('says that the disk is full and loses nothing', async () => {
    let isFull = false;
    const fileSystem = faultyFileSystem((operation) =>
      isFull && operation === 'write' ? diskError('ENOSPC') : undefined,
    );
    const dataset = await testDataset({ fileSystem });
    const edition = await startEpoch(dataset);
    await makeCells(dataset, edition.epoch);
    isFull = true;
    await expect(commit(dataset, edition)).rejects.toThrow('the disk is full');
    expect(await dataset.files.list(`${editionFolder(1)}/${OUTPUT_FOLDER}`)).toEqual([]);
    isFull = false;
    await commit(dataset, edition);
    await expectWhole(dataset, edition.epoch);
  });

  it('of a start that slept through its successor spoils nothing, wherever it slept', async () => {
    const steps = await stepsOfCommit();
    for (let step = 1; step <= steps.length; step += 1) {
      const { dataset } = await withCells();
      let bytes: Buffer | undefined;
      const meanwhile = async () => {
        const next = await startEpoch(dataset);
        // The successor makes something else of the same cells.
        const content = await contentOf(dataset);
        const valuesOf = async (column: string) =>
          (await content.valuesOf(column)).map((value) => `${value}!`);
        await commit(dataset, next, { readContent: async () => ({ ...content, valuesOf }) });
        await next.publish({ isFinished: true });
        bytes = await bytesOfBatch(dataset, next.epoch);
      };
      const end = await commitWith(dataset, 1, { step, meanwhile }).catch((error: unknown) => error);
      // After its record it has nothing left to do but to remove what it folded.
      const record = steps.findIndex((name) => name.startsWith('create '));
      if (step <= record) expect(end).toBeInstanceOf(FencedError);
      const group = (await findGroup(dataset, { epoch: 2, rowGroup: 0 }))!;
      expect(await bytesOfBatch(dataset, 2)).toEqual(bytes ?? (await bytesOfBatch(dataset, 1)));
      for (const file of group.files) await readOutputFile(dataset, 2, file);
      expect(await readFailures(dataset, 2, group)).toMatchObject([{ row: DROPPED_ROW, column: 'body' }]);
      expect((await readUsage(dataset)).body).toEqual(CALLS_PER_COLUMN);
      expect((await dataset.files.findPointer('current')) ?? editionFolder(1)).toBe(editionFolder(2));
    }
  });

  it('that is tried twice at once returns one record, however the attempts overlap', async () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const { dataset, edition } = await withCells();
      const random = seeded(seed);
      const records: GroupRecord[] = [];
      const actors = ['one', 'other'].map((name) => {
        const actor = new Actor(name);
        const own = hookedDataset(dataset, actor.before);
        actor.start(async () => void records.push(await commit(own, editionOf(own, edition.epoch))));
        return actor;
      });
      const bias = random();
      for (let left = actors; left.length > 0; left = left.filter(({ hasEnded }) => !hasEnded)) {
        await left[random() < bias ? 0 : left.length - 1]!.step(() => 0);
      }
      expect(records[0], `seed ${seed}`).toEqual(records[1]);
      await expectWhole(dataset, edition.epoch);
    }
  });

  it('that another attempt overtakes at any step returns the record of that one', async () => {
    const { length } = await stepsOfCommit();
    for (let step = 1; step <= length; step += 1) {
      const { dataset, edition } = await withCells();
      const others: GroupRecord[] = [];
      const meanwhile = async () => void others.push(await commit(dataset, edition));
      expect(await commitWith(dataset, edition.epoch, { step, meanwhile })).toEqual(others[0]);
      await expectWhole(dataset, edition.epoch);
    }
  });

  it('of a stopped group writes its complete rows, marks their cells, and removes nothing', async () => {
    const { dataset, edition } = await withCells();
    const before = await listCells(dataset);
    const usage = await readUsage(dataset);
    const content = await contentOf(dataset);
    const completeRows = content.completeRows.slice(0, 3);
    const valuesOf = async (column: string) => (await content.valuesOf(column)).slice(0, 3);
    const group = await commit(dataset, edition, {
      isComplete: false,
      readContent: async () => ({ ...content, completeRows, valuesOf }),
    });
    expect(await listCells(dataset)).toEqual([...before, 'settled.000001.jsonl.gz']);
    expect(await readUsage(dataset)).toEqual(usage);
    const marked = (await gather(dataset, 1)).get('body')?.filter(({ chosen }) => chosen === true);
    expect(marked?.map(({ row }) => row)).toEqual(completeRows);
    expect(await readBatch(dataset, 1)).toHaveLength(3);
    expect(group).toMatchObject({ isComplete: false, rowCount: 3, rowsInFiles: [{ first: 0, last: 2 }] });
    expect(isTrusted(group, 'digest')).toBe(false);
    const next = await startEpoch(dataset);
    await commit(dataset, next);
    await expectWhole(dataset, next.epoch);
  });

  it('folds parts of other slice sizes, starts and kinds, each call counted once', async () => {
    const { dataset } = await withCells();
    const edition = await startEpoch(dataset);
    const records = await gather(dataset);
    for (const column of COLUMNS) {
      const copies = (records.get(column) ?? []).filter(({ status }) => status === 'ok');
      const of = { column, epoch: edition.epoch, first: 0, last: 9, kind: 'base' } as const;
      await writePart(dataset, of, (row) => copies.filter((record) => record.row === row));
    }
    await commit(dataset, edition);
    await expectWhole(dataset, edition.epoch);
    expect(await listCells(dataset)).toEqual(['settled.000002.jsonl.gz']);
  });

  it('leaves a part that appears afterwards; the next start counts and folds it', async () => {
    const { dataset, edition, group } = await committed();
    const of = { column: 'body', epoch: edition.epoch, first: DROPPED_ROW, last: DROPPED_ROW };
    const late = await writePart(dataset, of, (row, part) => [
      cellRecord({ row, value: 'late', calls: [call(part.nextCallId())] }),
    ]);
    await commit(dataset, edition);
    expect(await dataset.files.findStat(late.name)).toBeDefined();
    expect(isTrusted(group, 'digest')).toBe(false);
    const next = await startEpoch(dataset);
    const again = await commit(dataset, next);
    expect(await readBatch(dataset, next.epoch)).toHaveLength(10);
    expect(await listCells(dataset)).toEqual(['settled.000002.jsonl.gz']);
    expect(costOf((await readUsage(dataset)).body!).calls).toBe(21);
    expect(await readFailures(dataset, next.epoch, again)).toEqual([]);
  });

  it('leaves a part whose writer is not done, and keeps what that one adds', async () => {
    const { dataset, edition } = await withCells();
    const part = createPart(dataset, { column: 'body', rows: ROWS, rowGroup: 0, epoch: edition.epoch });
    await part.append(cellRecord({ row: 1, in: 'slow', at: 1, calls: [call(part.nextCallId())] }));
    await commit(dataset, edition);
    await part.append(cellRecord({ row: 1, in: 'slow', at: 2, calls: [call(part.nextCallId())] }));
    await part.close();
    const slow = (await gather(dataset)).get('body')?.filter(({ in: digest }) => digest === 'slow');
    expect(slow?.map(({ at }) => at)).toEqual([1, 2]);
    await startEpoch(dataset, 'digest');
    expect(costOf((await readUsage(dataset)).body!).calls).toBe(CALLS_PER_COLUMN[NO_MODEL].calls + 2);
  });

  it('keeps a damaged part and a damaged settled file, and what can be read of them', async () => {
    const { dataset, edition } = await withCells();
    const [name = ''] = (await dataset.files.list('cells/body/00000')).sort();
    const path = `cells/body/00000/${name}`;
    const text = (await dataset.files.find(path))!.toString('utf8');
    await dataset.files.replace(path, text.replace('body 1', 'body X'));
    expect((await contentOf(dataset)).drops.map(({ row }) => row)).toEqual([1, DROPPED_ROW]);
    await commit(dataset, edition);
    expect(await dataset.files.findStat(path)).toBeDefined();
    const names = await dataset.files.list('cells/body/00000');
    const settled = `cells/body/00000/${names.find((found) => found.startsWith('settled.'))}`;
    const gzip = (await dataset.files.find(settled))!;
    await dataset.files.replace(settled, gzip.subarray(0, gzip.length - 12));
    await commit(dataset, await startEpoch(dataset));
    expect(await dataset.files.findStat(settled)).toBeDefined();
    const topics = (await gather(dataset)).get('topic');
    expect(topics?.filter(({ status }) => status === 'ok')).toHaveLength(10);
  });

  it('drops a row whose value does not fit its column, and writes the others', async () => {
    const plan = textPlan(['topic', 'count'], { count: { kind: 'int' } });
    const dataset = await memoryDataset();
    const edition = await startEpoch(dataset);
    for (const column of ['topic', 'count']) {
      await writePart(dataset, { column, epoch: 1, first: 0, last: 9 }, (row) => [
        cellRecord({ row, value: column === 'topic' ? `t ${row}` : row === 3 ? 2n ** 70n : BigInt(row) }),
      ]);
    }
    const group = await commit(dataset, edition, { plan, readContent: () => contentOf(dataset, plan) });
    expect(group.drops).toEqual([
      {
        row: 3,
        column: 'count',
        kind: 'TypeCastError',
        message: `Cannot write the value: ${2n ** 70n} does not fit into 64 bits`,
      },
    ]);
    const rows = await readBatch(dataset, 1);
    expect(rows.map(({ topic, count }) => `${topic} ${count}`)).toEqual(
      [0, 1, 2, 4, 5, 6, 7, 8, 9].map((row) => `t ${row} ${row}`),
    );
    expect(isTrusted(group, 'digest')).toBe(true);
  });

  it('of a group without a row left writes a record and no file of rows', async () => {
    const { dataset } = await committed();
    const edition = await startEpoch(dataset, 'another digest');
    const drops = Array.from(
      { length: 10 },
      (_, row) => ({ row, column: 'body', kind: 'TypeCastError', message: 'x' }) as const,
    );
    const group = await commit(dataset, edition, {
      readContent: async () => ({ completeRows: [], drops, chosen: new Map(), valuesOf: () => [] }),
    });
    expect(group).toMatchObject({ rowCount: 0, rowsInFiles: [] });
    expect(group.files.map(({ name }) => name.split('/')[0])).toEqual(['failures']);
    expect(await dataset.files.list(`${editionFolder(2)}/${OUTPUT_FOLDER}`)).toEqual([]);
  });

  it('keeps a row whose failed cell counts as made with null, and tells of the failure', async () => {
    const { dataset, edition } = await withCells();
    const content = await contentOf(dataset);
    const [nulled] = content.drops;
    const completeRows = [...content.completeRows, DROPPED_ROW].sort((left, right) => left - right);
    const group = await commit(dataset, edition, {
      readContent: async () => ({
        ...content,
        completeRows,
        drops: [],
        nulls: [nulled!],
        valuesOf: (column) =>
          completeRows.map((row) => (column === 'body' && row === DROPPED_ROW ? null : 'x')),
      }),
    });
    expect(group).toMatchObject({ rowCount: 10, drops: [], nulls: [{ row: DROPPED_ROW, column: 'body' }] });
    expect(isTrusted(group, 'digest')).toBe(false);
    expect(await readFailures(dataset, edition.epoch, group)).toMatchObject([
      { row: DROPPED_ROW, column: 'body', isDropped: false, answer: 'the last answer' },
    ]);
    expect((await readUsage(dataset)).body).toEqual(CALLS_PER_COLUMN);
  });

  it('writes what processors made of the rows, and the next start takes it over', async () => {
    const { dataset, edition } = await withCells();
    const content = await contentOf(dataset);
    const rows = content.completeRows.map((row) => ({ chat: `chat ${row}` }));
    const processed = [
      { name: 'to chat', columns: [{ name: 'chat', type: { kind: 'text' } }], rows },
    ] as const;
    const drops = content.drops.map((drop) => ({ ...drop, kind: 'EmptyRenderedPrompt' }));
    await commit(dataset, edition, {
      readContent: async () => ({
        ...content,
        drops,
        process: async ({ valuesOf }) => ({ valuesOf, processed }),
      }),
    });
    const next = await startEpoch(dataset);
    const path = 'processors-files/to%20chat/batch_00000.parquet';
    const bytes = await dataset.files.find(`${editionFolder(next.epoch)}/${path}`);
    expect(await parseParquet(bytes!, path)).toEqual(rows);
    await dataset.writePlanDocument('plan', {});
    await describeEdition(dataset, { epoch: next.epoch, plan: PLAN, planDigest: 'plan', rows: 10 });
    const metadata = await dataset.files.find(`${editionFolder(next.epoch)}/metadata.json`);
    expect(JSON.parse(String(metadata)).file_paths['processor-files']).toEqual({ 'to chat': [path] });
  });

  it('leaves out of the settled file that cells are skipped: another start decides that anew', async () => {
    const { dataset, edition } = await withCells();
    const rows = { first: 0, last: 9 };
    await writePart(dataset, { column: 'body', epoch: 1, ...rows }, (row) => [
      cellRecord({ row, in: 'digest', status: 'skip', value: null, at: 9_000 }),
    ]);
    await commit(dataset, edition);
    const records = (await gather(dataset)).get('body') ?? [];
    expect(new Set(records.map(({ status }) => status))).toEqual(new Set(['retry', 'ok', 'failed']));
  });

  it('is refused when a row is neither complete nor dropped', async () => {
    const { dataset, edition } = await withCells();
    const readContent = async () => ({ ...(await contentOf(dataset)), drops: [] });
    await expect(commit(dataset, edition, { readContent })).rejects.toThrow(RangeError);
  });

  it('keeps the cells of earlier inputs, and the marks of the output that people see while a changed plan is made', async () => {
    const { dataset } = await committed();
    const edition = await startEpoch(dataset, 'edited');
    await writePart(dataset, { column: 'body', epoch: 2, first: 0, last: 9 }, (row, part) => [
      cellRecord({ row, in: 'edited', value: `new ${row}`, at: 9_000, calls: [call(part.nextCallId())] }),
    ]);
    await commit(dataset, edition, {
      digest: 'edited',
      readContent: async () => {
        const [old, body] = [
          await contentOf(dataset),
          await contentOf(dataset, textPlan(['body']), 'edited'),
        ];
        const chosen = new Map([...old.chosen, ...body.chosen]);
        const completeRows = body.completeRows;
        return { completeRows, drops: [], chosen, valuesOf: () => completeRows.map((row) => `new ${row}`) };
      },
    });
    const digestsOf = async (epoch: number) =>
      ((await gather(dataset, epoch)).get('body') ?? [])
        .filter(({ chosen }) => chosen === true)
        .map(({ in: digest }) => digest);
    expect(await digestsOf(1)).toEqual(Array(9).fill('digest'));
    expect(await digestsOf(2)).toEqual(Array(10).fill('edited'));
    expect(await readBatch(dataset, 2)).toHaveLength(10);
    expect(await readBatch(dataset, 1)).toHaveLength(9);
  });

  it('keeps a conversation that goes on, and with a cell all tries that led to it', async () => {
    const { dataset, edition } = await withCells();
    const of = { column: 'body', epoch: 1, first: DROPPED_ROW, last: DROPPED_ROW };
    await writePart(dataset, of, (row, part) =>
      (['digest', 'open'] as const).map((digest) =>
        cellRecord({
          row,
          in: digest,
          status: 'call',
          turns: [{ by: 'model', text: digest === 'open' ? 'turn' : 'ended' }],
          calls: [call(part.nextCallId())],
        }),
      ),
    );
    await commit(dataset, edition);
    const records = await gather(dataset);
    const textOf = ({ turns }: CellRecord) => lastAnswer(turns)?.text;
    const turns = (records.get('body') ?? []).filter(({ status }) => status === 'call');
    expect(turns.map(textOf)).toEqual(['ended', 'turn']);
    expect(openTurns(records.get('body') ?? [], hasToolTurn).map(textOf)).toEqual(['turn']);
    const ofRow = (records.get('topic') ?? []).filter(({ row }) => row === 0);
    expect(ofRow.map(({ status, calls }) => `${status} ${calls[0]?.status}`).sort()).toEqual([
      'ok 200',
      'retry 503',
    ]);
  });
});

it('trusts a group that has all that is asked for, and no failure worth a retry', async () => {
  const { group } = await committed();
  const whole = { ...group, drops: [] };
  const drop = { row: 1, column: 'body', message: '' } as const;
  expect(isTrusted(whole, 'digest')).toBe(true);
  expect(isTrusted({ ...group, drops: [{ ...drop, kind: 'EmptyRenderedPrompt' }] }, 'digest')).toBe(true);
  expect(isTrusted({ ...group, drops: [{ ...drop, kind: 'TriesExhausted' }] }, 'digest')).toBe(false);
  expect(isTrusted({ ...whole, isComplete: false }, 'digest')).toBe(false);
  expect(isTrusted(whole, 'another')).toBe(false);
});
