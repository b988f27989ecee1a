// A plan as the graph sees it.

import type { GraphColumn } from '../graph/types.ts';
import { isModelColumn, modelKeyOf, type Plan, type Settings, strategyOf } from '../plan.ts';

/** The columns of a plan for `ExecutionGraph.create`. Aliases of one provider and model share a model key. */
export function graphColumns(plan: Plan, settings: Pick<Settings, 'models'>): readonly GraphColumn[] {
  return plan.columns.map((column) => {
    const { name, needs } = column;
    const base = { name, strategy: strategyOf(column), needs };
    return isModelColumn(column) ? { ...base, model: modelKeyOf(column.alias, { plan, settings }) } : base;
  });
}
