// What one row group starts next: the same code under Temporal, in `preview` and in the simulator.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
// A slice is one of three:
//
//   in flight  `next` gave it, and its result is not here. It has a place, and its cells are outstanding.
//   left over  it ended with cells that are still to be made: they go as a slice of their own, before all others
//   held       the same, but nobody need look at them before a time: `release` makes them a leftover. No place is taken.
//
//   C1. All columns share the ranges of rows; the ready cells of one column and range go as one slice. A column that
//       gathers, as one made as a whole does, has one range: the row group.
//   C2. A ready cell waits for a free place only, never for other cells of its range.
//   C3. Early rows first, and of those the columns that stand deepest in the graph: rows end one after the other, so
//       that a build that is stopped has whole rows to show.
//   C4. At most `maxSlicesInFlight` slices that are no leftovers, and `maxSlicesWithLeftovers` in all; leftovers first.
//   C5. At most `maxCells` cells outstanding under each limiter of a column, but always one slice, which may be larger, and
//       none at 0. A column that gathers needs no more than a little room: beside others it would never find enough.
//   C6. A leftover keeps its range. Its cells count as in flight for the tracker until they are made or dropped.
//   C7. A column made as a whole is left over as a whole: its maker needs all its rows to know what the cells are.
//   C8. The state follows from an OpenedRowGroup, so nothing has to be carried over a restart.
//   C9. A column in order runs when its group has the place, which the dataset's conductor gives to one group at a time.

import { CompletionTracker, type FrontierDelta } from './completion-tracker.ts';
import type { ExecutionGraph } from './execution-graph.ts';
import { GroupParts } from './group-parts.ts';
import { LimiterRoom } from './limiter-room.ts';
import { placeOf, rowsOfSlice, sliceCount } from './row-groups.ts';
import { RowMask, sizeOf } from './row-mask.ts';
import type {
  ColumnProgress,
  ConductorLimits,
  Mask,
  OpenedRowGroup,
  PartName,
  RowGroupProgress,
  RowRange,
  SliceResult,
  SliceTask,
} from './types.ts';

interface Lane {
  readonly column: string;
  /** With its place, where it is a column in order. */
  readonly limiters: readonly string[];
  readonly gathers: boolean;
  /** Rows of its slices. */
  readonly sliceRows: number;
  /** Slice numbers that may have ready cells; one that has none any more is cleared when it is looked at. */
  readonly readySlices: RowMask;
}

interface Slice {
  readonly column: string;
  readonly cells: RowMask;
}

/** Conducts one row group from what exists to all cells made or dropped. Methods throw `RangeError` for a wrong call. */
export class GroupConductor {
  readonly rows: RowRange;
  readonly parts: GroupParts;
  readonly #graph: ExecutionGraph;
  readonly #limits: ConductorLimits;
  readonly #room: LimiterRoom;
  readonly #tracker: CompletionTracker;
  /** Columns that are dispatched, deepest first. */
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #inFlight = new Map<SliceTask, Slice>();
  #regularInFlight = 0;
  #leftovers: Slice[] = [];
  /** By the task that they are left of. */
  readonly #held = new Map<SliceTask, Slice>();
  #isStopped = false;

