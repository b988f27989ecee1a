// A cap on what a dataset may cost counts on the prices of all models that are asked for it.

import { readPrices } from '../models/prices.ts';
import { aliasesOf, modelKeyOf, type Plan, type Settings } from '../plan.ts';
import type { ReadModel } from './validate.ts';

/** Adds to the reports of models that columns ask and that have no price, where there is a cap. */
export async function checkPrices(
  models: readonly ReadModel[],
  { plan, settings }: { readonly plan: Plan; readonly settings: Settings },
): Promise<void> {
  if (settings.maxCostUsd === undefined) return;
  const keys = new Map(
    plan.columns.flatMap(aliasesOf).map((alias) => [alias, modelKeyOf(alias, { plan, settings })]),
  );
  const prices = await readPrices(new Set(keys.values()), settings);
  for (const { alias, config, path, report } of models) {
    const key = keys.get(alias ?? '');
    if (key === undefined || config === null || prices.has(key)) continue;
    const message = `has no known price, and rowloom.max_cost_usd is set: give it one, in dollars per million tokens, as rowloom.prices: {"${config.model}": {input: 0.5, output: 1.5}}`;
    report.add({ path: [...path, 'model'], message });
  }
}
