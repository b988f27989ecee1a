/** Steps of 5 %. */
const STEP = Math.log(1.05);

/** Quantiles of durations within 5 %, in the memory of a few hundred numbers however many there are. */
export class Durations {
  readonly #weights = new Map<number, number>();
  #total = 0;

  add(ms: number, weight = 1): void {
    const step = ms < 1 ? -1 : Math.round(Math.log(ms) / STEP);
    this.#weights.set(step, (this.#weights.get(step) ?? 0) + weight);
    this.#total += weight;
  }

  /** 0 where there are none. */
  quantile(share: number): number {
    let below = 0;
    for (const [step, weight] of [...this.#weights].sort(([left], [right]) => left - right)) {
      below += weight;
      if (below >= share * this.#total) return step < 0 ? 0 : Math.round(Math.exp(step * STEP));
    }
    return 0;
  }
}
