// Where the time of a build went, from its traces. Pure: traces in, numbers out.
//
//   S1. Times are added up over cells: a slice of 25 rows that waits a second makes 25 cells wait a second.
//   S2. A cell's time is queued (handed out by the workflow, no worker had begun), waiting for permits, calling, and the
//       rest, until its last call ended: reading rows, making prompts, pauses between tries, writing.
//   S3. A call for several cells counts once, its time for each of them.

import type { StoredTrace } from '../../store/traces.ts';
import { Durations } from './durations.ts';

/** Milliseconds, added up over cells. */
export interface TraceTimes {
  readonly queuedMs: number;
  readonly waitingMs: number;
  readonly callingMs: number;
  readonly restMs: number;
}

export interface ModelTrace {
  /** The limiter's key: `provider/model`, or what else is asked. */
  readonly model: string;
  readonly calls: number;
  readonly waitingMs: number;
  readonly callingMs: number;
  /** Of one call, with its permit, to within 5 %. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface ColumnTrace extends TraceTimes {
  readonly column: string;
  /** Attempts at cells: one that was begun again after a crash counts twice. */
  readonly cells: number;
  readonly models: readonly ModelTrace[];
}

/** One slice, with the cell of it that ended last. Times are milliseconds since the first trace of its start. */
export interface TraceStep extends TraceTimes {
  readonly column: string;
  readonly rowGroup: number;
  readonly rows: { readonly first: number; readonly last: number };
  /** Null where no call was made. */
  readonly lastRow: number | null;
  /** Between the end of what it waited for and its being handed out. */
  readonly heldMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface StartTrace {
  readonly start: number;
  /** Milliseconds since the epoch, UTC. */
  readonly at: number;
  /** From its first trace to its last. */
  readonly tookMs: number;
  readonly columns: readonly ColumnTrace[];
  /** The slice that ended last, after that which it waited for, and so on; the first comes first. */
  readonly criticalPath: readonly TraceStep[];
}

export interface TraceGraph {
  /** The columns whose cells have to be there before one of its own is made. */
  upstreamOf(column: string): readonly string[];
  /** Whether a column is made in the order of its rows. */
  isInOrder(column: string): boolean;
}

/** Of one start, traces in any order in which those of a slice come before the slice's own. */
export class StartSummary {
  readonly #start: number;
  readonly #graph: TraceGraph;
  readonly #columns = new Map<string, OpenColumn>();
  readonly #open = new Map<string, OpenSlice>();
  readonly #slices: Slice[] = [];
  #first = Number.POSITIVE_INFINITY;
  #last = 0;

  constructor(start: number, graph: TraceGraph) {
    this.#start = start;
    this.#graph = graph;
  }

  add(trace: StoredTrace): void {
    const { column, firstRow, dispatched, started, completed, row } = trace;
    this.#first = Math.min(this.#first, dispatched);
    this.#last = Math.max(this.#last, completed);
    const key = JSON.stringify([column, firstRow, dispatched, started]);
    const slice = this.#open.get(key) ?? { trace, cells: new Map() };
    this.#open.set(key, slice);
    if (row === null) {
      this.#open.delete(key);
      this.#end({ ...slice, trace });
    } else this.#addCall(slice, { ...trace, row });
  }

