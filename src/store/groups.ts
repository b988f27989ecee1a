// Group records: the proof that a row group's output is whole. Created exclusively, last of all that a commit writes,
// and never replaced.

import { subtle } from 'node:crypto';
import type { CellErrorKind } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import type { FileMark } from '../local-media.ts';
import type { CallUsage } from './call-usage.ts';
import type { DatasetStore } from './dataset-store.ts';
import { findDocument } from './documents.ts';
import { fail } from './fail.ts';
import { editionFolder, groupRecordName, outputPath, parseNumbers } from './names.ts';

export const GROUP_VERSION = 4;

/** A cell that failed for good, for which its row is not in the output. */
export interface Drop {
  readonly row: number;
  readonly column: string;
  readonly kind: CellErrorKind;
  readonly message: string;
}

export interface OutputFile {
  /** Below the edition's folder; of pictures below the dataset's, see `outputPath`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Hex digits. */
  readonly sha256: string;
}

export interface GroupRecord {
  readonly v: typeof GROUP_VERSION;
  readonly rowGroup: number;
  /** The start that made it: later editions take it as it is. */
  readonly epoch: number;
  /** Digest of all that the plan says about its rows, `groupDigest`; another one means that it is opened. */
  readonly digest: string;
  readonly planDigest: string;
  /** The rows that were asked of the group. */
  readonly rows: RowRange;
  /** False for a group that was stopped: the rows that were complete then are in its files. */
  readonly isComplete: boolean;
  readonly rowCount: number;
  /** The rows in its files, in their order. */
  readonly rowsInFiles: readonly RowRange[];
  readonly drops: readonly Drop[];
  /** Failed cells that dropped no row: their columns say `on_error: null`, and they count as made, with null. */
  readonly nulls: readonly Drop[];
  /** Parquet files, none where no row is left, the pictures that their rows name, and the failures, where there are some. */
  readonly files: readonly OutputFile[];
  /** By column: the files of users that the cells of its rows were made from, as they were then. */
  readonly reads?: { readonly [column: string]: readonly FileMark[] };
  /** By stored column: digest of its definition and of all above it. Where it is today's, the cells are right unread. */
  readonly definitions: { readonly [column: string]: string };
  /** By column: the files of cells that were there when it was made and that nobody appends to any more. */
  readonly covers: { readonly [column: string]: readonly string[] };
  /** By column: all that had been paid when it was made. */
  readonly usage: { readonly [column: string]: CallUsage };
}

/** Kinds of failures that another start may not have. The others follow from the plan and the cells there are. */
const RETRIED_KINDS: readonly CellErrorKind[] = [
  'UnusableAnswer',
  'RefusedCall',
  'TriesExhausted',
  'MissingFile',
];

/** What helps where a record is damaged: the group is opened again then, and its rows are made from its cells without a call. */
const RECORD_CURE = 'Remove that file, and the same command makes it again';

/** A row group in the output of a start. */
export interface GroupPlace {
  readonly epoch: number;
  readonly rowGroup: number;
}

export function groupPath({ epoch, rowGroup }: GroupPlace): string {
  return `${editionFolder(epoch)}/${groupRecordName(rowGroup)}`;
}

/** Undefined for a group that was never committed there. */
export async function findGroup(dataset: DatasetStore, place: GroupPlace): Promise<GroupRecord | undefined> {
  return findDocument(dataset.files, { path: groupPath(place), version: GROUP_VERSION, cure: RECORD_CURE });
}

/** One line: thousands of them are read at each start. */
export function formatGroup(group: GroupRecord): string {
  return `${JSON.stringify(group)}\n`;
}

/** The numbers of the committed groups of an edition, ascending. */
export async function listGroups(dataset: DatasetStore, epoch: number): Promise<number[]> {
  return parseNumbers(await dataset.files.list(`${editionFolder(epoch)}/groups`), '.json');
}

/** The starts that made a row group for some editions: the cells of those outputs are marked with them. */
export async function listMakers(
  dataset: DatasetStore,
  rowGroup: number,
  editions: readonly number[],
): Promise<number[]> {
  const found = await Promise.all(editions.map((epoch) => findGroup(dataset, { epoch, rowGroup })));
  return [...new Set(found.flatMap((group) => (group === undefined ? [] : [group.epoch])))];
}

/** The records of an edition's groups, ascending; none without an edition. */
export async function* readGroups(
  dataset: DatasetStore,
  epoch: number | undefined,
): AsyncGenerator<GroupRecord> {
  if (epoch === undefined) return;
  for (const rowGroup of await listGroups(dataset, epoch)) {
    const group = await findGroup(dataset, { epoch, rowGroup });
    if (group !== undefined) yield group;
  }
}

/** Whether a group need not be opened: it has what the plan says, all of it, and nothing is worth a retry. */
export function isTrusted(group: GroupRecord, digest: string): boolean {
  return (
    group.isComplete &&
    group.digest === digest &&
    !failuresOf(group).some(({ kind }) => RETRIED_KINDS.includes(kind))
  );
}

/** All cells that failed for good, those that dropped no row too. */
export function failuresOf({ drops, nulls }: GroupRecord): readonly Drop[] {
  return [...drops, ...nulls];
}

/** Whether the files that a group's record names are there, in their size. */
export async function hasItsFiles(
  dataset: DatasetStore,
  group: GroupRecord,
  epoch: number,
): Promise<boolean> {
  for (const { name, sizeBytes } of group.files) {
    const stat = await dataset.files.findStat(outputPath(epoch, name));
    if (stat?.sizeBytes !== sizeBytes) return false;
  }
  return true;
}

const GONE = 'it is gone. The same command makes it again';
/** A start looks at sizes. Emptied, the file is so under all names that editions have for it. */
const DAMAGED = 'it is damaged. Empty that file, and the same command makes it again';

/** The bytes of a file that a group's record names. Throws `StoreError` if it is gone or another one by now. */
export async function readOutputFile(
  dataset: DatasetStore,
  epoch: number,
  { name, sha256 }: OutputFile,
): Promise<Buffer> {
  const path = outputPath(epoch, name);
  const bytes = await dataset.files.find(path);
  // In a thread: a group of vectors has many megabytes.
  const digest = bytes === undefined ? null : await subtle.digest('SHA-256', bytes);
  if (bytes !== undefined && digest !== null && Buffer.from(digest).toString('hex') === sha256) return bytes;
  return fail(`Cannot read "${dataset.path(path)}": ${bytes === undefined ? GONE : DAMAGED}`);
}

/** Ascending rows as ranges. */
export function rangesOf(rows: readonly number[]): RowRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const row of rows) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last === row - 1) range.last = row;
    else ranges.push({ first: row, last: row });
  }
  return ranges;
}

/** The rows of ranges, one by one. */
export function rowsOfRanges(ranges: readonly RowRange[]): number[] {
  return ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
}
