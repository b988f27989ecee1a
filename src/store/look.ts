// What a dataset's folder tells people, without a server and without a write, while a build goes on too.

import type { RowRange } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import { OUTPUT_FOLDER } from './commit.ts';
import type { DatasetRecord, DatasetStore, EpochRecord } from './dataset-store.ts';
import {
  type Failure,
  type FailureGroup,
  failedCells,
  failureOf,
  groupFailures,
  readFailures,
} from './failures.ts';
import { CellIndex, gatherRecords, storedColumns } from './gather.ts';
import {
  type Drop,
  findGroup,
  type GroupRecord,
  listGroups,
  outputPath,
  readGroups,
  rowsOfRanges,
} from './groups.ts';
import { batchName } from './names.ts';
import type { StoredRecord } from './parts.ts';
import { readParquet } from './read-parquet.ts';
import type { CellRecord } from './records.ts';
import { readingBase } from './swap.ts';
import { type CallUsage, readUsage } from './usage.ts';

export interface Summary {
  readonly record: DatasetRecord;
  /** The newest start of this dataset. */
  readonly start: EpochRecord | undefined;
  /** Rows in `parquet-files/`. */
  readonly rowCount: number;
  readonly dropped: number;
  /** Why, the commonest cause first. */
  readonly causes: readonly FailureGroup<Drop>[];
  readonly groups: {
    readonly asked: number;
    readonly complete: number;
    /** Committed when they were stopped. */
    readonly partial: number;
  };
  /** Rows that have the cell, by stored column. */
  readonly cells: { readonly [column: string]: number };
  readonly usage: { readonly [column: string]: CallUsage };
  readonly sizeBytes: number;
}

/** Sums a dataset up. Reads the cells of open groups only. */
export async function summarize(dataset: DatasetStore): Promise<Summary> {
  const [record, start, usage] = await Promise.all([
    dataset.read(),
    dataset.findNewestStart(),
    readUsage(dataset),
  ]);
  const { planDigest, rows, rowGroupSize } = record;
  const plan = planDigest === null ? undefined : await dataset.readPlan(planDigest);
  const columns = plan === undefined ? [] : storedColumns(plan);
  const cells = Object.fromEntries(columns.map((column) => [column, 0]));
  const index = await CellIndex.read(dataset, { columns, rowGroupSize });
  const base = await readingBase(dataset, 'groups');
  const groups = await readGroups(dataset, base);
  for (const group of groups.values()) {
    if (group.isComplete)
      for (const column of columns) setOwn(cells, column, (findOwn(cells, column) ?? 0) + group.rowCount);
  }
  for (const rowGroup of plan === undefined ? [] : index.groups()) {
    if (groups.get(rowGroup)?.isComplete === true) continue;
    const gathered = await gatherRecords(dataset, {
      plan: plan as Plan,
      rowGroup,
      rows: rowsOf(rowGroup, record),
      index,
    });
    for (const [column, records] of gathered.records) {
      const made = new Set(records.filter(({ status }) => status === 'ok').map(({ row }) => row));
      setOwn(cells, column, (findOwn(cells, column) ?? 0) + made.size);
    }
  }
  const committed = [...groups.values()];
  const complete = committed.filter(({ isComplete }) => isComplete).length;
  return {
    record,
    start,
    rowCount: sum(committed.map(({ rowCount }) => rowCount)),
    dropped: sum(committed.map(({ drops }) => drops.length)),
    causes: await groupFailures(committed.flatMap(({ drops }) => drops)),
    groups: { asked: Math.ceil(rows / rowGroupSize), complete, partial: committed.length - complete },
    cells,
    usage,
    sizeBytes: sum(committed.flatMap(({ files }) => files.map(({ sizeBytes }) => sizeBytes))),
  };
}

export interface RowLook {
  readonly row: number;
  /** `open`: in no file yet. */
  readonly state: 'complete' | 'dropped' | 'open';
  readonly drop: Drop | null;
  /** The plan that its output follows, or is to follow; null before the first start. */
  readonly plan: Plan | null;
  /** In the order of the output, dropped columns too; of an open row the cells that there are. */
  readonly values: ValueObject;
  /** The cell of each stored column: the one of the output, else the last one made, else the last failure. */
  readonly cells: { readonly [column: string]: CellRecord };
  /** All that was recorded on the way to each of these cells, in order; the last one is the cell. */
  readonly tries: { readonly [column: string]: readonly CellRecord[] };
}

/** Reads rows with what made them, one row group in memory at a time. Those that were never asked for are left out. */
export async function* findRows(dataset: DatasetStore, ranges: readonly RowRange[]): AsyncGenerator<RowLook> {
  const record = await dataset.read();
  for (const { first, last } of ranges) {
    for (let row = first; row <= last && row < record.rows; ) {
      const rowGroup = Math.floor(row / record.rowGroupSize);
      const end = Math.min(last, record.rows - 1, rowsOf(rowGroup, record).last);
      yield* await findRowsOfGroup(dataset, record, { rowGroup, rows: { first: row, last: end } });
      row = end + 1;
    }
  }
}

