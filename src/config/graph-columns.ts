// A plan as the graph sees it.

import type { GraphColumn } from '../graph/types.ts';
import { aliasesOf, modelKeyOf, type Plan, type Settings } from '../plan.ts';

/** The columns of a plan for `ExecutionGraph.create`. Aliases of one provider and model share a model key. */
export function graphColumns(plan: Plan, settings: Pick<Settings, 'models'>): readonly GraphColumn[] {
  return plan.columns.map((column) => {
    const { name, needs, strategy } = column;
    const [alias] = aliasesOf(column);
    return {
      ...{ name, strategy, needs },
      ...(alias === undefined ? {} : { model: modelKeyOf(alias, { plan, settings }) }),
    };
  });
}
