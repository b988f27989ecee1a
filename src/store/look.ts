// What a dataset's folder tells people, without a server and without a write, while a build goes on too.

import { sizeOf } from '../graph/row-mask.ts';
import type { RowRange } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import { OUTPUT_FOLDER } from './commit.ts';
import type { DatasetRecord, DatasetStore, EpochRecord } from './dataset-store.ts';
import { type Failure, failedCells, failureOf, readFailures } from './failures.ts';
import { CellIndex, gatherRecords, storedColumns } from './gather.ts';
import { type Drop, findGroup, type GroupRecord, listGroups, outputPath } from './groups.ts';
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
  const groups = new Map<number, GroupRecord>();
  for (const rowGroup of await listGroups(dataset, base)) {
    const group = await findGroup(dataset, { rowGroup, base });
    if (group !== undefined) groups.set(rowGroup, group);
  }
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
}

/** Reads one row with what made it; undefined for one that was never asked for. */
export async function findRow(dataset: DatasetStore, row: number): Promise<RowLook | undefined> {
  const { rows, rowGroupSize, planDigest } = await dataset.read();
  if (!Number.isInteger(row) || row < 0 || row >= rows) return undefined;
  const rowGroup = Math.floor(row / rowGroupSize);
  const group = await findGroup(dataset, { rowGroup, base: await readingBase(dataset, 'groups') });
  const digest = group?.planDigest ?? planDigest;
  if (digest === null) return { row, state: 'open', drop: null, plan: null, values: {}, cells: {} };
  const plan = await dataset.readPlan(digest);
  const { records } = await gatherRecords(dataset, { plan, rowGroup, rows: { first: row, last: row } });
  const cells: Record<string, CellRecord> = {};
  for (const [column, found] of records) {
    const cell = cellToShow(found);
    if (cell !== undefined) setOwn(cells, column, cell);
  }
  const inFiles = group === undefined ? undefined : await readFromFiles(dataset, group, row);
  const drop = group?.drops.find((found) => found.row === row) ?? null;
  const made = Object.entries(cells).filter(([, { status }]) => status === 'ok');
  const values = inFiles ?? Object.fromEntries(made.map(([column, { value }]) => [column, value]));
  return {
    row,
    state: inFiles !== undefined ? 'complete' : drop !== null ? 'dropped' : 'open',
    drop,
    plan,
    values: inOrder(plan, values),
    cells,
  };
}

function cellToShow(found: readonly CellRecord[]): CellRecord | undefined {
  const accepted = found.filter(({ status }) => status === 'ok');
  const failed = found.filter(({ status }) => status === 'failed');
  return accepted.find(({ chosen }) => chosen === true) ?? accepted.at(-1) ?? failed.at(-1);
}

async function readFromFiles(
  dataset: DatasetStore,
  group: GroupRecord,
  row: number,
): Promise<ValueObject | undefined> {
  const position = positionOf(row, group.rowsInFiles);
  if (position === undefined) return undefined;
  let values: ValueObject = {};
  for (const { name } of group.files) {
    const base = await readingBase(dataset, name.split('/')[0] ?? name);
    const path = outputPath(dataset, base, name);
    const [found] = await readParquet(path, { rowStart: position, rowEnd: position + 1 });
    values = { ...values, ...found };
  }
  return values;
}

function positionOf(row: number, ranges: readonly RowRange[]): number | undefined {
  let position = 0;
  for (const range of ranges) {
    if (range.first <= row && row <= range.last) return position + row - range.first;
    position += sizeOf(range);
  }
  return undefined;
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
    if ((await findGroup(dataset, { rowGroup, base }))?.isComplete === true) {
      yield* await readFailures(dataset, rowGroup);
      continue;
    }
    const rows = rowsOf(rowGroup, record);
    const { records } = await gatherRecords(dataset, { plan, rowGroup, rows, index });
    for (const [column, found] of records)
      yield* failedCells(found).flatMap((cell) => asFailure(column, cell));
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
