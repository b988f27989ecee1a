// What one row group starts next: the same code under Temporal, in `preview` and in the simulator.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
//   C1. All columns share the ranges of rows; the ready cells of one column and range go as one slice. A column made
//       as a whole has one range, the row group.
//   C2. A ready cell waits for a free place only, never for other cells of its range.
//   C3. Early rows first, and of those the columns that stand deepest in the graph: rows end one after the other, so
//       that a build that is stopped has whole rows to show.
//   C4. At most `maxSlicesInFlight` slices that are no leftovers, and `maxSlicesWithLeftovers` in all; leftovers first.
//   C5. At most `maxCells` cells outstanding under each limiter of a column, but always one slice: a share may be smaller.
//   C6. A leftover keeps its range. Its cells count as in flight for the tracker until they are made or dropped.
//   C7. The state follows from an OpenedRowGroup, so nothing has to be carried over a restart.

import { findOwn } from '../own-keys.ts';
import { CompletionTracker, type FrontierDelta } from './completion-tracker.ts';
import type { ExecutionGraph } from './execution-graph.ts';
import { rowsOfSlice, sliceCount } from './row-groups.ts';
import { RowMask, sizeOf } from './row-mask.ts';
import type {
  ConductorLimits,
  Mask,
  OpenedRowGroup,
  PartName,
  RowRange,
  SliceResult,
  SliceTask,
} from './types.ts';

/** Cells of one column; the sum is the rows of the group. */
export interface ColumnProgress {
  readonly made: number;
  readonly inFlight: number;
  readonly pending: number;
  /** Cells that were not made before their row was dropped. */
  readonly dropped: number;
}

export interface RowGroupProgress {
  readonly rows: number;
  readonly completeRows: number;
  readonly droppedRows: number;
  /** Stored columns, in graph order. */
  readonly columns: { readonly [column: string]: ColumnProgress };
}

interface Lane {
  readonly column: string;
  readonly limiters: readonly string[];
  /** Rows of its slices. */
  readonly sliceRows: number;
  /** Slice numbers that may have ready cells; one that has none any more is cleared when it is looked at. */
  readonly readySlices: RowMask;
}

interface ColumnParts {
  readonly sliceRows: number;
  readonly base: { readonly part: PartName; readonly made: RowMask } | null;
  /** Parts with cells of each slice of this run, by slice number. */
  readonly bySlice: PartName[][];
  /** The part found at opening, then every part of this run in order of arrival. */
  readonly all: PartName[];
}

interface Slice {
  readonly column: string;
  readonly cells: RowMask;
}

/** Conducts one row group from what exists to all cells made or dropped. Methods throw `RangeError` for a wrong call. */
export class GroupConductor {
  readonly rows: RowRange;
  readonly #graph: ExecutionGraph;
  #limits: ConductorLimits;
  readonly #tracker: CompletionTracker;
  /** Columns that are dispatched, deepest first. */
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #parts: ReadonlyMap<string, ColumnParts>;
  readonly #inFlight = new Map<SliceTask, Slice>();
  readonly #outstanding = new Map<string, number>();
  #regularInFlight = 0;
  #leftovers: Slice[] = [];
  #isStopped = false;

  /** Throws `RangeError` when a root cell of a live row is missing: nothing could ever make it. */
  constructor(options: { graph: ExecutionGraph; opened: OpenedRowGroup; limits: ConductorLimits }) {
    const { graph, opened, limits } = options;
    this.rows = opened.rows;
    this.#graph = graph;
    this.#limits = limits;
    this.#tracker = CompletionTracker.open(graph, opened);
    const root = graph.storedColumns.find(
      (name) => graph.strategyOf(name) === 'root' && !this.#tracker.isColumnComplete(name),
    );
    if (root !== undefined) {
      throw new RangeError(`Cannot conduct rows ${sliceLabel(this.rows)}: root column "${root}" is not made`);
    }
    this.#lanes = this.#createLanes();
    this.#parts = new Map(graph.storedColumns.map((name) => [name, this.#createParts(name, opened)]));
    this.#noteReady({ added: this.#tracker.frontier(), removed: [] });
  }

  /** The slices to start now, marked as dispatched. Empty once stopped, and when all places are taken. */
  next(): readonly SliceTask[] {
    const tasks: SliceTask[] = [];
    while (!this.#isStopped) {
      const task = this.#nextLeftover() ?? this.#nextSlice();
      if (task === undefined) break;
      tasks.push(task);
    }
    return tasks;
  }

