import { StoreError } from '../errors.ts';
import type { ColumnTotals } from '../protocol.ts';
import type { PartWriter } from '../store/parts.ts';
import type { CellRecord } from '../store/records.ts';

/** The part that one attempt at a slice writes, with what its records come to. */
export class SlicePart {
  readonly #part: PartWriter;
  readonly #onBroken: (error: StoreError) => void;
  readonly #statuses = new Map<number, CellRecord['status']>();
  #usage = { made: 0, failed: 0, calls: 0, failedCalls: 0, promptTokens: 0, completionTokens: 0 };

  /** `onBroken` is called before an append fails. */
  constructor(part: PartWriter, onBroken: (error: StoreError) => void) {
    this.#part = part;
    this.#onBroken = onBroken;
  }

  /** Null while nothing was written. */
  get name(): string | null {
    return this.#part.isEmpty ? null : this.#part.name;
  }

  get usage(): ColumnTotals {
    return this.#usage;
  }

  /** Of the row's last record. */
  statusOf(row: number): CellRecord['status'] | undefined {
    return this.#statuses.get(row);
  }

  nextCallId(): string {
    return this.#part.nextCallId();
  }

  /** Written, in one write, when it resolves. Throws `StoreError`. */
  async append(records: readonly CellRecord[]): Promise<void> {
    if (records.length === 0) return;
    try {
      await this.#part.append(...records);
    } catch (error) {
      if (error instanceof StoreError) this.#onBroken(error);
      throw error;
    }
    for (const record of records) this.#add(record);
  }

  close(): Promise<void> {
    return this.#part.close();
  }

  #add({ row, status, calls }: CellRecord): void {
    const usage = this.#usage;
    this.#statuses.set(row, status);
    if (status === 'ok') usage.made += 1;
    if (status === 'failed') usage.failed += 1;
    for (const call of calls) {
      usage.calls += 1;
      if (call.status !== 200) usage.failedCalls += 1;
      usage.promptTokens += call.promptTokens;
      usage.completionTokens += call.completionTokens;
    }
  }
}
