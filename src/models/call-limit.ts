// How many calls of one model are in flight at most, under its cap: a 429 takes a quarter off, once for a burst of them, and
// each SUCCESSES_PER_INCREASE answers add one.

const DECREASE = 0.75;
const SUCCESSES_PER_INCREASE = 25;

export class CallLimit {
  #max: number;
  #calls: number;
  #successes = 0;
  #lastCutAt = Number.NEGATIVE_INFINITY;

  /** `max_parallel_requests`. */
  constructor(max: number) {
    this.#max = max;
    this.#calls = max;
  }

  get max(): number {
    return this.#max;
  }

  get calls(): number {
    return this.#calls;
  }

  setMax(max: number): void {
    this.#calls = this.#calls === this.#max ? max : Math.min(this.#calls, max);
    this.#max = max;
  }

  answered(): void {
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_INCREASE) return;
    this.#successes = 0;
    this.#calls = Math.min(this.#max, this.#calls + 1);
  }

  /** Of a call that began then. */
  rejected(startedAt: number, now: number): void {
    // Calls of one burst were all sent before the first of them came back.
    if (startedAt <= this.#lastCutAt) return;
    this.#lastCutAt = now;
    this.#calls = Math.max(1, Math.floor(this.#calls * DECREASE));
    this.#successes = 0;
  }
}
