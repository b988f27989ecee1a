// What the activities of a build share in one process: its plan, its models, its gate. All of it is a cache of the store:
// a process that starts anew opens it again.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  QueryRejectedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { graphColumns } from '../config/graph-columns.ts';
import { BuildError, StoreError } from '../errors.ts';
import { type InlineRow, makeInline } from '../generators/inline.ts';
import { openRoots, type Roots } from '../generators/roots.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import type { GraphColumn, PartName, RowRange } from '../graph/types.ts';
import { createModels, type Models, type ModelsOptions } from '../models/models.ts';
import type { Plan, PlanColumn, Settings } from '../plan.ts';
import { type BuildRef, type Control, datasetWorkflowId, QUERY, SAME_COMMAND, UPDATE } from '../protocol.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { FolderFiles } from '../store/files/folder.ts';
import { identityOf } from '../store/gather.ts';
import type { Base } from '../store/groups.ts';
import type { CachedPart, PartCache } from '../store/parts.ts';
import type { CellRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import type { Company } from './company.ts';
import { createFlights, type Flights } from './flights.ts';
import { createGate, type Gate } from './gate.ts';
import { createOutcomes, type Outcomes } from './outcomes.ts';

/** A server that is started again answers within about two seconds. */
const TELL_AGAIN_MS = 500;
/** Several times what a server takes that is started again. One that is silent for longer may share our full disk. */
const MAX_UNHEARD_MS = 10_000;
/** Room to end tidily: to write the complete rows, and for a Temporal server on the same disk to be told. */
const MIN_FREE_BYTES = 8 * 1024 * 1024;

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
  readonly models: Models;
  readonly gate: Gate;
  readonly outcomes: Outcomes;
  readonly attempts: Attempts;
  readonly flights: Flights;
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
  /**
   * Ends the build with a reason for people, and what they have to do before the same command can go on: no new calls
   * from now on, complete rows are written.
   */
  stop(reason: string, remedy?: string): void;
  dispose(): void;
}

export interface OpenBuildOptions {
  readonly store: Store;
  readonly client: Client;
  readonly environment: NodeJS.ProcessEnv;
  readonly connect?: ModelsOptions['connect'];
  readonly parts: PartCache;
  readonly company: Company;
  /** Endpoints that have answered this process: they need no probe. */
  readonly proved: readonly string[];
  /** The build is to stop and its workflow cannot be told. */
  readonly onUnheard: (error: BuildError) => void;
  /** Told about once a second once the workflow has ended or a newer build has the dataset. */
  readonly onOver: () => void;
}

/** Throws `StoreError` for a build of another store, and what reading the dataset throws. */
export async function openBuild(ref: BuildRef, options: OpenBuildOptions): Promise<Build> {
  const { store, client, environment, connect, parts, company, proved, onUnheard, onOver } = options;
  if (store.id !== ref.storeId) {
    throw new StoreError(`Cannot work for store ${ref.storeId}: this worker serves the store ${store.id}`);
  }
  const dataset = await store.openDataset(ref.dataset);
  const plan = await dataset.readPlan(ref.planDigest);
  const { settings, base } = await dataset.readEpoch(ref.epoch);
  const columns = graphColumns(plan, settings);
  const graph = ExecutionGraph.create(columns);
  const byName = new Map(plan.columns.map((column) => [column.name, column]));
  const workflow = client.workflow.getHandle(datasetWorkflowId(ref));
  const isFenced = () => dataset.hasNewerEpoch(ref.epoch);
  const mayStart = () => gate.state === 'open';
  let isStopping = false;
  let isDisposed = false;

  function stop(what: string, remedy?: string): void {
    const reason = remedy === undefined ? what : `${what} · ${remedy}, ${SAME_COMMAND}`;
    gate.close();
    if (isStopping) return;
    isStopping = true;
    // Who kills it now has lost patience.
    flights.dispose();
    const isOver = () => isDisposed || isFenced();
    void tellStop(workflow, { reason, isOver, onUnheard });
  }

  async function askControl(): Promise<Control> {
    try {
      return await workflow.query<Control>(QUERY.control);
    } catch (error) {
      if (error instanceof QueryRejectedError || error instanceof WorkflowNotFoundError) onOver();
      throw error;
    }
  }

  async function checkSpace(): Promise<void> {
    const freeBytes = await dataset.files.freeBytes(dataset.directory);
    if (freeBytes >= MIN_FREE_BYTES) return;
    const left = `${Math.floor(freeBytes / 1024 / 1024)} of the ${MIN_FREE_BYTES / 1024 / 1024} MB that a build keeps free`;
    stop(`Cannot write "${dataset.directory}": the disk is full, ${left} are left`);
  }

  const flights = await createFlights({
    ...{ dataset, epoch: ref.epoch, company, mayStart },
    onBroken: ({ message }) => stop(message),
  });
  const gate = createGate({
    askControl,
    isFenced,
    onTick() {
      if (isFenced()) onOver();
      void checkSpace();
    },
    onControl({ limits }) {
      for (const [alias, max] of Object.entries(limits.maxParallelRequests)) models.setMax(alias, max);
      const silent = models.waitedFor().find(({ givesUpInMs }) => givesUpInMs <= 0);
      if (silent !== undefined) {
        const { model, host, silentMs, why } = silent;
        const lasted = `has accepted no call for ${Math.round(silentMs / 1_000)} s`;
        stop(`Model "${model}" at ${host} ${lasted}: ${why}`, 'see that it answers');
      }
    },
  });
  const models = createModels({
    ...{ plan, settings, environment, proved, mayStart },
    ...(connect === undefined ? {} : { connect }),
  });

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
    models,
    gate,
    outcomes: createOutcomes({ settings, onTooManyFailures: (reason) => stop(reason, 'correct what fails') }),
    attempts: createAttempts(),
    flights,
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
    stop,
    dispose() {
      isDisposed = true;
      gate.dispose();
      flights.dispose();
      void models.close();
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

/**
 * Until the parent has heard it: with the gate closed for good nothing else would ever end the build. The parent of a
 * newer build, which has the same workflow id, must not hear it.
 */
async function tellStop(
  workflow: WorkflowHandle,
  {
    reason,
    isOver,
    onUnheard,
  }: Pick<OpenBuildOptions, 'onUnheard'> & { readonly reason: string; readonly isOver: () => boolean },
): Promise<void> {
  const giveUp = () => onUnheard(new BuildError(`${reason} · the Temporal server did not take the stop`));
  const timer = setTimeout(giveUp, MAX_UNHEARD_MS);
  while (!isOver()) {
    try {
      await workflow.executeUpdate(UPDATE.stop, { args: [reason] });
      break;
    } catch {
      await sleep(TELL_AGAIN_MS, undefined, { ref: false });
    }
  }
  clearTimeout(timer);
}
