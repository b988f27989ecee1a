// `failures/00042.<nonce>.jsonl` of an edition: the failed cells of a committed group, one line of plain JSON each, for
// people and `jq`. The group's record names the file.

import { sha256Of } from '../digest.ts';
import type { DatasetStore } from './dataset-store.ts';
import type { Drop, GroupRecord, OutputFile } from './groups.ts';
import { editionFolder } from './names.ts';
import type { CallRecord, StoredRecord } from './records.ts';

const FAILURE_VERSION = 3;

/** A cell that failed for good, and its last answer. */
export interface Failure extends Drop {
  readonly v: typeof FAILURE_VERSION;
  /** False where the row stays, with null for the cell. */
  readonly isDropped: boolean;
  /** The last answer's text; null where none came. */
  readonly answer: string | null;
  readonly finish: string | null;
  readonly host: string | null;
  /** All that its input has cost in the records there are: one a try. */
  readonly calls: readonly CallRecord[];
  /** Milliseconds since the epoch, UTC; null where nothing was asked. */
  readonly at: number | null;
}

/** The failure that a drop and the record of its cell make. */
export function failureOf(drop: Drop, record: StoredRecord | undefined, isDropped = true): Failure {
  return {
    v: FAILURE_VERSION,
    ...drop,
    isDropped,
    answer: record === undefined ? null : lastText(record),
    finish: record?.finish ?? null,
    host: record?.host ?? null,
    calls: record?.calls ?? [],
    at: record?.at ?? null,
  };
}

/** What a model or a service said last. */
function lastText({ turns }: StoredRecord): string | null {
  const said = turns.findLast((turn) => turn.by === 'model' || turn.by === 'http');
  return said === undefined ? null : said.by === 'model' ? said.text : said.body;
}

/** The last failure of each row that has no later cell, with all calls that were made for the same input. */
export function failedCells(records: readonly StoredRecord[]): StoredRecord[] {
  const last = new Map<number, StoredRecord>();
  for (const record of records) {
    if (['ok', 'failed', 'skip'].includes(record.status)) last.set(record.row, record);
  }
  const calls = new Map<StoredRecord, CallRecord[]>();
  for (const record of last.values()) if (record.status === 'failed') calls.set(record, []);
  for (const record of records) {
    const failed = last.get(record.row);
    if (failed !== undefined && failed.in === record.in) calls.get(failed)?.push(...record.calls);
  }
  return [...calls].map(([record, made]) => ({ ...record, calls: made }));
}

/** Failures of one column that have one cause. */
export interface FailureGroup<Item extends Drop> {
  readonly column: string;
  readonly count: number;
  /** The first of them. */
  readonly example: Item;
}

/** Failures by what they have in common, the commonest first. Keeps one failure a cause in memory. */
export async function groupFailures<Item extends Drop>(
  failures: AsyncIterable<Item> | Iterable<Item>,
): Promise<FailureGroup<Item>[]> {
  const groups = new Map<string, { readonly column: string; readonly example: Item; count: number }>();
  for await (const failure of failures) {
    const cause = `${failure.column} ${failure.kind} ${causeOf(failure)}`;
    const group = groups.get(cause);
    if (group === undefined) groups.set(cause, { column: failure.column, example: failure, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()].sort((left, right) => right.count - left.count);
}

/** In these kinds of failures the quoted text is from the row's own cells and answers, in the others from documents. */
const QUOTES_ITS_ROW: readonly Drop['kind'][] = ['TypeCastError', 'UnusableAnswer'];

/** A message without what differs between rows: numbers, ids, and quoted cells. The status of a call stays. */
function causeOf({ kind, message }: Drop): string {
  const text = QUOTES_ITS_ROW.includes(kind) ? message.replace(/"[^"]*"/g, '""') : message;
  return text.replace(/[\w.-]*\d[\w.-]*/g, (word, at: number) =>
    /^[45]\d\d$/.test(word) && text.slice(0, at).endsWith('answered ') ? word : '#',
  );
}

/** The record of a cell that failed for good. */
export interface FailedCell {
  readonly column: string;
  readonly record: StoredRecord;
}

/** Writes the failures of a group whole and durably; undefined where there are none, and no file. */
export async function writeFailures(
  dataset: DatasetStore,
  path: string,
  of: {
    readonly drops: readonly Drop[];
    readonly nulls: readonly Drop[];
    readonly failed: readonly FailedCell[];
  },
): Promise<Omit<OutputFile, 'name'> | undefined> {
  const cells = [...of.drops, ...of.nulls];
  if (cells.length === 0) return undefined;
  const records = new Map(of.failed.map(({ column, record }) => [`${record.row} ${column}`, record]));
  const lines = cells
    .map((cell) => failureOf(cell, records.get(`${cell.row} ${cell.column}`), of.drops.includes(cell)))
    .sort((left, right) => left.row - right.row)
    .map((failure) => `${JSON.stringify(failure)}\n`);
  const bytes = Buffer.from(lines.join(''));
  await dataset.files.replace(path, bytes);
  return { sizeBytes: bytes.length, sha256: sha256Of(bytes) };
}

/** The failures of a committed group of an edition, ascending by row. */
export async function readFailures(
  dataset: DatasetStore,
  epoch: number,
  { files }: GroupRecord,
): Promise<Failure[]> {
  const file = files.find(({ name }) => name.startsWith('failures/'));
  const bytes =
    file === undefined ? undefined : await dataset.files.find(`${editionFolder(epoch)}/${file.name}`);
  const lines = bytes?.toString('utf8').split('\n') ?? [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Failure);
}
