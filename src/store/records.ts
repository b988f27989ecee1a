// What the store's line files hold: parts, settled files, usage. Every kind carries its version.

import type { CellErrorKind } from '../errors.ts';
import type { Turn } from '../turns.ts';
import type { Value } from '../values.ts';

export const RECORD_VERSION = 4;

/** One paid call of a cell: `id` is the nonce of the part that first wrote it, and its number there. */
export interface CallRecord {
  readonly id: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly ms: number;
  /** Who was asked, see `modelKeyOf`; none for what is no model. */
  readonly model?: string;
  /** Of the prompt tokens those that the provider had in its cache; none where it says nothing. */
  readonly cached?: number;
  /** Of the completion tokens those of reasoning; none where it says nothing. */
  readonly reasoning?: number;
}

/**
 * One line of a part.
 *   call    a turn of a conversation that goes on: replayed after a crash, not asked again
 *   retry   a try that may be repeated
 *   ok      the cell's value
 *   failed  the cell failed for good in this start; the next start tries again, unless it was a crash
 *   skip    the cell is skipped in this start, says who makes it to who reads this part; every start decides anew, so it is
 *           never found by its digest and no settled file has one
 */
export interface CellRecord {
  readonly v: typeof RECORD_VERSION;
  readonly row: number;
  /** Digest of the exact input that made it. */
  readonly in: string;
  /** Version of what read `value` from the turns. */
  readonly read: number;
  readonly status: 'call' | 'retry' | 'ok' | 'failed' | 'skip';
  /**
   * The answer that this line is about, if one came. Of an `ok` all turns since its conversation began, so that the
   * `call` lines before it matter no longer. None for roots.
   */
  readonly turns: readonly Turn[];
  readonly value: Value;
  /** Of an ordered column: what it goes on with after this row. */
  readonly state?: Value;
  readonly finish: string | null;
  /** The calls this line accounts for, none of them in an earlier line of the same cell. */
  readonly calls: readonly CallRecord[];
  readonly error: { readonly kind: CellErrorKind; readonly message: string } | null;
  /** Host of the endpoint; null for roots. */
  readonly host: string | null;
  /** Milliseconds since the epoch, UTC; in a conversation later than the record before, whatever the clock says. */
  readonly at: number;
  /** A try that counts against the cell's five of this start; of a refusal, that it is about this cell. */
  readonly counts?: true;
  /** Set by who reads: the cell of the current output. A settled file knows it. */
  readonly chosen?: true;
}

/** What a record has where nothing is said. */
export const RECORD_DEFAULTS = {
  read: 0,
  turns: [],
  value: null,
  finish: null,
  calls: [],
  error: null,
  host: null,
  at: 0,
} satisfies Partial<CellRecord>;

/** First line of a part. */
export interface PartHeader {
  readonly v: typeof RECORD_VERSION;
  readonly kind: 'part' | 'base';
  readonly column: string;
  readonly epoch: number;
  readonly rowGroup: number;
  readonly rows: { readonly first: number; readonly last: number };
  readonly nonce: string;
}

/** A record as it stands in a file: a settled file knows the starts whose output it is. */
export interface StoredRecord extends Omit<CellRecord, 'chosen'> {
  readonly chosenBy?: readonly number[];
}

/** What a record is, whichever file it is copied to. Without calls it is a function of its input. */
export function identityOf({ row, in: digest, status, read, at, calls }: StoredRecord): string {
  const source = calls.length === 0 ? '' : `${at} ${calls.map(({ id }) => id).join()}`;
  return `${row} ${status} ${read} ${digest} ${source}`;
}

/** Whether a cell failed as it crashed the worker again and again: no start tries it again until its input changes. */
export function isCrash({ status, error }: Pick<CellRecord, 'status' | 'error'>): boolean {
  return status === 'failed' && error?.kind === 'CrashedWorker';
}

/** What earlier starts met with cells that were refused, for the next one to know: those first that cells failed for. */
export function refusalsIn(records: readonly CellRecord[]): CellRecord[] {
  return records
    .filter(({ error }) => error?.kind === 'RefusedCall')
    .sort((left, right) => Number(right.counts ?? false) - Number(left.counts ?? false))
    .map((record) => ({ ...record, status: 'retry', calls: [] }));
}

/** What the records of one cell that were made from one input share. */
export function conversationOf({ row, in: digest }: Pick<CellRecord, 'row' | 'in'>): string {
  return `${row} ${digest}`;
}

/**
 * The turns of conversations that nothing has ended: another start replays them. Of one that was started again only the
 * turns since then, and those up to the last result of a tool. Takes records in the order of their age.
 */
export function openTurns<Stored extends Pick<CellRecord, 'row' | 'in' | 'status' | 'error'>>(
  records: readonly Stored[],
  isOfTool: (record: Stored) => boolean,
): Stored[] {
  const open = new Map<string, Stored[]>();
  for (const record of records) {
    const conversation = conversationOf(record);
    const turns = open.get(conversation);
    if (record.status === 'call') {
      if (turns === undefined) open.set(conversation, [record]);
      else turns.push(record);
    } else if (isRestart(record)) {
      // What tools gave stays.
      const last = turns?.findLastIndex(isOfTool) ?? -1;
      turns?.splice(last + 1);
    } else if (record.status === 'ok' || record.status === 'failed') {
      open.delete(conversation);
    }
  }
  return [...open.values()].flat();
}

/** Whether a record has what a tool gave. */
export function hasToolTurn({ turns }: Pick<CellRecord, 'turns'>): boolean {
  return turns.some(({ by }) => by === 'tool');
}

function isRestart({ status, error }: Pick<CellRecord, 'status' | 'error'>): boolean {
  return status === 'retry' && error?.kind === 'UnusableAnswer';
}
