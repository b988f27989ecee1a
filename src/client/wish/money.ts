// What a dataset has cost in dollars, as far as the prices of its models are known, and what a wish would cost.

import { type Prices, readPrices, type Spent, spentOf } from '../../models/prices.ts';
import { findOwn } from '../../own-keys.ts';
import type { ModelPrice, Settings } from '../../plan.ts';
import { type CallUsage, costOf } from '../../store/call-usage.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import { readUsage } from '../../store/usage.ts';
import type { CellCounts, ColumnCount } from './count-cells.ts';

export type UsageByColumn = { readonly [column: string]: CallUsage };

/** What a wish is told of before anything is paid. */
export interface Money {
  /** Of all starts so far. */
  readonly usage: UsageByColumn;
  readonly prices: Prices;
  readonly spent: Spent;
}

/**
 * The prices of all models that were ever asked: as the settings have them, and of those that they no longer know as the
 * newest start that knew them had them.
 */
export async function pricesOf(
  dataset: DatasetStore,
  usage: UsageByColumn,
  settings: Settings | undefined,
): Promise<Prices> {
  const prices = new Map<string, ModelPrice>();
  const unpriced = () => spentOf(Object.values(usage), prices).unpriced;
  const learn = async (from: Settings | undefined) => {
    if (from === undefined) return;
    for (const [model, price] of await readPrices(unpriced(), from)) prices.set(model, price);
  };
  await learn(settings);
  for (let epoch = await dataset.newestEpoch(); epoch > 0 && unpriced().length > 0; epoch -= 1)
    await learn((await dataset.findEpoch(epoch))?.settings);
  return prices;
}

export async function readMoney(dataset: DatasetStore | null, settings: Settings): Promise<Money> {
  if (dataset === null) return { usage: {}, prices: new Map(), spent: { dollars: 0, unpriced: [] } };
  const usage = await readUsage(dataset);
  const prices = await pricesOf(dataset, usage, settings);
  return { usage, prices, spent: spentOf(Object.values(usage), prices) };
}

/** What a cap counts on; none where there is no cap. */
export function spentBefore(settings: Settings, { usage, spent }: Money): Pick<Settings, 'spentBefore'> {
  if (settings.maxCostUsd === undefined && settings.maxTokens === undefined) return {};
  const { promptTokens, completionTokens } = costOf(...Object.values(usage));
  return { spentBefore: { dollars: spent.dollars, tokens: promptTokens + completionTokens } };
}

/**
 * What cells would cost if each cost as much as those of its column have so far; null where that is not known of one of
 * the columns. `numberOf`: of a column's cells those that count.
 */
export function expectedDollars(
  { columns }: CellCounts,
  { usage, prices }: Money,
  numberOf: (count: ColumnCount) => number,
): number | null {
  let sum = 0;
  for (const [name, count] of Object.entries(columns)) {
    const cells = count.costs ? numberOf(count) : 0;
    if (cells === 0) continue;
    const paid = findOwn(usage, name) ?? {};
    const { dollars, unpriced } = spentOf([paid], prices);
    const { calls, failedCalls } = costOf(paid);
    if (dollars === 0 || unpriced.length > 0) return null;
    sum += (dollars / (calls - failedCalls)) * cells;
  }
  return sum === 0 ? null : sum;
}
