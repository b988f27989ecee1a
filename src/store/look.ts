// What a dataset's folder tells people, without a server and without a write, while a build goes on too.

import { rowsOfGroup } from '../graph/row-groups.ts';
import type { RowRange } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { outputColumns, type Plan } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import type { CallUsage } from './call-usage.ts';
import {
  type DatasetRecord,
  type DatasetState,
  type DatasetStore,
  type EpochRecord,
  stateOf,
} from './dataset-store.ts';
import {
  type Failure,
  type FailureGroup,
  failedCells,
  failureOf,
  groupFailures,
  readFailures,
} from './failures.ts';
import { findFinishedRows } from './finished-rows.ts';
import { gatherRecords, storedColumns } from './gather.ts';
import {
  type Drop,
  findGroup,
  type GroupRecord,
  readGroups,
  readOutputFile,
  rowsOfRanges,
} from './groups.ts';
import { filesOf } from './outputs.ts';
import { findPublished, listEditions } from './published.ts';
import { nestedRow, parseParquet } from './read-parquet.ts';
import type { CellRecord, StoredRecord } from './records.ts';
import { listGroupsWithCells, readUsage } from './usage.ts';
import { readVersion } from './versions.ts';

export interface Summary {
  readonly record: DatasetRecord;
  readonly state: DatasetState;
  /** Why it is incomplete, for people. */
  readonly reason: string | null;
  /** What was asked for last; undefined before the first start. */
  readonly asked: EpochRecord | undefined;
  /** The start whose output people see. */
  readonly published: number | undefined;
  /** Rows that people see. */
  readonly rowCount: number;
  readonly dropped: number;
  /** Rows that processors after generation made of those; null where the output is those. */
  readonly finishedRows: number | null;
  /** Why, the commonest cause first. */
  readonly causes: readonly FailureGroup<Drop>[];
  readonly groups: {
    readonly asked: number;
    readonly complete: number;
    /** Committed when they were stopped. */
    readonly partial: number;
  };
  /** Rows of an output that is to take the place of the one that people see; null where none is being made. */
  readonly rowsToCome: number | null;
  /** Rows that have the cell, by stored column. */
  readonly cells: { readonly [column: string]: number };
  readonly usage: { readonly [column: string]: CallUsage };
  /** Of its Parquet files. */
  readonly sizeBytes: number;
}

/** Sums a dataset up. Reads the cells of open groups only. */
export async function summarize(dataset: DatasetStore): Promise<Summary> {
  const [record, asked, published] = await Promise.all([
    dataset.read(),
    dataset.findLatestStart(),
    findPublished(dataset),
  ]);
  const end = asked === undefined ? undefined : await dataset.findEnd(asked.epoch);
  const plan = asked === undefined ? undefined : await dataset.readPlan(asked.planDigest);
  const groups = new Map<number, GroupRecord>();
  for await (const group of readGroups(dataset, published)) groups.set(group.rowGroup, group);
  const committed = [...groups.values()];
  const complete = committed.filter(({ isComplete }) => isComplete).length;
  const askedGroups = Math.ceil((asked?.rows ?? 0) / record.rowGroupSize);
  const finished = published === undefined ? undefined : await findFinishedRows(dataset, published);
  const files = committed.flatMap((group) => filesOf(group, 'isTable'));
  const toCome = (await listEditions(dataset)).findLast((epoch) => epoch > (published ?? 0));
  return {
    record,
    state: asked === undefined ? 'new' : stateOf(end),
    reason: end?.reason ?? null,
    asked,
    published,
    rowCount: sum(committed.map(({ rowCount }) => rowCount)),
    dropped: sum(committed.map(({ drops }) => drops.length)),
    finishedRows: finished?.rows ?? null,
    causes: await groupFailures(committed.flatMap(({ drops }) => drops)),
    groups: { asked: askedGroups, complete, partial: committed.length - complete },
    rowsToCome: toCome === undefined ? null : (await readVersion(dataset, toCome)).rows,
    cells: plan === undefined ? {} : await countCells(dataset, plan, groups),
    usage: await readUsage(dataset, { epoch: published, groups }),
    sizeBytes: sum([...files, ...(finished?.files ?? [])].map(({ sizeBytes }) => sizeBytes)),
  };
}

