// The records of cells while they are made: what those of this start say, and new ones.

import type { CellKey, Draft, Sent } from '../columns/calls.ts';
import { type CallRecord, type CellRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../store/records.ts';
import type { Way } from './sending.ts';

export interface CellRecordsOptions {
  /** Of what reads the records. */
  readonly readVersion: number;
  /** A cell's records of this start, in any order. */
  historyOf(cell: CellKey): readonly CellRecord[];
  /** Writes records, in one write: when it resolves a killed process does not lose them. */
  append(records: readonly CellRecord[]): Promise<void>;
  nextCallId(): string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What the records of a cell say. */
interface Known {
  /** Those that count. */
  tries: number;
  /** What an earlier start met: a refusal that ended it, or one that the cell failed for. */
  refusedBefore: 'all' | 'cell' | null;
  lastAt: number;
}

export class CellRecords {
  readonly #options: CellRecordsOptions;
  readonly #known = new Map<number, Known>();

  constructor(options: CellRecordsOptions) {
    this.#options = options;
  }

  of(cell: CellKey): Readonly<Known> {
    return this.#of(cell);
  }

  /** One draft a cell; the call, if one was made, is counted in the first. */
  async write(
    cells: readonly CellKey[],
    drafts: readonly Draft[],
    { call, host }: { readonly call: CallRecord | null; readonly host: string | null },
  ): Promise<void> {
    if (drafts.length !== cells.length)
      throw new RangeError(`${drafts.length} records for ${cells.length} cells`);
    const { append, now, readVersion } = this.#options;
    const records = drafts.map((draft, index): CellRecord => {
      const cell = cells[index]!;
      return {
        ...RECORD_DEFAULTS,
        v: RECORD_VERSION,
        row: cell.row,
        in: cell.digest,
        read: readVersion,
        host,
        // Its place among the records of several parts, so later than what it follows though the clock was set back.
        at: Math.max(now(), this.#of(cell).lastAt + 1),
        ...draft,
        calls: call !== null && index === 0 ? [call] : [],
      };
    });
    await append(records);
    for (const [index, record] of records.entries()) learn(this.#of(cells[index]!), record);
  }

  /** Numbers a call that has ended. */
  callOf(
    cost: NonNullable<Sent<unknown>['cost']>,
    startedAt: number,
    { key, model }: Pick<Way, 'key' | 'model'>,
  ): CallRecord {
    const { promptTokens, completionTokens, status, cachedTokens, reasoningTokens } = cost;
    const { nextCallId, now } = this.#options;
    return {
      ...{ id: nextCallId(), promptTokens, completionTokens, status, ms: now() - startedAt },
      ...(model === null ? {} : { model: key }),
      ...(cachedTokens ? { cached: cachedTokens } : {}),
      ...(reasoningTokens ? { reasoning: reasoningTokens } : {}),
    };
  }

  #of(cell: CellKey): Known {
    const found = this.#known.get(cell.row);
    if (found !== undefined) return found;
    const known: Known = { tries: 0, refusedBefore: null, lastAt: Number.NEGATIVE_INFINITY };
    for (const record of this.#options.historyOf(cell)) learn(known, record);
    this.#known.set(cell.row, known);
    return known;
  }
}

function learn(known: Known, { error, counts, at }: CellRecord): void {
  known.lastAt = Math.max(known.lastAt, at);
  if (error?.kind === 'RefusedCall')
    known.refusedBefore = counts === true ? 'cell' : (known.refusedBefore ?? 'all');
  else if (counts === true) known.tries += 1;
}
