// What is true of a build in one process: its plan, its columns, its dataset. All of it is a cache of the store: a process
// that starts anew opens it again.

import { graphColumns } from '../config/graph-columns.ts';
import { StoreError } from '../errors.ts';
import { type InlineRow, makeInline } from '../generators/inline.ts';
import { openRoots, type Roots } from '../generators/roots.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import type { GraphColumn, PartName, RowRange } from '../graph/types.ts';
import type { Plan, PlanColumn, Settings } from '../plan.ts';
import type { BuildRef } from '../protocol.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { FolderFiles } from '../store/files/folder.ts';
import { identityOf } from '../store/gather.ts';
import type { Base } from '../store/groups.ts';
import type { CachedPart } from '../store/parts.ts';
import type { CellRecord } from '../store/records.ts';
import { BuildCalls } from './build-calls.ts';
import type { ServingProcess } from './process.ts';

export interface Build {
  readonly ref: BuildRef;
  readonly dataset: DatasetStore;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly base: Base;
  readonly graphColumns: readonly GraphColumn[];
  readonly graph: ExecutionGraph;
  readonly inline: InlineRow;
  readonly roots: Roots;
  readonly calls: BuildCalls;
  columnOf(name: string): PlanColumn;
  /** The inline columns that a column's inputs go through, in graph order. */
  inlineUpstreamOf(name: string): readonly string[];
  readPart(part: PartName): Promise<CachedPart>;
  /** Gives up what this process keeps of parts that are folded. */
  forgetParts(names: readonly PartName[]): void;
  /**
   * What this start has of a slice's rows, by row: what earlier attempts wrote, and the turns that `openRowGroup` took
   * over from earlier starts.
   */
  readEarlierParts(column: string, rows: RowRange): Promise<ReadonlyMap<number, readonly CellRecord[]>>;
}

export interface OpenBuildOptions {
  readonly process: ServingProcess;
  /** See `BuildCallsOptions`. */
  readonly onOver: () => void;
}

/** Throws `StoreError` for a build of another store, and what reading the dataset throws. */
export async function openBuild(ref: BuildRef, { process, onOver }: OpenBuildOptions): Promise<Build> {
  const { store, parts } = process;
  if (store.id !== ref.storeId) {
    throw new StoreError(`Cannot work for store ${ref.storeId}: this worker serves the store ${store.id}`);
  }
  const dataset = await store.openDataset(ref.dataset);
  const plan = await dataset.readPlan(ref.planDigest);
  const { settings, base } = await dataset.readEpoch(ref.epoch);
  const columns = graphColumns(plan, settings);
  const graph = ExecutionGraph.create(columns);
  const byName = new Map(plan.columns.map((column) => [column.name, column]));
  return {
    ref,
    dataset,
    plan,
    settings,
    base,
    graphColumns: columns,
    graph,
    inline: makeInline(plan),
    roots: await openRoots({ plan, files: new FolderFiles(dataset.directory) }),
    calls: await BuildCalls.open({ ref, dataset, plan, settings, process, onOver }),
    columnOf(name) {
      const column = byName.get(name);
      if (column === undefined) throw new RangeError(`No column "${name}" in plan ${ref.planDigest}`);
      return column;
    },
    inlineUpstreamOf: (name) => inlineUpstreamOf(graph, name),
    readPart: (part) => parts.read(dataset, part),
    forgetParts(names) {
      for (const name of names) parts.forget(dataset, name);
    },
    async readEarlierParts(column, rows) {
      const names = await dataset.listSliceParts(column, rows);
      const contents = await Promise.all(names.map((name) => parts.read(dataset, name)));
      return recordsByRow(contents, { epoch: ref.epoch, rows });
    },
  };
}

function inlineUpstreamOf(graph: ExecutionGraph, name: string): readonly string[] {
  const found = new Set<string>();
  const walk = (column: string): void => {
    for (const needed of graph.upstreamByStrategy(column).inline) {
      walk(needed);
      found.add(needed);
    }
  };
  walk(name);
  return [...found];
}

/** The records of one start, each once however often it was copied. */
function recordsByRow(
  parts: readonly CachedPart[],
  { epoch, rows }: { readonly epoch: number; readonly rows: RowRange },
): ReadonlyMap<number, readonly CellRecord[]> {
  const found = new Map<number, CellRecord[]>();
  const seen = new Set<string>();
  for (const record of parts
    .filter(({ header }) => header?.epoch === epoch)
    .flatMap(({ records }) => records)) {
    if (record.row < rows.first || record.row > rows.last) continue;
    const identity = identityOf(record);
    if (seen.has(identity)) continue;
    seen.add(identity);
    found.set(record.row, [...(found.get(record.row) ?? []), record]);
  }
  return found;
}
