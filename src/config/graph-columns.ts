// A plan as graph and conductor see it.

import type { DatasetPlan, PreparedLimiter } from '../graph/dataset-conductor.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import type { GraphColumn } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { aliasesOf, isMade, modelKeyOf, type Plan, plainKeyOf, type Settings } from '../plan.ts';

/** The columns of a plan for `ExecutionGraph.create`. Aliases of one provider and model share a limiter. */
export function graphColumns(plan: Plan, settings: Pick<Settings, 'models'>): readonly GraphColumn[] {
  const limitersOf = new Map(
    plan.columns.map(({ name, limiters }) => {
      const keys = limiters.map((ref) =>
        'model' in ref ? modelKeyOf(ref.model, { plan, settings }) : plainKeyOf(ref),
      );
      return [name, [...new Set(keys)]];
    }),
  );
  return withoutLimiters(plan).map((column) => ({ ...column, limiters: limitersOf.get(column.name)! }));
}

/** Their names, each after those that it needs. */
export function columnOrder(plan: Plan): readonly string[] {
  return ExecutionGraph.create(withoutLimiters(plan)).order;
}

function withoutLimiters(plan: Plan): readonly GraphColumn[] {
  const producers = new Map(
    plan.columns.flatMap((column) => column.sideEffects.map(({ name }) => [name, column] as const)),
  );
  // What is read out of a cell may repeat what it was made from: a trace begins with the prompt, which may hold a trace.
  const withTheirs = (needs: readonly string[]): readonly string[] => {
    const all = new Set(needs);
    for (const need of all) for (const theirs of producers.get(need)?.needs ?? []) all.add(theirs);
    return [...all];
  };
  return plan.columns.map(({ name, needs, strategy, sideEffects, inOrder }) => ({
    name,
    strategy,
    needs: withTheirs(needs),
    ...(sideEffects.length > 0 ? { sideEffects: sideEffects.map((side) => side.name) } : {}),
    limiters: [],
    ...(inOrder ? { inOrder } : {}),
  }));
}

/** What the openings of a dataset are planned from. */
export function datasetPlan(
  plan: Plan,
  settings: Pick<Settings, 'rows' | 'models' | 'maxConcurrentRowGroups' | 'sliceSize'>,
): DatasetPlan {
  return {
    sizing: {
      rows: settings.rows,
      rowGroupSize: plan.rowGroupSize,
      cellColumns: plan.columns.filter(isMade).length,
      window: settings.maxConcurrentRowGroups,
      sliceSize: settings.sliceSize,
    },
    limiters: preparedLimiters(plan, settings),
    inOrder: graphColumns(plan, settings).flatMap(({ name, inOrder }) => (inOrder ? name : [])),
  };
}

/** Cells of one such column planned at once. Processes have caps of their own; cells go in lists, many a call. */
const OUTSTANDING = 64;

/** What the calls of a plan's columns stand under, by the keys that `graphColumns` gives. */
function preparedLimiters(plan: Plan, settings: Pick<Settings, 'models'>): DatasetPlan['limiters'] {
  const limiters: Record<string, PreparedLimiter> = {};
  for (const alias of plan.columns.flatMap(aliasesOf)) {
    const key = modelKeyOf(alias, { plan, settings });
    const known = findOwn(limiters, key);
    const caps = known?.kind === 'model' ? { ...known.caps } : {};
    setOwn(caps, alias, findOwn(settings.models, alias)!.maxParallelRequests);
    setOwn(limiters, key, { kind: 'model', caps });
  }
  for (const ref of plan.columns.flatMap((column) => column.limiters)) {
    if (!('model' in ref)) setOwn(limiters, plainKeyOf(ref), { kind: 'fixed', cap: OUTSTANDING });
  }
  return limiters;
}
