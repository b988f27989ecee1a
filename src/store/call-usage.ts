// What calls cost, in calls and tokens, by who was asked. A call is counted once, whatever its record is copied to: its id
// starts with the nonce of the part that first wrote it, and a part counts only calls with its own nonce.

import type { CallRecord } from './records.ts';

export interface Cost {
  readonly calls: number;
  /** Calls without a usable HTTP answer. */
  readonly failedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of the prompt tokens those that the provider had in its cache. */
  readonly cachedTokens: number;
  /** Of the completion tokens those of reasoning. */
  readonly reasoningTokens: number;
}

/** By model, see `modelKeyOf`; under {@link NO_MODEL} calls to what is none. */
export type CallUsage = { readonly [model: string]: Cost };

export const NO_MODEL = '';

export const NO_COST: Cost = {
  calls: 0,
  failedCalls: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
};

export function addCosts(costs: Iterable<Cost>): Cost {
  const sum = { ...NO_COST };
  for (const cost of costs) add(sum, cost);
  return sum;
}

function add(sum: { -readonly [field in keyof Cost]: Cost[field] }, cost: Cost): void {
  sum.calls += cost.calls;
  sum.failedCalls += cost.failedCalls;
  sum.promptTokens += cost.promptTokens;
  sum.completionTokens += cost.completionTokens;
  sum.cachedTokens += cost.cachedTokens;
  sum.reasoningTokens += cost.reasoningTokens;
}

/** All of it together, whoever was asked. */
export function costOf(...usages: readonly CallUsage[]): Cost {
  return addCosts(usages.flatMap((usage) => Object.values(usage)));
}

/** Whether there was any call. */
export function isPaid(usage: CallUsage): boolean {
  return costOf(usage).calls > 0;
}

export function addUsage(usages: Iterable<CallUsage>): CallUsage {
  const sum = new UsageSum();
  for (const usage of usages) for (const [model, cost] of Object.entries(usage)) sum.add(model, cost);
  return sum.usage;
}

export function usageOf(calls: readonly CallRecord[]): CallUsage {
  const sum = new UsageSum();
  for (const call of calls) sum.addCall(call);
  return sum.usage;
}

/** Adds up in place: a scan has a million records. */
export class UsageSum {
  readonly #sums = new Map<string, { -readonly [field in keyof Cost]: Cost[field] }>();

  add(model: string, cost: Cost): void {
    const sum = this.#sums.get(model);
    if (sum === undefined) this.#sums.set(model, { ...cost });
    else add(sum, cost);
  }

  addCall(call: CallRecord): void {
    this.add(call.model ?? NO_MODEL, costOfCall(call));
  }

  get usage(): CallUsage {
    return Object.fromEntries(this.#sums);
  }
}

export function costOfCall({ status, promptTokens, completionTokens, cached, reasoning }: CallRecord): Cost {
  return {
    calls: 1,
    failedCalls: status === 200 ? 0 : 1,
    promptTokens,
    completionTokens,
    cachedTokens: cached ?? 0,
    reasoningTokens: reasoning ?? 0,
  };
}

/** Adds parts to those that are counted; of one that two files counted, the count that saw more of it. */
export function mergeUsage(into: Map<string, CallUsage>, more: ReadonlyMap<string, CallUsage>): void {
  for (const [nonce, usage] of more) {
    if (costOf(into.get(nonce) ?? {}).calls < costOf(usage).calls) into.set(nonce, usage);
  }
}
