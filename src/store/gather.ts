// What the store has of a row group: every record of its settled files and of all parts that hold rows of it, whatever
// slice, epoch or plan they come from.

import type { PartName, RowRange } from '../graph/types.ts';
import { type Plan, strategyOf } from '../plan.ts';
import type { DatasetStore } from './dataset-store.ts';
import { findGroup } from './groups.ts';
import { type CellFileName, columnFolder, parseCellFileName } from './names.ts';
import { findPart, type PartContent, type StoredRecord } from './parts.ts';
import type { CellRecord } from './records.ts';
import { findSettled } from './settled.ts';
import { readingBase } from './swap.ts';
import { type CallUsage, NO_USAGE, usageOf } from './usage.ts';

/** Files read at once. */
const READS_AT_ONCE = 16;

export interface Gathered {
  /** By column, of all columns that are stored; ascending by row, then by age. `chosen` marks the current output. */
  readonly records: ReadonlyMap<string, readonly CellRecord[]>;
  /** Files with lines that are not what was written: those lines are missing here. */
  readonly damaged: readonly PartName[];
}

export interface GatherOptions {
  readonly plan: Plan;
  readonly rowGroup: number;
  readonly rows: RowRange;
  /** A listing to take instead of a fresh one, for many groups at a time. */
  readonly index?: CellIndex;
}

/** Reads all that is there of a group's rows. Writes nothing. */
export async function gatherRecords(dataset: DatasetStore, options: GatherOptions): Promise<Gathered> {
  const { plan, rowGroup, rows, index } = options;
  const current = (await findGroup(dataset, { rowGroup, base: await readingBase(dataset, 'groups') }))
    ?.planDigest;
  const records = new Map<string, readonly CellRecord[]>();
  const damaged: PartName[] = [];
  for (const column of storedColumns(plan)) {
    const place = { column, rowGroup, rowGroupSize: plan.rowGroupSize };
    const found = await gatherColumn(dataset, index === undefined ? place : { ...place, index });
    damaged.push(...found.files.filter(({ isDamaged }) => isDamaged).map(({ name }) => name));
    const ofRows = found.records.filter(({ row }) => rows.first <= row && row <= rows.last);
    records.set(
      column,
      ofRows.map((record) => asCell(record, current)),
    );
  }
  return { records, damaged };
}

/** The columns with cells in the store: all but inline ones. */
export function storedColumns(plan: Plan): string[] {
  return plan.columns.filter((column) => strategyOf(column) !== 'inline').map(({ name }) => name);
}

export type CellFile = CellFileName & { readonly name: PartName };

/** A listing of the files of some columns, by row group. */
export class CellIndex {
  readonly #files: ReadonlyMap<string, ReadonlyMap<number, readonly CellFile[]>>;

  private constructor(files: ReadonlyMap<string, ReadonlyMap<number, readonly CellFile[]>>) {
    this.#files = files;
  }

  static async read(
    dataset: DatasetStore,
    { columns, rowGroupSize }: { readonly columns: readonly string[]; readonly rowGroupSize: number },
  ): Promise<CellIndex> {
    const entries = columns.map(async (column): Promise<[string, ReadonlyMap<number, CellFile[]>]> => {
      const groups = new Map<number, CellFile[]>();
      for (const file of await listCellFiles(dataset, column)) {
        const group = file.kind === 'settled' ? file.rowGroup : Math.floor(file.rows.first / rowGroupSize);
        const files = groups.get(group);
        if (files === undefined) groups.set(group, [file]);
        else files.push(file);
      }
      return [column, groups];
    });
    return new CellIndex(new Map(await Promise.all(entries)));
  }

  /** Sorted by name. */
  filesOf(column: string, rowGroup: number): readonly CellFile[] {
    return this.#files.get(column)?.get(rowGroup) ?? [];
  }