  end(): StartTrace {
    // Nothing tells when a slice ended whose process was killed or is at work.
    for (const slice of this.#open.values()) this.#end(slice);
    this.#open.clear();
    return {
      start: this.#start,
      at: this.#first,
      tookMs: this.#last - this.#first,
      columns: [...this.#columns].map(([column, open]) => columnTrace(column, open)),
      criticalPath: criticalPath(this.#slices, this.#graph, this.#first),
    };
  }

  #columnOf(column: string): OpenColumn {
    const found = this.#columns.get(column) ?? { ...noTimes(), cells: 0, models: new Map() };
    this.#columns.set(column, found);
    return found;
  }

  #addCall({ cells }: OpenSlice, trace: StoredTrace & { readonly row: number }): void {
    const { permitAsked, permitAcquired, completed } = trace;
    if (permitAsked === null || permitAcquired === null) return;
    const [waitingMs, callingMs] = [permitAcquired - permitAsked, completed - permitAcquired];
    const cell = cells.get(trace.row) ?? { waitingMs: 0, callingMs: 0, endedAt: 0 };
    cell.waitingMs += waitingMs;
    cell.callingMs += callingMs;
    cell.endedAt = Math.max(cell.endedAt, completed);
    cells.set(trace.row, cell);
    const { models } = this.#columnOf(trace.column);
    const key = trace.model ?? '';
    const model = models.get(key) ?? { calls: 0, waitingMs: 0, callingMs: 0, durations: new Durations() };
    models.set(key, model);
    model.calls += 1 / trace.cells;
    model.waitingMs += waitingMs;
    model.callingMs += callingMs;
    model.durations.add(callingMs, 1 / trace.cells);
  }

  #end({ trace, cells }: OpenSlice): void {
    const { column, rowGroup, firstRow, lastRow, dispatched, started, completed } = trace;
    const sum = this.#columnOf(column);
    const queuedMs = Math.max(0, started - dispatched);
    let [latest, latestRow]: [Times & { endedAt: number }, number | null] = [NO_CALL, null];
    for (const [row, cell] of cells) {
      addTimes(sum, timesOf(cell, { queuedMs, started }));
      if (cell.endedAt > latest.endedAt) [latest, latestRow] = [cell, row];
    }
    if (cells.size === 0)
      addTimes(sum, { queuedMs, waitingMs: 0, callingMs: 0, restMs: completed - started });
    sum.cells += cells.size;
    const rows = { first: firstRow, last: lastRow };
    const times = timesOf({ ...latest, endedAt: completed }, { queuedMs, started });
    this.#slices.push({ column, rowGroup, rows, lastRow: latestRow, ...times, dispatched, completed });
  }
}

/** What is known of a cell's calls. */
interface Times {
  waitingMs: number;
  callingMs: number;
}

const NO_CALL = { waitingMs: 0, callingMs: 0, endedAt: 0 };

interface OpenSlice {
  readonly trace: StoredTrace;
  readonly cells: Map<number, Times & { endedAt: number }>;
}

interface OpenColumn extends Record<keyof TraceTimes, number> {
  cells: number;
  readonly models: Map<string, Times & { calls: number; readonly durations: Durations }>;
}

interface Slice extends Omit<TraceStep, 'heldMs' | 'fromMs' | 'untilMs'> {
  readonly dispatched: number;
  readonly completed: number;
}

function noTimes(): Record<keyof TraceTimes, number> {
  return { queuedMs: 0, waitingMs: 0, callingMs: 0, restMs: 0 };
}

/** Calls of one cell may overlap: then there is no rest. */
function timesOf(
  { waitingMs, callingMs, endedAt }: Times & { readonly endedAt: number },
  { queuedMs, started }: { readonly queuedMs: number; readonly started: number },
): TraceTimes {
  const restMs = Math.max(0, endedAt - started - waitingMs - callingMs);
  return { queuedMs, waitingMs, callingMs, restMs };
}

function addTimes(sum: Record<keyof TraceTimes, number>, times: TraceTimes): void {
  sum.queuedMs += times.queuedMs;
  sum.waitingMs += times.waitingMs;
  sum.callingMs += times.callingMs;
  sum.restMs += times.restMs;
}

function columnTrace(column: string, { models, cells, ...times }: OpenColumn): ColumnTrace {
  return {
    column,
    cells,
    ...times,
    models: [...models].map(([model, { calls, waitingMs, callingMs, durations }]) => ({
      ...{ model, calls: Math.round(calls), waitingMs, callingMs },
      ...{ p50Ms: durations.quantile(0.5), p95Ms: durations.quantile(0.95) },
    })),
  };
}

function criticalPath(slices: readonly Slice[], graph: TraceGraph, first: number): readonly TraceStep[] {
  const byColumn = new Map<string, Slice[]>();
  for (const slice of slices) {
    const own = byColumn.get(slice.column);
    if (own === undefined) byColumn.set(slice.column, [slice]);
    else own.push(slice);
  }
  const path: TraceStep[] = [];
  let slice = latestOf(slices);
  while (slice !== undefined) {
    const { dispatched, completed, ...step } = slice;
    const before = latestOf(blockersOf(slice, byColumn, graph));
    path.unshift({
      ...step,
      heldMs: dispatched - (before?.completed ?? first),
      fromMs: dispatched - first,
      untilMs: completed - first,
    });
    slice = before;
  }
  return path;
}

/** What had ended when a slice was handed out, and without which it could not be. */
function blockersOf(
  slice: Slice,
  byColumn: ReadonlyMap<string, readonly Slice[]>,
  graph: TraceGraph,
): readonly Slice[] {
  const hasEnded = ({ completed, dispatched }: Slice) =>
    completed <= slice.dispatched && dispatched < slice.dispatched;
  const of = (column: string) => (byColumn.get(column) ?? []).filter(hasEnded);
  const needed = graph
    .upstreamOf(slice.column)
    .flatMap(of)
    .filter((other) => overlaps(other, slice));
  const before = of(slice.column).filter(
    (other) =>
      overlaps(other, slice) || (graph.isInOrder(slice.column) && other.rows.last < slice.rows.first),
  );
  return [...needed, ...before];
}

function overlaps(one: Slice, other: Slice): boolean {
  return one.rows.first <= other.rows.last && other.rows.first <= one.rows.last;
}

function latestOf(slices: readonly Slice[]): Slice | undefined {
  let latest: Slice | undefined;
  for (const slice of slices) if (latest === undefined || slice.completed > latest.completed) latest = slice;
  return latest;
}