  /**
   * Takes the result of a task that `next` returned. Throws `RangeError` for any other task and for a result that
   * does not name each cell of the task exactly once.
   */
  finished(task: SliceTask, result: SliceResult): void {
    const slice = this.#inFlight.get(task);
    if (slice === undefined) {
      throw new RangeError(`Cannot finish a slice of column "${task.column}" that is not in flight`);
    }
    const made = RowMask.fromHex(task.rows, result.made);
    const dropped = RowMask.fromHex(task.rows, result.dropped);
    const leftover = RowMask.fromHex(task.rows, result.leftover);
    checkResult(slice, [made, dropped, leftover]);
    this.#inFlight.delete(task);
    if (!task.isLeftover) this.#regularInFlight -= 1;
    this.#addOutstanding(task.column, -slice.cells.count);
    if (result.part !== null) this.#addPart(task, { part: result.part, made });
    if (!leftover.isEmpty) this.#leftovers.push({ column: task.column, cells: leftover });
    this.#noteReady(this.#tracker.dropRows(dropped));
    this.#noteReady(this.#tracker.markSlice(task.column, made));
    this.#forgetDroppedLeftovers();
  }

  /** Takes back a task that was cancelled before it gave a result: its cells are still to be made. */
  cancelled(task: SliceTask): void {
    const none = RowMask.empty(task.rows).toHex();
    this.finished(task, { part: null, made: none, dropped: none, leftover: task.mask, afterMs: null });
  }

  /** Changes what C5 allows; cells over it are left to end. */
  setMaxCells(maxCells: ConductorLimits['maxCells']): void {
    this.#limits = { ...this.#limits, maxCells };
  }

  /** Starts nothing more, for good. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Slices in flight. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Whether nothing is in flight and nothing is left to start. */
  get isDone(): boolean {
    return this.#inFlight.size === 0 && (this.#isStopped || this.isComplete);
  }

  /** Whether every cell is made or dropped. */
  get isComplete(): boolean {
    return this.#tracker.isRowGroupComplete;
  }

  /** The rows that were dropped. */
  get dropped(): Mask {
    return this.#tracker.dropped().toHex();
  }

  /**
   * Every part of every stored column, those that hold failed cells alone too: the base part, then in order of arrival.
   * Where several hold a cell the last one counts.
   */
  parts(): { readonly [column: string]: readonly PartName[] } {
    return Object.fromEntries([...this.#parts].map(([column, { all }]) => [column, [...all]]));
  }

  /** The parts of every stored column that `column` needs, those only that hold cells of `rows`. */
  partsFor(column: string, rows: RowRange): { readonly [column: string]: readonly PartName[] } {
    const parts = this.#graph.storedUpstreamOf(column).map((needed): [string, readonly PartName[]] => {
      const { base, bySlice, sliceRows } = this.#parts.get(needed)!;
      const from = this.#sliceNumber(rows.first, sliceRows);
      const slices = bySlice.slice(from, this.#sliceNumber(rows.last, sliceRows) + 1).flat();
      return [needed, base === null || base.made.slice(rows).isEmpty ? slices : [base.part, ...slices]];
    });
    return Object.fromEntries(parts);
  }

  /** What is done and what is not. Costs a few words for each column. */
  progress(): RowGroupProgress {
    const rows = sizeOf(this.rows);
    const dropped = this.#tracker.dropped();
    const columns = this.#graph.storedColumns.map((column): [string, ColumnProgress] => {
      const complete = this.#tracker.complete(column);
      const lost = dropped.clone();
      lost.andNot(complete);
      const counts = { made: complete.count, inFlight: this.#cellsInFlight(column), dropped: lost.count };
      return [column, { ...counts, pending: rows - counts.made - counts.inFlight - counts.dropped }];
    });
    return {
      rows,
      completeRows: this.#tracker.completeRows().count,
      droppedRows: dropped.count,
      columns: Object.fromEntries(columns),
    };
  }