async function findRowsOfGroup(
  dataset: DatasetStore,
  { planDigest }: DatasetRecord,
  { rowGroup, rows }: { readonly rowGroup: number; readonly rows: RowRange },
): Promise<RowLook[]> {
  const group = await findGroup(dataset, { rowGroup, base: await readingBase(dataset, 'groups') });
  const digest = group?.planDigest ?? planDigest;
  const plan = digest === null ? null : await dataset.readPlan(digest);
  const records = plan === null ? [] : (await gatherRecords(dataset, { plan, rowGroup, rows })).records;
  const inFiles = group === undefined ? undefined : await readFromFiles(dataset, group, rows);
  const looks: RowLook[] = [];
  for (let row = rows.first; row <= rows.last; row += 1) {
    const drop = group?.drops.find((found) => found.row === row) ?? null;
    const cells: Record<string, CellRecord> = {};
    const tries: Record<string, readonly CellRecord[]> = {};
    for (const [column, found] of records) {
      const ofRow = found.filter((record) => record.row === row);
      const cell = cellToShow(ofRow, drop?.column === column);
      if (cell === undefined) continue;
      setOwn(cells, column, cell);
      const before = ofRow.filter(({ in: input, at }) => input === cell.in && at < cell.at);
      setOwn(tries, column, [...before, cell]);
    }
    const made = Object.entries(cells).filter(([, { status }]) => status === 'ok');
    const read = inFiles?.get(row);
    looks.push({
      row,
      state: read !== undefined ? 'complete' : drop !== null ? 'dropped' : 'open',
      drop,
      plan,
      values:
        plan === null
          ? {}
          : inOrder(plan, read ?? Object.fromEntries(made.map(([column, { value }]) => [column, value]))),
      cells,
      tries,
    });
  }
  return looks;
}

/** The cell that a row was dropped for is the failed one, whatever was made for another plan. */
function cellToShow(found: readonly CellRecord[], isDropped: boolean): CellRecord | undefined {
  const accepted = found.filter(({ status }) => status === 'ok');
  const failed = found.findLast(({ status }) => status === 'failed');
  if (isDropped && failed !== undefined) return failed;
  return accepted.find(({ chosen }) => chosen === true) ?? accepted.at(-1) ?? failed;
}

/** The rows of a range that are in a group's files, by their numbers. */
async function readFromFiles(
  dataset: DatasetStore,
  group: GroupRecord,
  { first, last }: RowRange,
): Promise<Map<number, ValueObject>> {
  const all = rowsOfRanges(group.rowsInFiles);
  const rows = all.filter((row) => first <= row && row <= last);
  const found = new Map<number, ValueObject>();
  const rowStart = all.indexOf(rows[0] ?? Number.NaN);
  for (const { name } of rows.length === 0 ? [] : group.files) {
    const base = await readingBase(dataset, name.split('/')[0] ?? name);
    const options = { rowStart, rowEnd: rowStart + rows.length };
    const read = await readParquet(outputPath(dataset, base, name), options);
    for (const [index, row] of rows.entries()) found.set(row, { ...found.get(row), ...read[index] });
  }
  return found;
}

function inOrder(plan: Plan, values: ValueObject): ValueObject {
  const names = plan.columns.map(({ name }) => name).filter((name) => Object.hasOwn(values, name));
  return Object.fromEntries(names.map((name) => [name, findOwn(values, name) ?? null]));
}

/** The paths of the output's files, in the order of the rows. */
export async function listOutputFiles(dataset: DatasetStore): Promise<string[]> {
  const groups = await listGroups(dataset, await readingBase(dataset, 'groups'));
  const base = await readingBase(dataset, OUTPUT_FOLDER);
  const names = await dataset.files.list(outputPath(dataset, base, OUTPUT_FOLDER));
  return groups
    .map(batchName)
    .filter((name) => names.includes(name))
    .map((name) => outputPath(dataset, base, OUTPUT_FOLDER, name));
}

/** The rows of the output in order, one group in memory at a time. */
export async function* readRows(dataset: DatasetStore): AsyncGenerator<ValueObject> {
  for (const path of await listOutputFiles(dataset)) yield* await readParquet(path);
}

/** The failures there are, by group: what a committed one was left with, what an open one has met so far. */
export async function* findFailures(dataset: DatasetStore): AsyncGenerator<Failure> {
  const record = await dataset.read();
  if (record.planDigest === null) return;
  const plan = await dataset.readPlan(record.planDigest);
  const { rowGroupSize } = record;
  const index = await CellIndex.read(dataset, { columns: storedColumns(plan), rowGroupSize });
  const base = await readingBase(dataset, 'groups');
  for (let rowGroup = 0; rowGroup * rowGroupSize < record.rows; rowGroup += 1) {
    const group = await findGroup(dataset, { rowGroup, base });
    if (group?.isComplete === true) {
      yield* await readFailures(dataset, rowGroup);
      continue;
    }
    const rows = rowsOf(rowGroup, record);
    const { records } = await gatherRecords(dataset, { plan, rowGroup, rows, index });
    for (const [column, found] of records)
      yield* failedCells(found).flatMap((cell) => asFailure(column, cell));
    // Of what has no cells of its own, such as an expression, a group that was stopped knows.
    const drops = group?.planDigest === record.planDigest ? group.drops : [];
    yield* drops.filter(({ column }) => !records.has(column)).map((drop) => failureOf(drop, undefined));
  }
}

function asFailure(column: string, cell: StoredRecord): Failure[] {
  return cell.error === null ? [] : [failureOf({ row: cell.row, column, ...cell.error }, cell)];
}

function rowsOf(rowGroup: number, { rowGroupSize }: DatasetRecord): RowRange {
  return { first: rowGroup * rowGroupSize, last: (rowGroup + 1) * rowGroupSize - 1 };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
