// What calls cost. A call is counted once, whatever its record is copied to: its id starts with the nonce of the part
// that first wrote it, and a part counts only calls with its own nonce.

import type { CallRecord } from './records.ts';

export interface CallUsage {
  readonly calls: number;
  /** Calls without a usable HTTP answer. */
  readonly failedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export const NO_USAGE: CallUsage = { calls: 0, failedCalls: 0, promptTokens: 0, completionTokens: 0 };

/** The calls of a record that the part with a nonce was the first to write. */
export function usageOf({ calls }: { readonly calls: readonly CallRecord[] }, nonce: string): CallUsage {
  let sum = NO_USAGE;
  for (const { id, status, promptTokens, completionTokens } of calls) {
    if (!id.startsWith(`${nonce}:`)) continue;
    sum = addUsage(sum, { calls: 1, failedCalls: status === 200 ? 0 : 1, promptTokens, completionTokens });
  }
  return sum;
}

export function addUsage(left: CallUsage, right: CallUsage): CallUsage {
  return {
    calls: left.calls + right.calls,
    failedCalls: left.failedCalls + right.failedCalls,
    promptTokens: left.promptTokens + right.promptTokens,
    completionTokens: left.completionTokens + right.completionTokens,
  };
}

/** Adds parts to those that are counted; of one that two files counted, the count that saw more of it. */
export function mergeUsage(into: Map<string, CallUsage>, more: ReadonlyMap<string, CallUsage>): void {
  for (const [nonce, usage] of more) {
    if ((into.get(nonce)?.calls ?? -1) < usage.calls) into.set(nonce, usage);
  }
}

export function sumUsage(usage: Iterable<CallUsage>): CallUsage {
  return [...usage].reduce(addUsage, NO_USAGE);
}