  #createLanes(): ReadonlyMap<string, Lane> {
    const lanes = this.#graph.storedColumns
      .filter((name) => this.#graph.strategyOf(name) !== 'root')
      .map((column): [string, Lane] => {
        const sliceRows = this.#sliceRowsOf(column);
        const slices = { first: 0, last: sliceCount(this.rows, sliceRows) - 1 };
        const { limiters } = this.#graph.column(column);
        return [column, { column, limiters, sliceRows, readySlices: RowMask.empty(slices) }];
      })
      .sort(([one], [other]) => this.#graph.depthOf(other) - this.#graph.depthOf(one));
    return new Map(lanes);
  }

  #createParts(column: string, opened: OpenedRowGroup): ColumnParts {
    const { part } = findOwn(opened.columns, column)!;
    // Not what the store holds but what the tracker took of it: an incomplete barrier is made again as a whole.
    const made = this.#tracker.complete(column);
    return {
      sliceRows: this.#sliceRowsOf(column),
      base: part === null ? null : { part, made },
      bySlice: Array.from({ length: sliceCount(this.rows, this.#sliceRowsOf(column)) }, () => []),
      all: part === null ? [] : [part],
    };
  }

  #sliceRowsOf(column: string): number {
    return this.#graph.strategyOf(column) === 'column' ? sizeOf(this.rows) : this.#limits.sliceRows;
  }

  #sliceNumber(row: number, sliceRows: number): number {
    return Math.floor((row - this.rows.first) / sliceRows);
  }

  #nextLeftover(): SliceTask | undefined {
    if (this.#inFlight.size >= this.#limits.maxSlicesWithLeftovers) return undefined;
    const index = this.#leftovers.findIndex((slice) => this.#hasRoomFor(slice));
    const [slice] = index < 0 ? [] : this.#leftovers.splice(index, 1);
    return slice === undefined ? undefined : this.#start(slice, { isLeftover: true });
  }

  #nextSlice(): SliceTask | undefined {
    if (this.#inFlight.size >= this.#limits.maxSlicesWithLeftovers) return undefined;
    if (this.#regularInFlight >= this.#limits.maxSlicesInFlight) return undefined;
    let best: Slice | undefined;
    for (const lane of this.#lanes.values()) {
      const slice = this.#firstReady(lane);
      if (slice === undefined || !this.#hasRoomFor(slice)) continue;
      if (best === undefined || slice.cells.range.first < best.cells.range.first) best = slice;
    }
    if (best === undefined) return undefined;
    this.#tracker.markDispatched(best.column, best.cells);
    return this.#start(best, { isLeftover: false });
  }

  #firstReady({ column, sliceRows, readySlices }: Lane): Slice | undefined {
    for (let index = readySlices.findFirst(); index !== undefined; index = readySlices.findFirst()) {
      const cells = this.#tracker.ready(column, rowsOfSlice(index, { rows: this.rows, sliceRows }));
      if (!cells.isEmpty) return { column, cells };
      readySlices.clear(index);
    }
    return undefined;
  }

  #hasRoomFor({ column, cells }: Slice): boolean {
    return this.#lanes.get(column)!.limiters.every((limiter) => {
      const outstanding = this.#outstanding.get(limiter) ?? 0;
      const max = findOwn(this.#limits.maxCells, limiter) ?? Number.POSITIVE_INFINITY;
      return outstanding === 0 || outstanding + cells.count <= max;
    });
  }

  #start(slice: Slice, { isLeftover }: { isLeftover: boolean }): SliceTask {
    const { column, cells } = slice;
    const rows = cells.range;
    const task = { column, rows, mask: cells.toHex(), isLeftover, parts: this.partsFor(column, rows) };
    this.#inFlight.set(task, slice);
    if (!isLeftover) this.#regularInFlight += 1;
    this.#addOutstanding(column, cells.count);
    return task;
  }

  #addOutstanding(column: string, cells: number): void {
    for (const limiter of this.#lanes.get(column)!.limiters)
      this.#outstanding.set(limiter, (this.#outstanding.get(limiter) ?? 0) + cells);
  }

  #addPart(task: SliceTask, { part, made }: { part: PartName; made: RowMask }): void {
    const { all, bySlice, sliceRows } = this.#parts.get(task.column)!;
    all.push(part);
    if (!made.isEmpty) bySlice[this.#sliceNumber(task.rows.first, sliceRows)]!.push(part);
  }

  #noteReady({ added }: FrontierDelta): void {
    for (const { column, row } of added) {
      const { readySlices, sliceRows } = this.#lanes.get(column)!;
      readySlices.set(this.#sliceNumber(row, sliceRows));
    }
  }

  #forgetDroppedLeftovers(): void {
    this.#leftovers = this.#leftovers
      .map(({ column, cells }) => ({ column, cells: this.#tracker.wanted(column, cells) }))
      .filter(({ cells }) => !cells.isEmpty);
  }

  /** Cells whose row was dropped meanwhile are not counted: they are dropped already. */
  #cellsInFlight(column: string): number {
    let count = 0;
    for (const slice of this.#inFlight.values()) {
      if (slice.column !== column) continue;
      const cells = slice.cells.clone();
      cells.andNot(this.#tracker.dropped());
      count += cells.count;
    }
    return count;
  }
}

function checkResult({ column, cells }: Slice, parts: readonly RowMask[]): void {
  const named = RowMask.empty(cells.range);
  for (const part of parts) named.or(part);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  if (!named.equals(cells) || count !== cells.count) {
    throw new RangeError(
      `Cannot take the result for column "${column}", rows ${sliceLabel(cells.range)}: it does not name each cell once`,
    );
  }
}

function sliceLabel({ first, last }: RowRange): string {
  return `${first}-${last}`;
}
