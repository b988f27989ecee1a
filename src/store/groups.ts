// Group records: the proof that a row group's output is whole. Written last of all that a commit writes.

import { createHash } from 'node:crypto';
import type { CellErrorKind } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import type { DatasetStore } from './dataset-store.ts';
import { findDocument, writeDocument } from './documents.ts';
import { fail } from './files.ts';
import { groupName, parseGroupFileName } from './names.ts';

export const GROUP_VERSION = 1;

/** Where a build's output goes: in place, or beside it until all of it is there. */
export type Base = 'place' | 'next';

/** A row that is not in the output, and the cell that it was dropped for. */
export interface Drop {
  readonly row: number;
  readonly column: string;
  readonly kind: CellErrorKind;
  readonly message: string;
}

export interface OutputFile {
  /** Below the base's folder. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Hex digits. */
  readonly sha256: string;
}

export interface GroupRecord {
  readonly v: typeof GROUP_VERSION;
  readonly rowGroup: number;
  readonly planDigest: string;
  readonly epoch: number;
  /** The rows that were asked of the group. */
  readonly rows: RowRange;
  /** False for a group that was stopped: the rows that were complete then are in its files. */
  readonly isComplete: boolean;
  readonly rowCount: number;
  /** The rows in its files, in their order. */
  readonly rowsInFiles: readonly RowRange[];
  readonly drops: readonly Drop[];
  /** None where no row is left. */
  readonly files: readonly OutputFile[];
}

/** Kinds of failures that another start may not have. The others follow from the plan and the cells there are. */
const RETRIED_KINDS: readonly CellErrorKind[] = ['UnusableAnswer', 'RefusedCall', 'TriesExhausted'];

/** The path of an output file or folder. */
export function outputPath(dataset: DatasetStore, base: Base, ...names: readonly string[]): string {
  return base === 'next' ? dataset.path('next', ...names) : dataset.path(...names);
}

/** Undefined for a group that was never committed. */
export async function findGroup(
  dataset: DatasetStore,
  { rowGroup, base }: { readonly rowGroup: number; readonly base: Base },
): Promise<GroupRecord | undefined> {
  const path = outputPath(dataset, base, 'groups', `${groupName(rowGroup)}.json`);
  return findDocument(dataset.files, { path, version: GROUP_VERSION });
}

export async function writeGroup(dataset: DatasetStore, base: Base, document: GroupRecord): Promise<void> {
  const path = outputPath(dataset, base, 'groups', `${groupName(document.rowGroup)}.json`);
  await writeDocument(dataset.files, { path, document });
}

/** The numbers of the committed groups, ascending. */
export async function listGroups(dataset: DatasetStore, base: Base): Promise<number[]> {
  return (await dataset.files.list(outputPath(dataset, base, 'groups')))
    .map((name) => parseGroupFileName(name))
    .filter((rowGroup) => rowGroup !== undefined)
    .sort((left, right) => left - right);
}

/** The records of the committed groups, by number. */
export async function readGroups(dataset: DatasetStore, base: Base): Promise<Map<number, GroupRecord>> {
  const groups = new Map<number, GroupRecord>();
  for (const rowGroup of await listGroups(dataset, base)) {
    const group = await findGroup(dataset, { rowGroup, base });
    if (group !== undefined) groups.set(rowGroup, group);
  }
  return groups;
}

/** Whether a group need not be opened: exactly these rows under this plan are done, and none is worth a retry. */
export function isTrusted(
  group: GroupRecord,
  wish: { readonly planDigest: string; readonly rows: RowRange },
): boolean {
  return (
    group.isComplete &&
    group.planDigest === wish.planDigest &&
    group.rows.first === wish.rows.first &&
    group.rows.last === wish.rows.last &&
    !group.drops.some(({ kind }) => RETRIED_KINDS.includes(kind))
  );
}

/** Whether the files that a group's record names are there as it names them: their sizes, and their bytes if asked. */
export async function hasItsFiles(
  dataset: DatasetStore,
  group: GroupRecord,
  { base, isByteExact }: { readonly base: Base; readonly isByteExact: boolean },
): Promise<boolean> {
  for (const file of group.files) {
    const path = outputPath(dataset, base, file.name);
    if ((await dataset.files.findStat(path))?.sizeBytes !== file.sizeBytes) return false;
    if (isByteExact && sha256Of(await dataset.files.read(path)) !== file.sha256) return false;
  }
  return true;
}

/** The bytes of a file that a group's record names. Throws `StoreError` if it is gone or another one by now. */
export async function readOutputFile(dataset: DatasetStore, base: Base, file: OutputFile): Promise<Buffer> {
  const path = outputPath(dataset, base, file.name);
  const bytes = await dataset.files.read(path);
  if (sha256Of(bytes) === file.sha256) return bytes;
  return fail(
    `Cannot read "${path}": it is not the file that it was, a build has replaced it or it is damaged`,
  );
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
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
