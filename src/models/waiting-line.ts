// Those who wait for a permit, in the order they came. What is told of them costs the same however many they are.

import type { ModelError } from '../errors.ts';
import { allowManyListeners } from '../signals.ts';
import { cancelled } from './failures.ts';

/** The right to make one call. Exactly one of its methods is called, once, when the call has ended. */
export interface Permit {
  /** The endpoint answered. */
  succeed(): void;
  fail(error: ModelError): void;
}

/** What one cell sees of a limiter. */
export interface CallLimiter {
  /** Waits for its turn. Rejects with `ModelError`, `cancelled` when `signal` fires. */
  acquire(signal: AbortSignal): Promise<Permit>;
  /** Calls answered so far: more than before tells that somebody is answered. */
  readonly answered: number;
}

/** On whose behalf calls are made: one build. */
export interface Asker {
  /** Asked before each permit; when it is false, whoever waits for this asker is sent away. */
  readonly mayStart: () => boolean;
}

export const ANYBODY: Asker = { mayStart: () => true };

interface Waiter {
  readonly asker: Asker;
  readonly grant: (permit: Permit) => void;
  readonly reject: (error: ModelError) => void;
  isGone: boolean;
}

/** Fewer places than these are not worth moving the line. */
const MIN_SERVED = 64;

export class WaitingLine {
  #waiters: Waiter[] = [];
  /** Places before this one have been served. */
  #head = 0;
  #gone = 0;

  /** Who waits still. */
  get length(): number {
    return this.#waiters.length - this.#head - this.#gone;
  }

  join(signal: AbortSignal, asker: Asker): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiter.isGone = true;
        this.#gone += 1;
        reject(cancelled());
      };
      const ending =
        <Item>(end: (item: Item) => void) =>
        (item: Item) => {
          signal.removeEventListener('abort', onAbort);
          end(item);
        };
      const waiter: Waiter = { asker, grant: ending(resolve), reject: ending(reject), isGone: false };
      allowManyListeners(signal);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Gives permits from the front as long as `mayCall` says so. Whoever's asker may not start is sent away. */
  serve(mayCall: () => boolean, permitFor: (asker: Asker) => Permit): void {
    while (this.#head < this.#waiters.length) {
      const { asker, isGone, grant, reject } = this.#waiters[this.#head]!;
      if (!isGone && !mayCall()) return;
      this.#shift();
      if (isGone) this.#gone -= 1;
      else if (asker.mayStart()) grant(permitFor(asker));
      else reject(cancelled());
    }
  }

  /** Of all, or those of one asker. */
  sendAway(error: ModelError, only?: Asker): void {
    const waiters = this.#waiters.slice(this.#head).filter(({ isGone }) => !isGone);
    const isMeant = ({ asker }: Waiter) => only === undefined || asker === only;
    this.#waiters = waiters.filter((waiter) => !isMeant(waiter));
    this.#head = 0;
    this.#gone = 0;
    for (const waiter of waiters) if (isMeant(waiter)) waiter.reject(error);
  }

  #shift(): void {
    this.#head += 1;
    // Each waiter is moved once on average, so that a permit costs the same however many wait.
    if (this.#head > MIN_SERVED && this.#head * 2 > this.#waiters.length) {
      this.#waiters = this.#waiters.slice(this.#head);
      this.#head = 0;
    }
  }
}
