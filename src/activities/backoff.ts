import { WaitError } from '../columns/calls.ts';
import type { ModelError } from '../errors.ts';
import { MAX_BLOCKED_MS } from '../models/limiter.ts';

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 15_000;

/**
 * How long cells wait between their tries: as long as a busy endpoint asks, else each time twice as long; within one slice no
 * longer than others would.
 */
export class Backoff {
  #nextMs = FIRST_BACKOFF_MS;
  #waitedMs = 0;

  /** The milliseconds to wait after a failure. Throws `WaitError` where that is too long for a slice. */
  after(error: ModelError): number {
    const { failure, retryAfterMs } = error;
    const isTimed = failure === 'busy' && retryAfterMs !== null;
    const ms = isTimed ? retryAfterMs : Math.max(this.#nextMs, retryAfterMs ?? 0);
    if (this.#waitedMs + ms > MAX_BLOCKED_MS) throw new WaitError(error, ms);
    this.#waitedMs += ms;
    if (!isTimed) this.#nextMs = Math.min(this.#nextMs * 2, MAX_BACKOFF_MS);
    return ms;
  }
}
