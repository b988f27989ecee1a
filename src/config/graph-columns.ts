// A plan as the graph sees it.

import type { GraphColumn } from '../graph/types.ts';
import { isModelColumn, type Plan, type Settings, strategyOf } from '../plan.ts';

/** The columns of a plan for `ExecutionGraph.create`. Aliases of one provider and model share a model key. */
export function graphColumns(plan: Plan, settings: Pick<Settings, 'models'>): readonly GraphColumn[] {
  return plan.columns.map((column) => {
    const { name, needs } = column;
    const base = { name, strategy: strategyOf(column), needs };
    if (!isModelColumn(column)) return base;
    const model = plan.models[column.alias];
    const provider = settings.models[column.alias]?.provider;
    if (model === undefined || provider === undefined) {
      throw new RangeError(`Cannot ask model "${column.alias}": the plan has none of that alias`);
    }
    return { ...base, model: `${provider}/${model.model}` };
  });
}
