// Who may make a call of what is no model: to a remote validator, in a worker thread, on a queue of the user's. At most so
// many at once, in the order they asked; how calls end changes nothing.

import { cancelled } from './failures.ts';
import { ANYBODY, type Asker, type CallLimiter, type Permit, WaitingLine } from './waiting-line.ts';

export class PlainLimiter implements CallLimiter {
  #max: number;
  #inFlight = 0;
  #answered = 0;
  readonly #line = new WaitingLine();

  constructor(max: number) {
    this.#max = max;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Waits for its turn. Rejects with `ModelError` `cancelled` when `signal` fires or the asker may not start. */
  acquire(signal: AbortSignal, asker: Asker = ANYBODY): Promise<Permit> {
    if (signal.aborted) return Promise.reject(cancelled());
    const permit = this.#line.join(signal, asker);
    this.#pump();
    return permit;
  }

  /** Changes the cap while calls run; those over it end as they are. */
  setMax(max: number): void {
    this.#max = max;
    this.#pump();
  }

  #pump(): void {
    this.#line.serve(
      () => this.#inFlight < this.#max,
      () => this.#permit(),
    );
  }

  #permit(): Permit {
    this.#inFlight += 1;
    const end = (answered: number) => {
      this.#inFlight -= 1;
      this.#answered += answered;
      this.#pump();
    };
    return { succeed: () => end(1), fail: () => end(0) };
  }
}
