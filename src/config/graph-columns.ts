// A plan as graph and conductor see it.

import type { PreparedLimiter } from '../graph/dataset-conductor.ts';
import type { GraphColumn } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { aliasesOf, modelKeyOf, type Plan, type Settings } from '../plan.ts';

/** The columns of a plan for `ExecutionGraph.create`. Aliases of one provider and model share a limiter. */
export function graphColumns(plan: Plan, settings: Pick<Settings, 'models'>): readonly GraphColumn[] {
  return plan.columns.map((column) => {
    const { name, needs, strategy } = column;
    const keys = aliasesOf(column).map((alias) => modelKeyOf(alias, { plan, settings }));
    return { name, strategy, needs, limiters: [...new Set(keys)] };
  });
}

/** What the calls of a plan's columns stand under, by the keys that `graphColumns` gives. */
export function preparedLimiters(
  plan: Plan,
  settings: Pick<Settings, 'models'>,
): { readonly [key: string]: PreparedLimiter } {
  const limiters: Record<string, PreparedLimiter> = {};
  for (const alias of plan.columns.flatMap(aliasesOf)) {
    const key = modelKeyOf(alias, { plan, settings });
    const known = findOwn(limiters, key);
    const caps = known?.kind === 'model' ? { ...known.caps } : {};
    setOwn(caps, alias, findOwn(settings.models, alias)!.maxParallelRequests);
    setOwn(limiters, key, { kind: 'model', caps });
  }
  return limiters;
}
