// What is traced of a slice in one attempt: each call for each of its cells, and then the slice.

import type { CellKey } from '../columns/calls.ts';
import { RowMask, sizeOf } from '../graph/row-mask.ts';
import type { CallLimiter, Permit } from '../models/waiting-line.ts';
import type { GenerateSliceInput, GenerateSliceResult } from '../protocol.ts';
import type { TaskTrace, TraceLog } from '../store/traces.ts';
import type { Attempt } from './attempt.ts';
import type { Way } from './sending.ts';
import type { SlicePart } from './slice-part.ts';

/** The calls that one `fly` is asked for. */
interface WatchedCalls {
  readonly cells: readonly CellKey[];
  readonly way: Pick<Way, 'key'>;
  readonly part: Pick<SlicePart, 'statusOf'>;
}

type Ended = Pick<TaskTrace, 'status' | 'error'>;

export class SliceTrace {
  readonly #log: TraceLog;
  readonly #task: GenerateSliceInput['task'];
  readonly #slice: Pick<TaskTrace, 'column' | 'rowGroup' | 'firstRow' | 'lastRow' | 'dispatched' | 'started'>;

  /** Its attempt begins now. */
  constructor(log: TraceLog, { rowGroup, task }: GenerateSliceInput, { scheduledAtMs }: Attempt) {
    const { column, rows } = task;
    this.#log = log;
    this.#task = task;
    this.#slice = {
      ...{ column, rowGroup, firstRow: rows.first, lastRow: rows.last },
      dispatched: scheduledAtMs,
      started: Date.now(),
    };
  }

  /** Does the slice's work. */
  async around(make: () => Promise<GenerateSliceResult>): Promise<GenerateSliceResult> {
    try {
      const result = await make();
      this.#addSlice({ status: this.#statusOf(result), error: null });
      return result;
    } catch (error) {
      this.#addSlice({ status: 'failed', error: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  /** The limiter, with each of its permits traced: from when it was asked for until it goes back. */
  watch(limiter: CallLimiter, calls: WatchedCalls): CallLimiter {
    return {
      get answered() {
        return limiter.answered;
      },
      acquire: async (signal): Promise<Permit> => {
        const permitAsked = Date.now();
        const permit = await limiter.acquire(signal);
        const times = { permitAsked, permitAcquired: Date.now() };
        return {
          succeed: () => {
            permit.succeed();
            this.#addCall(calls, times, (row) => ({ status: calls.part.statusOf(row) ?? 'ok', error: null }));
          },
          fail: (error) => {
            permit.fail(error);
            this.#addCall(calls, times, () => ({ status: error.failure, error: error.message }));
          },
        };
      },
    };
  }

  #statusOf({ elsewhere, leftover }: GenerateSliceResult): string {
    if (elsewhere !== null) return 'elsewhere';
    return RowMask.fromHex(this.#task.rows, leftover).isEmpty ? 'ok' : 'leftover';
  }

  #addCall(
    { cells, way }: WatchedCalls,
    times: Pick<TaskTrace, 'permitAsked' | 'permitAcquired'>,
    endOf: (row: number) => Ended,
  ): void {
    const completed = Date.now();
    for (const { row } of cells) {
      const call = { row, ...times, completed, ...endOf(row), model: way.key, cells: cells.length };
      this.#log.add({ ...this.#slice, ...call });
    }
  }

  #addSlice(end: Ended): void {
    const noCall = { row: null, permitAsked: null, permitAcquired: null, model: null };
    const cells = sizeOf(this.#task.rows);
    this.#log.add({ ...this.#slice, ...noCall, completed: Date.now(), ...end, cells });
  }
}
