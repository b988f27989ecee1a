// How many calls of one model are in flight at most, found without being told: DESIGN §11.
//
// doubling
//   Nothing was ever rejected: twice as many after each round of answers at full use.
// steady
//   A rejection has shown what the endpoint takes: what was still in flight. After `gap` answers at full use it is asked
//   for one more.
// probing
//   More than before is in flight. After a round without a rejection more is tried, twice as much and sooner; a rejection
//   makes it `steady` again, with a longer gap.
//
// An answer counts only at full use: with fewer in flight it does not show that the limit is taken.
//
// A rejection with nothing in flight says nothing of how many are taken at once: some of a minute or a day are used up. Half
// of what was taken before may go next, so that minutes follow one another at full use and a closed door is tried by fewer.

const START = 16;
const MIN_GAP = 40;
const MAX_GAP = 200;
/** With fewer in flight than these a gap is shorter in proportion: answers take longer to gather. */
const GAP_CALLS = 8;

type State =
  | { readonly is: 'doubling' }
  | { readonly is: 'steady'; readonly gap: number }
  | { readonly is: 'probing'; readonly gap: number; readonly step: number };

export class CallLimit {
  #max: number;
  /** Beyond `#max`, what may be taken once that is raised. */
  #found = START;
  /** The most since a pause that were let go without a rejection. */
  #peak = START;
  #answers = 0;
  #state: State = { is: 'doubling' };

  /** `max_parallel_requests`. */
  constructor(max: number) {
    this.#max = max;
  }

  get max(): number {
    return this.#max;
  }

  get calls(): number {
    return Math.min(this.#max, this.#found);
  }

  setMax(max: number): void {
    this.#max = max;
  }

  /** A call was answered; `inFlight` counts it. */
  answered(inFlight: number): void {
    if (this.#found >= this.#max || inFlight < this.#found) return;
    this.#answers += 1;
    if (this.#answers < this.#awaited()) return;
    this.#answers = 0;
    this.#raise();
  }

  /** A call was rejected for their number; `inFlight` are served still. */
  rejected(inFlight: number): void {
    this.#answers = 0;
    if (inFlight === 0) {
      this.#peak = Math.max(1, Math.floor(Math.min(this.#max, this.#peak) / 2));
      this.#found = this.#peak;
      this.#state = { is: 'steady', gap: MIN_GAP };
      return;
    }
    const { is, gap } = this.#state.is === 'doubling' ? { is: 'doubling', gap: MIN_GAP } : this.#state;
    this.#state = { is: 'steady', gap: is === 'probing' ? Math.min(MAX_GAP, gap * 2) : gap };
    this.#found = Math.min(this.calls, inFlight);
  }

  /** Answers at full use until more is tried. */
  #awaited(): number {
    if (this.#state.is !== 'steady') return this.#found;
    return Math.ceil(this.#state.gap * Math.min(1, this.#found / GAP_CALLS));
  }

  #raise(): void {
    const state = this.#state;
    if (state.is === 'doubling') this.#found *= 2;
    else {
      const step = state.is === 'probing' ? Math.min(state.step * 2, this.#found) : 1;
      const gap = state.is === 'probing' ? Math.max(MIN_GAP, Math.floor(state.gap / 2)) : state.gap;
      this.#state = { is: 'probing', gap, step };
      this.#found += step;
    }
    this.#peak = Math.max(this.#peak, this.#found);
  }
}