async function countCells(
  dataset: DatasetStore,
  plan: Plan,
  groups: ReadonlyMap<number, GroupRecord>,
): Promise<Summary['cells']> {
  const columns = storedColumns(plan);
  const complete = [...groups.values()].filter(({ isComplete }) => isComplete);
  const rows = sum(complete.map(({ rowCount }) => rowCount));
  const cells = Object.fromEntries(columns.map((column) => [column, rows]));
  for (const rowGroup of await listGroupsWithCells(dataset, columns)) {
    if (groups.get(rowGroup)?.isComplete === true) continue;
    for (const [column, records] of await gatherRecords(dataset, { columns, rowGroup })) {
      const made = new Set(records.filter(({ status }) => isMade(status)).map(({ row }) => row));
      setOwn(cells, column, (findOwn(cells, column) ?? 0) + made.size);
    }
  }
  return cells;
}

function isMade(status: CellRecord['status']): boolean {
  return status === 'ok' || status === 'skip';
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

/** A version of a dataset: the start that made it, and the rows that were asked of that start. */
export interface VersionPlace {
  readonly epoch: number | undefined;
  readonly rows: number;
}

/** What people see, or an earlier version: the rows of a start that was published. */
export async function findVersion(dataset: DatasetStore, version?: number): Promise<VersionPlace> {
  const epoch = version ?? (await findPublished(dataset));
  const start = version === undefined ? await dataset.findLatestStart() : await dataset.findEpoch(version);
  return { epoch, rows: start?.rows ?? 0 };
}

/** Reads rows with what made them, one row group in memory at a time. Those that were never asked for are left out. */
export async function* findRows(
  dataset: DatasetStore,
  ranges: readonly RowRange[],
  { epoch, rows: asked }: VersionPlace,
): AsyncGenerator<RowLook> {
  const { rowGroupSize } = await dataset.read();
  for (const { first, last } of ranges) {
    for (let row = first; row <= last && row < asked; ) {
      const rowGroup = Math.floor(row / rowGroupSize);
      const end = Math.min(last, rowsOfGroup(rowGroup, { rows: asked, rowGroupSize }).last);
      yield* await findRowsOfGroup(dataset, epoch, { rowGroup, rows: { first: row, last: end } });
      row = end + 1;
    }
  }
}

async function findRowsOfGroup(
  dataset: DatasetStore,
  epoch: number | undefined,
  { rowGroup, rows }: { readonly rowGroup: number; readonly rows: RowRange },
): Promise<RowLook[]> {
  const group = epoch === undefined ? undefined : await findGroup(dataset, { epoch, rowGroup });
  const digest = group?.planDigest ?? (await dataset.findLatestStart())?.planDigest;
  const plan = digest === undefined ? null : await dataset.readPlan(digest);
  const columns = plan === null ? [] : storedColumns(plan);
  const records = await gatherRecords(dataset, { columns, rowGroup, rows, chosenBy: group?.epoch });
  const inFiles =
    group === undefined
      ? undefined
      : await readFromFiles(dataset, { plan: plan!, epoch: epoch!, group }, rows);
  const looks: RowLook[] = [];
  for (let row = rows.first; row <= rows.last; row += 1) {
    const drop = group?.drops.find((found) => found.row === row) ?? null;
    const ofRow = [...records].map(([column, found]): [string, readonly CellRecord[]] => [
      column,
      found.filter((record) => record.row === row),
    ]);
    const { cells, tries } = cellsToShow(ofRow, drop);
    const made = Object.entries(cells).filter(([, { status }]) => status === 'ok');
    const read = inFiles?.get(row);
    // Dropped columns may be in no file: then their cells alone tell.
    const hasAll = read !== undefined && plan?.preservesDropped !== false;
    const ofCells = hasAll ? {} : Object.fromEntries(made.map(([column, { value }]) => [column, value]));
    looks.push({
      row,
      state: read !== undefined ? 'complete' : drop !== null ? 'dropped' : 'open',
      drop,
      plan,
      values: plan === null ? {} : inOrder(plan, { ...ofCells, ...read }),
      cells,
      tries,
    });
  }
  return looks;
}

/** The cells of a row, and the way to each. `records` are those of the row by column, the older ones first. */
export function cellsToShow(
  records: Iterable<readonly [string, readonly CellRecord[]]>,
  drop: Drop | null,
): Pick<RowLook, 'cells' | 'tries'> {
  const cells: Record<string, CellRecord> = {};
  const tries: Record<string, readonly CellRecord[]> = {};
  for (const [column, ofRow] of records) {
    const cell = cellToShow(ofRow, drop?.column === column);
    if (cell === undefined) continue;
    setOwn(cells, column, cell);
    const before = ofRow.filter(({ in: input, at }) => input === cell.in && at < cell.at);
    setOwn(tries, column, [...before, cell]);
  }
  return { cells, tries };
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
  { plan, epoch, group }: { readonly plan: Plan; readonly epoch: number; readonly group: GroupRecord },
  { first, last }: RowRange,
): Promise<Map<number, ValueObject>> {
  const all = rowsOfRanges(group.rowsInFiles);
  const rows = all.filter((row) => first <= row && row <= last);
  const found = new Map<number, ValueObject>();
  const rowStart = all.indexOf(rows[0] ?? Number.NaN);
  const tables = filesOf(group, 'isTable');
  for (const table of rows.length === 0 ? [] : tables) {
    const options = { rowStart, rowEnd: rowStart + rows.length };
    const read = await parseParquet(await readOutputFile(dataset, epoch, table), table.name, options);
    const columns = outputColumns(plan).filter(({ name }) => Object.hasOwn(read[0]!, name));
    for (const [index, row] of rows.entries())
      found.set(row, { ...found.get(row), ...nestedRow(read[index]!, columns) });
  }
  return found;
}

function inOrder(plan: Plan, values: ValueObject): ValueObject {
  const names = outputColumns(plan)
    .map(({ name }) => name)
    .filter((name) => Object.hasOwn(values, name));
  return Object.fromEntries(names.map((name) => [name, findOwn(values, name) ?? null]));
}

/** The failures there are, by group: what a committed one was left with, what an open one has met so far. */
export async function* findFailures(dataset: DatasetStore): AsyncGenerator<Failure> {
  const asked = await dataset.findLatestStart();
  if (asked === undefined) return;
  const plan = await dataset.readPlan(asked.planDigest);
  const epoch = await findPublished(dataset);
  const columns = storedColumns(plan);
  for (let rowGroup = 0; rowGroup * plan.rowGroupSize < asked.rows; rowGroup += 1) {
    const group = epoch === undefined ? undefined : await findGroup(dataset, { epoch, rowGroup });
    if (group?.isComplete === true) {
      yield* await readFailures(dataset, epoch!, group);
      continue;
    }
    const records = await gatherRecords(dataset, { columns, rowGroup });
    for (const [column, found] of records)
      yield* failedCells(found).flatMap((cell) => asFailure(column, cell));
    // Of what has no cells of its own, such as an expression, a group that was stopped knows.
    const drops = group?.planDigest === asked.planDigest ? group.drops : [];
    yield* drops.filter(({ column }) => !records.has(column)).map((drop) => failureOf(drop, undefined));
  }
}

function asFailure(column: string, cell: StoredRecord): Failure[] {
  return cell.error === null ? [] : [failureOf({ row: cell.row, column, ...cell.error }, cell)];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
