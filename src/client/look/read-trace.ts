// `trace`: where the time of a dataset's builds went, from the store alone, while a build goes on too.

import { graphColumns } from '../../config/graph-columns.ts';
import { ExecutionGraph } from '../../graph/execution-graph.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import { readTraces } from '../../store/traces.ts';
import { type DatasetPlace, findDataset } from '../wish/find-dataset.ts';
import { StartSummary, type StartTrace, type TraceGraph } from './trace-summary.ts';

export interface DatasetTrace {
  readonly name: string;
  /** Those that were traced, ascending. */
  readonly starts: readonly StartTrace[];
}

/** Throws `StoreError` where there is no such dataset. */
export async function readTrace(place: DatasetPlace): Promise<DatasetTrace> {
  const dataset = await findDataset(place);
  const starts: StartTrace[] = [];
  let open: { readonly start: number; readonly summary: StartSummary } | undefined;
  for await (const trace of readTraces(dataset)) {
    if (open?.start !== trace.start) {
      if (open !== undefined) starts.push(open.summary.end());
      open = {
        start: trace.start,
        summary: new StartSummary(trace.start, await graphOf(dataset, trace.start)),
      };
    }
    open.summary.add(trace);
  }
  if (open !== undefined) starts.push(open.summary.end());
  return { name: dataset.name, starts };
}

async function graphOf(dataset: DatasetStore, start: number): Promise<TraceGraph> {
  const { planDigest, settings } = await dataset.readEpoch(start);
  const plan = await dataset.readPlan(planDigest);
  const graph = ExecutionGraph.create(graphColumns(plan, settings));
  const inOrder = plan.columns.filter((column) => column.inOrder).map(({ name }) => name);
  return {
    upstreamOf: (column) => graph.storedUpstreamOf(column),
    isInOrder: (column) => inOrder.includes(column),
  };
}
