// What a build has spent as its calls are made, and the end of it where a cap is reached: then no call starts, and those in
// flight are kept. Processes that share a build hear of one another about once a second, and the sooner the less is left.

import { randomBytes } from 'node:crypto';
import { capReached, dollarsOf, type Prices } from '../models/prices.ts';
import type { ModelPrice, Settings } from '../plan.ts';
import { costOfCall, NO_MODEL } from '../store/call-usage.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import type { CallRecord, CellRecord } from '../store/records.ts';
import { noteSpent, type Spent, spentByOthers } from '../store/spent.ts';

/** Of what is left below a cap, what a process may have spent without the others knowing. */
const UNTOLD_SHARE = 0.05;

export interface SpendingOptions {
  readonly dataset: DatasetStore;
  readonly epoch: number;
  readonly settings: Pick<Settings, 'maxCostUsd' | 'maxTokens' | 'spentBefore'>;
  readonly prices: Prices;
  /** Ends the build with a reason for people, and what has to be done before it can go on. */
  readonly onReached: (what: string, remedy: string) => void;
}

export class Spending {
  readonly #options: SpendingOptions;
  readonly #process = randomBytes(8).toString('hex');
  readonly #own = { dollars: 0, tokens: 0 };
  #others: Spent = { dollars: 0, tokens: 0 };
  /** What the others were told. */
  #noted: Spent = { dollars: 0, tokens: 0 };
  #isLooking = false;

  constructor(options: SpendingOptions) {
    this.#options = options;
  }

  /** By this process in this build. */
  get own(): Spent {
    return this.#own;
  }

  /** Takes the calls of new records. */
  add(records: readonly CellRecord[]): void {
    for (const { calls, status } of records) {
      for (const call of calls) {
        const price = this.#options.prices.get(call.model ?? NO_MODEL);
        if (price !== undefined) this.#own.dollars += dollarsOf(costOfCall(call), price);
        this.#own.tokens += call.promptTokens + call.completionTokens;
        if (status === 'ok' || status === 'call') this.#checkUsage(call, price);
      }
    }
    this.#judge();
    if (this.#isDue()) this.look().catch(() => undefined);
  }

  /** Tells the other processes of the build what this one has spent, and hears of them. To be called about once a second. */
  async look(): Promise<void> {
    const { dataset, epoch, settings } = this.#options;
    if (this.#isLooking || (settings.maxCostUsd === undefined && settings.maxTokens === undefined)) return;
    this.#isLooking = true;
    try {
      const spender = { epoch, process: this.#process };
      const own = { ...this.#own };
      if (own.tokens !== this.#noted.tokens) await noteSpent(dataset, spender, own);
      this.#noted = own;
      this.#others = await spentByOthers(dataset, spender);
      this.#judge();
    } finally {
      this.#isLooking = false;
    }
  }

  /** A cap cannot be held where nobody says what answers take. */
  #checkUsage({ model, promptTokens, completionTokens }: CallRecord, price: ModelPrice | undefined): void {
    const { onReached, settings } = this.#options;
    const cap = settings.maxCostUsd === undefined ? 'max_tokens' : 'max_cost_usd';
    const isCapped = settings.maxCostUsd !== undefined || settings.maxTokens !== undefined;
    const isFree = price?.input === 0 && price.output === 0;
    if (!isCapped || isFree || model === undefined || promptTokens + completionTokens > 0) return;
    onReached(
      `The answers of ${model} do not say how many tokens they take, so ${cap} cannot be kept`,
      'leave it out, or give the model a price of 0 in rowloom.prices',
    );
  }

  /** Whether what the others were not told yet counts beside what is left. */
  #isDue(): boolean {
    const { maxCostUsd = Number.POSITIVE_INFINITY, maxTokens = Number.POSITIVE_INFINITY } =
      this.#options.settings;
    const { dollars, tokens } = this.#sum();
    return (
      this.#own.dollars - this.#noted.dollars > (maxCostUsd - dollars) * UNTOLD_SHARE ||
      this.#own.tokens - this.#noted.tokens > (maxTokens - tokens) * UNTOLD_SHARE
    );
  }

  #sum(): Spent {
    const { spentBefore = { dollars: 0, tokens: 0 } } = this.#options.settings;
    return {
      dollars: spentBefore.dollars + this.#own.dollars + this.#others.dollars,
      tokens: spentBefore.tokens + this.#own.tokens + this.#others.tokens,
    };
  }

  #judge(): void {
    const { onReached, settings } = this.#options;
    const reached = capReached(this.#sum(), settings);
    if (reached !== null) onReached(reached, 'raise it');
  }
}
