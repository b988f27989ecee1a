// `graph`: what depends on what in a document.

import { datasetPlan, graphColumns } from '../../config/graph-columns.ts';
import { DatasetConductor } from '../../graph/dataset-conductor.ts';
import { ExecutionGraph } from '../../graph/execution-graph.ts';
import type { GraphColumn } from '../../graph/types.ts';
import { type PlanColumn, type Strategy, shownColumns } from '../../plan.ts';
import { type DocumentOptions, prepareToLook } from '../wish/prepare-document.ts';

const DEFAULT_ROWS = 1_000;

export interface GraphOptions extends Omit<DocumentOptions, 'isSimulated'> {
  /** The rows that tasks are counted for; 1,000 by default. */
  readonly rows?: number;
}

export interface GraphDescription {
  /** Each after all it needs. */
  readonly columns: readonly GraphColumnDescription[];
  /** The longest chain of needs: no build takes fewer steps. */
  readonly longestChain: readonly string[];
  readonly rows: number;
  readonly rowGroups: number;
  /** Rows that a task of a column makes which is made cell by cell. */
  readonly sliceRows: number;
  readonly mermaid: string;
}

export interface GraphColumnDescription {
  readonly name: string;
  readonly kind: PlanColumn['kind'];
  readonly strategy: Strategy;
  /** The strategy in words. */
  readonly how: string;
  readonly needs: readonly string[];
  readonly neededBy: readonly string[];
  /** Columns that it also makes. */
  readonly sideEffects: readonly string[];
  /** Temporal activities in an undisturbed build. */
  readonly tasks: number;
}

/** Describes the graph of a document; no key is needed. Throws `ConfigError`. */
export async function describeGraph({
  rows = DEFAULT_ROWS,
  ...options
}: GraphOptions): Promise<GraphDescription> {
  const { plan, settings } = await prepareToLook({ ...options, isSimulated: true });
  const graph = ExecutionGraph.create(graphColumns(plan, settings));
  const { rowGroupSize } = plan;
  const rowGroups = Math.ceil(rows / rowGroupSize);
  const { sliceRows } = limitsOf(datasetPlan(plan, { ...settings, rows }), rowGroups);
  const tasks = graph.taskCounts({ rows, rowGroupSize, sliceRows });
  const known = shownColumns(plan).map(({ name }) => name);
  const shown = graph.order.filter((name) => known.includes(name));
  const kinds = new Map(plan.columns.map(({ name, kind }) => [name, kind]));
  return {
    columns: shown.map((name) => ({
      name,
      kind: kinds.get(name)!,
      strategy: graph.strategyOf(name),
      how: howMade(graph.column(name)),
      needs: graph.upstreamOf(name),
      neededBy: graph.downstreamOf(name),
      sideEffects: graph.column(name).sideEffects ?? [],
      tasks: tasks.get(name)!,
    })),
    longestChain: graph.longestDependencyChain(),
    ...{ rows, rowGroups, sliceRows },
    mermaid: graph.toMermaid(shown, (name) => kinds.get(name)!),
  };
}

/** How its groups would be opened. */
function limitsOf(plan: ReturnType<typeof datasetPlan>, rowGroups: number) {
  const conductor = new DatasetConductor();
  const groups = [{ first: 0, last: rowGroups - 1 }];
  conductor.prepare({ ...plan, groups, trustedRows: 0, trustedDrops: 0 });
  return conductor.next()[0]!.limits;
}

function howMade({ strategy, gathers, inOrder }: GraphColumn): string {
  switch (strategy) {
    case 'root':
      return 'drawn at the start of each row group';
    case 'inline':
      return 'computed where it is needed';
    case 'cell':
      return gathers ? 'one call a cell, all together once every row has what it needs' : 'one call a cell';
    case 'column':
      return inOrder
        ? 'once for each row group, one group after the other'
        : 'once for each row group, over all its rows';
  }
}
