// `graph`: what depends on what in a document.

import { graphColumns } from '../../config/graph-columns.ts';
import { ExecutionGraph } from '../../graph/execution-graph.ts';
import type { PlanColumn, Strategy } from '../../plan.ts';
import { type DocumentOptions, prepareToLook, shownColumns } from '../wish/prepare-document.ts';

export interface GraphDescription {
  /** Each after all it needs. */
  readonly columns: readonly GraphColumnDescription[];
  /** The longest chain of needs: no build takes fewer steps. */
  readonly longestChain: readonly string[];
  readonly mermaid: string;
}

export interface GraphColumnDescription {
  readonly name: string;
  readonly kind: PlanColumn['kind'];
  readonly strategy: Strategy;
  readonly needs: readonly string[];
  readonly neededBy: readonly string[];
}

/** Describes the graph of a document; no key is needed. Throws `ConfigError`. */
export async function describeGraph(
  options: Omit<DocumentOptions, 'isSimulated'>,
): Promise<GraphDescription> {
  const { plan, settings } = await prepareToLook({ ...options, isSimulated: true });
  const graph = ExecutionGraph.create(graphColumns(plan, settings));
  const known = shownColumns(plan).map(({ name }) => name);
  const shown = graph.order.filter((name) => known.includes(name));
  const kinds = new Map(plan.columns.map(({ name, kind }) => [name, kind]));
  return {
    columns: shown.map((name) => ({
      name,
      kind: kinds.get(name)!,
      strategy: graph.strategyOf(name),
      needs: graph.upstreamOf(name),
      neededBy: graph.downstreamOf(name),
    })),
    longestChain: graph.longestDependencyChain(),
    mermaid: graph.toMermaid(shown, (name) => kinds.get(name)!),
  };
}
