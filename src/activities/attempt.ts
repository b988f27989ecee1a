import { RowloomError } from '../errors.ts';

/** One attempt at the work of an activity: under Temporal what its context says, in a preview the loop. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** When it was handed out: milliseconds since the epoch. */
  readonly scheduledAtMs: number;
  /** Fires when somebody wants the work to end. */
  readonly isCancelled: AbortSignal;
}

/** Cells of a leftover slice cannot be made yet: the slice is to be tried again, after `retryAfterMs` at the earliest. */
export class LeftoverError extends RowloomError {
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
