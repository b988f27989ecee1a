// What calls cost. A call is counted once, whatever its record is copied to: its id starts with the nonce of the part
// that first wrote it, and a part counts only calls with its own nonce.

import { sumCosts } from '../graph/totals.ts';
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
  const counted = calls.filter(({ id }) => id.startsWith(`${nonce}:`));
  return sumCosts(
    counted.map(({ status, ...tokens }) => ({ ...tokens, calls: 1, failedCalls: status === 200 ? 0 : 1 })),
  );
}

/** Adds parts to those that are counted; of one that two files counted, the count that saw more of it. */
export function mergeUsage(into: Map<string, CallUsage>, more: ReadonlyMap<string, CallUsage>): void {
  for (const [nonce, usage] of more) {
    if ((into.get(nonce)?.calls ?? -1) < usage.calls) into.set(nonce, usage);
  }
}