  /** Throws `RangeError` when a root cell of a live row is missing: nothing could ever make it. */
  constructor(options: { graph: ExecutionGraph; opened: OpenedRowGroup; limits: ConductorLimits }) {
    const { graph, opened, limits } = options;
    this.rows = opened.rows;
    this.#graph = graph;
    this.#limits = limits;
    this.#room = new LimiterRoom(limits.maxCells);
    this.#tracker = CompletionTracker.open(graph, opened);
    const root = graph.storedColumns.find(
      (name) => graph.strategyOf(name) === 'root' && !this.#tracker.isColumnComplete(name),
    );
    if (root !== undefined) {
      throw new RangeError(
        `Cannot conduct rows ${opened.rows.first}-${opened.rows.last}: root column "${root}" is not made`,
      );
    }
    this.#lanes = this.#createLanes();
    this.parts = new GroupParts({
      ...{ graph, opened },
      adopted: (column) => this.#tracker.complete(column),
      sliceRowsOf: (column) => this.#sliceRowsOf(column),
    });
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

  /** Takes the result of a task that `next` returned. Throws `RangeError` for any other, and where it is silent about a cell. */
  finished(task: SliceTask, result: SliceResult): void {
    const slice = this.#inFlight.get(task);
    if (slice === undefined) throw notInFlight(task);
    const { column, rows } = task;
    const dropped = RowMask.fromHex(rows, result.dropped);
    let made = RowMask.fromHex(rows, result.made);
    let leftover = RowMask.fromHex(rows, result.leftover);
    checkResult(slice, { made, dropped, leftover });
    if (this.#graph.strategyOf(column) === 'column' && !leftover.isEmpty) {
      made = RowMask.empty(rows);
      leftover = slice.cells;
    } else this.#noteEnds(column, { made, dropped });
    this.#inFlight.delete(task);
    if (!task.isLeftover) this.#regularInFlight -= 1;
    this.#room.take({ limiters: this.#lanes.get(column)!.limiters, cells: -slice.cells.count });
    if (result.part !== null) this.parts.add(column, { part: result.part, made });
    if (leftover.isEmpty) return;
    if (result.afterMs === null) this.#leave({ column, cells: leftover });
    else this.#held.set(task, { column, cells: leftover });
  }

  /** Takes a part that a task in flight wrote before its end. */
  wrote(task: SliceTask, part: PartName): void {
    if (!this.#inFlight.has(task)) throw notInFlight(task);
    this.parts.add(task.column, { part, made: RowMask.empty(task.rows) });
  }

  /** The time has come to try again what is left of a task. */
  release(task: SliceTask): void {
    const slice = this.#held.get(task);
    if (slice === undefined)
      throw new RangeError(`Cannot release a slice of column "${task.column}" that is not held`);
    this.#held.delete(task);
    this.#leave(slice);
  }

  /** Takes back a task that was cancelled before it gave a result: its cells are still to be made. */
  cancelled(task: SliceTask): void {
    const none = RowMask.empty(task.rows).toHex();
    this.finished(task, { part: null, made: none, dropped: none, leftover: task.mask, afterMs: null });
  }

  /** Changes what C5 allows; cells over it are left to end. */
  setMaxCells(maxCells: ConductorLimits['maxCells']): void {
    this.#room.setMaxCells(maxCells);
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

  /** The rows that have all their cells. */
  get completeRows(): Mask {
    return this.#tracker.completeRows().toHex();
  }

  /** The rows that were dropped. */
  get dropped(): Mask {
    return this.#tracker.dropped().toHex();
  }

  /** Cells that failed for good, by column: none of columns that lost nothing. */
  get lost(): { readonly [column: string]: Mask } {
    const lost = this.#graph.storedColumns.map((name) => [name, this.#tracker.lost(name)] as const);
    return Object.fromEntries(
      lost.flatMap(([name, cells]) => (cells.isEmpty ? [] : [[name, cells.toHex()]])),
    );
  }

  /** The columns in order that need their place no more. */
  get inOrderDone(): readonly string[] {
    return [...this.#lanes.keys()].filter(
      (name) => this.#graph.column(name).inOrder === true && this.#tracker.isColumnComplete(name),
    );
  }

  /** Whether all that could be started waits for a place: a column in order, whose turn comes when earlier groups have it. */
  get isWaitingForTurn(): boolean {
    if (this.#isStopped) return false;
    return [...this.#lanes.values()].some(
      (lane) =>
        lane.limiters.some((limiter) => this.#room.isShut(limiter)) && this.#firstReady(lane) !== undefined,
    );
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
        const { limiters, inOrder } = this.#graph.column(column);
        const lane = { column, sliceRows, gathers: this.#graph.gathers(column) };
        const places = inOrder === true ? [placeOf(column)] : [];
        return [column, { ...lane, limiters: [...limiters, ...places], readySlices: RowMask.empty(slices) }];
      })
      .sort(([one], [other]) => this.#graph.depthOf(other) - this.#graph.depthOf(one));
    return new Map(lanes);
  }

  #sliceRowsOf(column: string): number {
    return this.#graph.gathers(column) ? sizeOf(this.rows) : this.#limits.sliceRows;
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
    if (best !== undefined) this.#tracker.markDispatched(best.column, best.cells);
    return best && this.#start(best, { isLeftover: false });
  }

  #firstReady({ column, sliceRows, readySlices }: Lane): Slice | undefined {
    for (let index = readySlices.findFirst(); index !== undefined; index = readySlices.findFirst()) {
      const cells = this.#tracker.ready(column, rowsOfSlice(index, { rows: this.rows, sliceRows }));
      if (!cells.isEmpty) return { column, cells };
      readySlices.clear(index);
    }
    return undefined;
  }

  /** What gathers needs no more than a little room (C5). */
  #hasRoomFor({ column, cells }: Slice): boolean {
    const { limiters, gathers } = this.#lanes.get(column)!;
    return this.#room.has({ limiters, cells: gathers ? 1 : cells.count });
  }

  #start(slice: Slice, { isLeftover }: { isLeftover: boolean }): SliceTask {
    const { column, cells } = slice;
    const rows = cells.range;
    const task = { column, rows, mask: cells.toHex(), isLeftover, parts: this.parts.for(column, rows) };
    this.#inFlight.set(task, slice);
    if (!isLeftover) this.#regularInFlight += 1;
    this.#room.take({ limiters: this.#lanes.get(column)!.limiters, cells: cells.count });
    return task;
  }

  /** What a slice made counts before its drops do: a column made as a whole sees what is made of dropped rows too. */
  #noteEnds(column: string, { made, dropped }: { made: RowMask; dropped: RowMask }): void {
    this.#noteReady(this.#tracker.markSlice(column, made));
    if (dropped.isEmpty) return;
    this.#noteReady(this.#tracker.markFailed(column, dropped));
    this.#leftovers = this.#leftovers.flatMap((slice) => this.#wanted(slice));
  }

  #leave(slice: Slice): void {
    this.#leftovers.push(...this.#wanted(slice));
  }

  /** The slice without cells that nobody needs any more; nothing of one that has no others. */
  #wanted({ column, cells }: Slice): readonly Slice[] {
    const wanted = this.#tracker.wanted(column, cells);
    return wanted.isEmpty ? [] : [{ column, cells: wanted }];
  }

  #noteReady({ added }: FrontierDelta): void {
    for (const { column, row } of added) {
      const { readySlices, sliceRows } = this.#lanes.get(column)!;
      readySlices.set(Math.floor((row - this.rows.first) / sliceRows));
    }
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

function checkResult(
  { column, cells }: Slice,
  { made, dropped, leftover }: { made: RowMask; dropped: RowMask; leftover: RowMask },
): void {
  const named = made.clone();
  named.or(dropped);
  const ended = named.count;
  named.or(leftover);
  if (!named.equals(cells) || ended + leftover.count !== cells.count) {
    throw new RangeError(
      `Cannot take the result for column "${column}", rows ${cells.range.first}-${cells.range.last}: it does not say of each cell what became of it`,
    );
  }
}

function notInFlight({ column }: SliceTask): RangeError {
  return new RangeError(`Cannot finish a slice of column "${column}" that is not in flight`);
}