  /** The groups that have any file, ascending. */
  groups(): number[] {
    const groups = new Set([...this.#files.values()].flatMap((files) => [...files.keys()]));
    return [...groups].sort((left, right) => left - right);
  }
}

async function listCellFiles(dataset: DatasetStore, column: string): Promise<CellFile[]> {
  const folder = `cells/${columnFolder(column)}`;
  const files: CellFile[] = [];
  for (const name of (await dataset.files.list(dataset.path(folder))).sort()) {
    const file = parseCellFileName(name);
    if (file !== undefined) files.push({ ...file, name: `${folder}/${name}` });
  }
  return files;
}

/** One file that was read. */
export type GatheredFile = CellFile & {
  readonly isDamaged: boolean;
  /** Of its own calls; nothing for settled files. */
  readonly usage: CallUsage;
};

export interface GatheredColumn {
  /** Ascending by row, then by age; copies of one record are one. */
  readonly records: readonly StoredRecord[];
  readonly files: readonly GatheredFile[];
}

export interface ColumnPlace {
  readonly column: string;
  readonly rowGroup: number;
  readonly rowGroupSize: number;
  readonly index?: CellIndex;
}

/** Reads all files that hold rows of one column of a group. */
export async function gatherColumn(dataset: DatasetStore, place: ColumnPlace): Promise<GatheredColumn> {
  let { index } = place;
  for (;;) {
    index ??= await CellIndex.read(dataset, { columns: [place.column], rowGroupSize: place.rowGroupSize });
    const found = await gatherFiles(dataset, index.filesOf(place.column, place.rowGroup));
    if (found !== undefined) return found;
    // A commit folded one of them after the listing: what it held is in a file that the listing does not have.
    index = undefined;
  }
}

/** Undefined if one of them is gone. */
async function gatherFiles(
  dataset: DatasetStore,
  files: readonly CellFile[],
): Promise<GatheredColumn | undefined> {
  // Marks count from the newest settled file: it carries on those of the older ones that still hold.
  const newest = Math.max(...files.map((file) => (file.kind === 'settled' ? file.epoch : 0)));
  const records = new Map<string, StoredRecord>();
  const read: GatheredFile[] = [];
  for (let first = 0; first < files.length; first += READS_AT_ONCE) {
    const some = files.slice(first, first + READS_AT_ONCE);
    const contents = await Promise.all(some.map((file) => findFile(dataset, file)));
    for (const [position, content] of contents.entries()) {
      const file = some[position];
      if (file === undefined || content === undefined) return undefined;
      const hasMarks = file.kind === 'settled' && file.epoch === newest;
      for (const record of content.records) addRecord(records, hasMarks ? record : withoutMarks(record));
      const usage = file.kind === 'part' ? usageOf(content.records, file.nonce) : NO_USAGE;
      read.push({ ...file, usage, isDamaged: content.damaged > 0 });
    }
  }
  return { records: [...records.values()].sort(byRowAndAge), files: read };
}

function findFile(dataset: DatasetStore, { kind, name }: CellFile): Promise<PartContent | undefined> {
  return kind === 'settled' ? findSettled(dataset, name) : findPart(dataset, name);
}

/** What a record is, whichever file it is copied to. Without calls it is a function of its input. */
export function identityOf({ row, in: digest, status, read, at, calls }: CellRecord): string {
  const source = calls.length === 0 ? '' : `${at} ${calls.map(({ id }) => id).join()}`;
  return `${row} ${status} ${read} ${digest} ${source}`;
}

function addRecord(records: Map<string, StoredRecord>, record: StoredRecord): void {
  const identity = identityOf(record);
  if (record.plans !== undefined || !records.has(identity)) records.set(identity, record);
}

function withoutMarks(record: StoredRecord): StoredRecord {
  const { plans: _, ...rest } = record;
  return rest;
}

function asCell(record: StoredRecord, current: string | undefined): CellRecord {
  const { plans, ...cell } = record;
  const isChosen = current !== undefined && plans?.includes(current) === true;
  return isChosen ? { ...cell, chosen: true } : cell;
}

function byRowAndAge(left: StoredRecord, right: StoredRecord): number {
  return left.row - right.row || left.at - right.at || (identityOf(left) < identityOf(right) ? -1 : 1);
}
