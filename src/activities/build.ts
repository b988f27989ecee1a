// What is true of a build in one process: its plan, its columns, its dataset. All of it is a cache of the store: a process
// that starts anew opens it again.

import type { OpenCells } from '../columns/open-columns.ts';
import { graphColumns } from '../config/graph-columns.ts';
import { StoreError } from '../errors.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import { type DatasetShape, rowsOfGroup } from '../graph/row-groups.ts';
import type { GraphColumn, PartName, RowRange } from '../graph/types.ts';
import { type Functions, openFunctions } from '../modules/functions.ts';
import { readModule, type UserModule } from '../modules/stored-modules.ts';
import { personaFolder } from '../personas/persona-file.ts';
import type { Plan, PlanColumn, Settings } from '../plan.ts';
import type { BuildRef } from '../protocol.ts';
import { areAsRead } from '../rows/file-reads.ts';
import { type OpenRows, openRows } from '../rows/open-rows.ts';
import type { SeedSource } from '../seeds/seed-source.ts';
import { listCellFiles } from '../store/cell-files.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { Edition } from '../store/editions.ts';
import type { CachedPart } from '../store/part-cache.ts';
import { type CellRecord, identityOf } from '../store/records.ts';
import { TraceLog } from '../store/traces.ts';
import { BuildCalls } from './build-calls.ts';
import type { ServingProcess } from './process.ts';

export interface Build extends OpenRows {
  readonly ref: BuildRef;
  readonly dataset: DatasetStore;
  readonly plan: Plan;
  readonly settings: Settings;
  /** The rows asked for, and how many stand in a group. */
  readonly shape: DatasetShape;
  /** The output that this build makes. */
  readonly edition: Edition;
  readonly graphColumns: readonly GraphColumn[];
  readonly graph: ExecutionGraph;
  readonly calls: BuildCalls;
  /** Null where nobody asked for them. */
  readonly traces: TraceLog | null;
  readonly onRowGroup: ServingProcess['onRowGroup'];
  columnOf(name: string): PlanColumn;
  /** What makes the cells of a column. Throws `TypeError` for a column that has none of its own. */
  makerOf(name: string): OpenCells;
  /** A module of the dataset, read once. */
  moduleOf(hash: string): Promise<UserModule>;
  /** Runs processors. */
  readonly functions: Functions;
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
  /** See `OpenRowsOptions`. */
  readonly seedSource?: SeedSource | null;
}

/** What a build is opened from, in hand. */
export type BuildContent = Pick<Build, 'ref' | 'dataset' | 'plan' | 'settings'>;

/** Throws `StoreError` for a build of another store, and what reading the dataset throws. */
export async function openBuild(ref: BuildRef, options: OpenBuildOptions): Promise<Build> {
  const { store } = options.process;
  if (store.id !== ref.storeId) {
    throw new StoreError(`Cannot work for store ${ref.storeId}: this worker serves the store ${store.id}`);
  }
  const dataset = await store.openDataset(ref.dataset);
  const plan = await dataset.readPlan(ref.planDigest);
  const { settings } = await dataset.readEpoch(ref.epoch);
  return makeBuild({ ref, dataset, plan, settings }, options);
}

/** Throws what reading the dataset throws. */
export async function makeBuild(
  { ref, dataset, plan, settings }: BuildContent,
  { process, onOver, seedSource = null }: OpenBuildOptions,
): Promise<Build> {
  const { parts } = process;
  const columns = graphColumns(plan, settings);
  const graph = ExecutionGraph.create(columns);
  const shape = { rows: settings.rows, rowGroupSize: plan.rowGroupSize };
  const modules = new Map<string, Promise<UserModule>>();
  function moduleOf(hash: string): Promise<UserModule> {
    const module = modules.get(hash) ?? readModule(dataset.files, hash);
    modules.set(hash, module);
    return module;
  }
  const functions = openFunctions({ moduleOf, limiter: process.threads });
  const rows = await openRows({
    ...{ plan, order: graph.order, functions, files: dataset.files, seedSource },
    personaFolder: personaFolder({ environment: process.environment }),
  });
  const { digests } = rows;
  const byName = new Map(plan.columns.map((column) => [column.name, column]));
  const opened = new Map(rows.assembler.columns.map((open) => [open.column.name, open]));
  function columnOf(name: string): PlanColumn {
    const column = byName.get(name);
    if (column === undefined) throw new RangeError(`No column "${name}" in plan ${ref.planDigest}`);
    return column;
  }
  return {
    ref,
    dataset,
    plan,
    settings,
    shape,
    edition: new Edition(dataset, {
      ...ref,
      digestOf: (rowGroup) => digests.groupDigest(rowsOfGroup(rowGroup, shape)),
      isAsRead: ({ reads }) => areAsRead(reads, rows.local),
      keepsIn: (rowGroup) => digests.keeps(rowsOfGroup(rowGroup, shape)),
    }),
    ...rows,
    graphColumns: columns,
    graph,
    traces: settings.isTraced === true ? new TraceLog(dataset, ref.epoch) : null,
    calls: await BuildCalls.open({ ref, dataset, plan, settings, process, onOver }),
    onRowGroup: process.onRowGroup,
    columnOf,
    makerOf(name) {
      const open = opened.get(columnOf(name).name)!;
      if (open.shape !== 'cells') throw new TypeError(`Cannot make cells of column "${name}"`);
      return open;
    },
    moduleOf,
    functions,
    inlineUpstreamOf: (name) => inlineUpstreamOf(graph, name),
    readPart: (part) => parts.read(dataset, part),
    forgetParts(names) {
      for (const name of names) parts.forget(dataset, name);
    },
    async readEarlierParts(column, rows) {
      const rowGroup = Math.floor(rows.first / plan.rowGroupSize);
      const files = (await listCellFiles(dataset, { column, rowGroup })).filter(
        (file) =>
          file.epoch === ref.epoch &&
          file.rows !== null &&
          file.rows.first <= rows.last &&
          rows.first <= file.rows.last,
      );
      return recordsByRow(await Promise.all(files.map(({ name }) => parts.read(dataset, name))), rows);
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

/** The records of some rows, each once however often it was copied. */
function recordsByRow(
  parts: readonly CachedPart[],
  rows: RowRange,
): ReadonlyMap<number, readonly CellRecord[]> {
  const found = new Map<number, CellRecord[]>();
  const seen = new Set<string>();
  for (const record of parts.flatMap(({ records }) => records)) {
    if (record.row < rows.first || record.row > rows.last) continue;
    const identity = identityOf(record);
    if (seen.has(identity)) continue;
    seen.add(identity);
    found.set(record.row, [...(found.get(record.row) ?? []), record]);
  }
  return found;
}
