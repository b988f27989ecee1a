// Which cells of one row group are finished, and what that makes ready.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
//   T1. A cell enters the frontier at most once, and leaves it by being dispatched, completed or dropped.
//   T2. A cell is pending, complete or dropped, and only a pending cell changes.
//   T3. A cell is ready when the stored cells that it needs in its own row are complete, whatever other rows do.
//   T4. A dropped row is dropped in every column at once: its pending cells never become ready or complete.
//   T5. A column made as a whole (a barrier) enters the frontier once, when no live row waits for its inputs, and
//       with all rows whose own inputs are complete, dropped ones too; a later drop takes none of them away, unless
//       no row is left. It leaves the frontier as a whole.
//   T6. At opening a barrier's cells count only if they cover all the rows whose inputs are complete. Rows that are
//       dropped then have none: that drop is the same at every start.
//   T7. Root columns never enter the frontier: they are made when the row group is opened.
//
// Completing cells costs a few words for each column that reads theirs. Nothing here walks rows or columns that the
// completed cells do not touch.

import { findOwn } from '../own-keys.ts';
import type { ExecutionGraph } from './execution-graph.ts';
import { RowMask } from './row-mask.ts';
import type { CellRef, OpenedRowGroup, RowRange } from './types.ts';

/** What a change did to the frontier: cells in graph order, then by row. */
export interface FrontierDelta {
  readonly added: readonly CellRef[];
  readonly removed: readonly CellRef[];
}

interface ColumnState {
  readonly name: string;
  /** Of a column made as a whole. */
  readonly barrier: BarrierState | null;
  readonly inputs: ColumnState[];
  readonly readers: ColumnState[];
  readonly complete: RowMask;
  /** The frontier. */
  readonly ready: RowMask;
}

interface BarrierState {
  /** Live rows whose inputs are not complete. */
  readonly waiting: RowMask;
  isOffered: boolean;
}

const NO_CHANGE: FrontierDelta = { added: [], removed: [] };
const ONE_ROW: RowRange = { first: 0, last: 0 };

/** The state of every cell of one row group. Methods throw `RangeError` for a column or row that is not in it. */
export class CompletionTracker {
  readonly rows: RowRange;
  readonly #dropped: RowMask;
  readonly #graph: ExecutionGraph;
  /** Stored columns, in graph order. */
  readonly #columns = new Map<string, ColumnState>();

  /** A row group in which nothing exists. */
  constructor(graph: ExecutionGraph, rows: RowRange = ONE_ROW) {
    this.rows = rows;
    this.#graph = graph;
    this.#dropped = RowMask.empty(rows);
    for (const name of graph.storedColumns) this.#addColumn(name);
    for (const state of this.#columns.values()) {
      if (state.inputs.length > 0 || graph.strategyOf(state.name) === 'root') continue;
      this.#offer(state, RowMask.full(rows));
    }
  }

  /** A row group in which some cells exist. Throws `RangeError` when a stored column is missing in `opened`. */
  static open(graph: ExecutionGraph, opened: OpenedRowGroup): CompletionTracker {
    const tracker = new CompletionTracker(graph, opened.rows);
    tracker.dropRows(RowMask.fromHex(opened.rows, opened.dropped));
    // In graph order, so that a barrier's inputs are known when its own cells are judged.
    for (const state of tracker.#columns.values()) {
      const column = findOwn(opened.columns, state.name);
      if (column === undefined) throw new RangeError(`Cannot open rows without column "${state.name}"`);
      const made = RowMask.fromHex(opened.rows, column.made);
      if (tracker.#coversInputs(state, made)) tracker.markSlice(state.name, made);
    }
    return tracker;
  }

  /** Marks a cell complete and returns what this made ready. */
  markComplete({ column, row }: CellRef): FrontierDelta {
    const mask = RowMask.empty(this.rows);
    mask.set(row);
    return this.markSlice(column, mask);
  }

  /** Marks cells complete and returns what this made ready. Cells that are complete or dropped stay as they are. */
  markSlice(column: string, cells: RowMask): FrontierDelta {
    const state = this.#column(column);
    // A resumed build marks what the store already holds, and an answer may come for a row that was dropped since.
    const fresh = cells.clone();
    fresh.andNot(state.complete);
    fresh.andNot(this.#dropped);
    if (fresh.isEmpty) return NO_CHANGE;
    state.complete.or(fresh);
    if (state.barrier !== null) state.barrier.isOffered = true;
    return {
      removed: withdraw(state, state.barrier === null ? fresh : state.ready),
      added: state.readers.flatMap((reader) => this.#offer(reader, fresh)),
    };
  }

  /** Takes cells out of the frontier: they are being made. */
  markDispatched(column: string, cells: RowMask): void {
    this.#column(column).ready.andNot(cells);
  }

  /** Drops a row in every column. A barrier that waited for it alone becomes ready. */
  dropRow(row: number): FrontierDelta {
    const mask = RowMask.empty(this.rows);
    mask.set(row);
    return this.dropRows(mask);
  }

  /** Drops rows in every column. Rows that are dropped already stay so. */
  dropRows(rows: RowMask): FrontierDelta {
    const fresh = rows.slice(this.rows);
    fresh.andNot(this.#dropped);
    if (fresh.isEmpty) return NO_CHANGE;
    this.#dropped.or(fresh);
    const removed: CellRef[] = [];
    const added: CellRef[] = [];
    for (const state of this.#columns.values()) {
      if (state.barrier === null || this.#dropped.isFull) {
        removed.push(...withdraw(state, this.#dropped));
      } else {
        state.barrier.waiting.andNot(fresh);
        added.push(...this.#offer(state, fresh));
      }
    }
    return { added, removed };
  }

  /** Every ready cell that is not dispatched, in graph order, then by row. */
  frontier(): readonly CellRef[] {
    return [...this.#columns.values()].flatMap((state) => cellsOf(state.name, state.ready));
  }

  /** The ready cells of one column in `rows`. */
  ready(column: string, rows: RowRange): RowMask {
    return this.#column(column).ready.slice(rows);
  }

  /** Those of the cells that are still wanted: all but dropped ones, which a barrier keeps as long as a row is left. */
  wanted(column: string, cells: RowMask): RowMask {
    const wanted = cells.clone();
    if (this.#column(column).barrier === null || this.#dropped.isFull) wanted.andNot(this.#dropped);
    return wanted;
  }

  /** A copy of the complete cells of one stored column. */
  complete(column: string): RowMask {
    return this.#column(column).complete.clone();
  }

  /** A copy of the dropped rows. */
  dropped(): RowMask {
    return this.#dropped.clone();
  }

  /** The rows whose stored cells are all complete and that are not dropped. */
  completeRows(): RowMask {
    const rows = RowMask.full(this.rows);
    for (const state of this.#columns.values()) rows.and(state.complete);
    rows.andNot(this.#dropped);
    return rows;
  }

  /** Whether a cell is complete; an inline one is as soon as all it needs is. */
  isComplete({ column, row }: CellRef): boolean {
    return this.#storedBehind(column).every((state) => state.complete.has(row));
  }

  isDropped(row: number): boolean {
    return this.#dropped.has(row);
  }

  /** Whether every cell of a column is complete or dropped. */
  isColumnComplete(column: string): boolean {
    return this.#storedBehind(column).every((state) => this.#isDone(state));
  }

  /** Whether every cell of every column is complete or dropped. */
  get isRowGroupComplete(): boolean {
    for (const state of this.#columns.values()) if (!this.#isDone(state)) return false;
    return true;
  }

  #addColumn(name: string): void {
    const strategy = this.#graph.strategyOf(name);
    const state: ColumnState = {
      name,
      barrier: strategy === 'column' ? { waiting: RowMask.full(this.rows), isOffered: false } : null,
      inputs: this.#graph.storedUpstreamOf(name).map((input) => this.#column(input)),
      readers: [],
      complete: RowMask.empty(this.rows),
      ready: RowMask.empty(this.rows),
    };
    this.#columns.set(name, state);
    if (strategy !== 'root') for (const input of state.inputs) input.readers.push(state);
  }

  /** Puts into the frontier what is ready now that something about `rows` changed. */
  #offer(state: ColumnState, rows: RowMask): readonly CellRef[] {
    // A cell comes here with all its inputs once: with the last of them.
    const due = this.#withInputs(state, rows);
    if (state.barrier !== null) return this.#offerWhole(state, { barrier: state.barrier, due });
    due.andNot(state.complete);
    state.ready.or(due);
    return cellsOf(state.name, due);
  }

  #offerWhole(state: ColumnState, change: { barrier: BarrierState; due: RowMask }): readonly CellRef[] {
    const { barrier, due } = change;
    barrier.waiting.andNot(due);
    if (barrier.isOffered || !barrier.waiting.isEmpty) return [];
    barrier.isOffered = true;
    state.ready.or(this.#withInputs(state, RowMask.full(this.rows)));
    return cellsOf(state.name, state.ready);
  }

  /** Those of `rows` whose inputs to this column are complete. */
  #withInputs(state: ColumnState, rows: RowMask): RowMask {
    const complete = rows.clone();
    for (const input of state.inputs) complete.and(input.complete);
    return complete;
  }

  /** Whether cells found at opening count: of a barrier only together (T6). */
  #coversInputs(state: ColumnState, made: RowMask): boolean {
    if (state.barrier === null) return true;
    const missing = this.#withInputs(state, RowMask.full(this.rows));
    missing.andNot(made);
    missing.andNot(this.#dropped);
    return state.barrier.waiting.isEmpty && missing.isEmpty;
  }

  #isDone(state: ColumnState): boolean {
    const done = state.complete.clone();
    done.or(this.#dropped);
    return done.isFull;
  }

  #storedBehind(column: string): readonly ColumnState[] {
    if (this.#graph.strategyOf(column) !== 'inline') return [this.#column(column)];
    return this.#graph.storedUpstreamOf(column).map((name) => this.#column(name));
  }

  #column(name: string): ColumnState {
    const state = this.#columns.get(name);
    if (state === undefined) throw new RangeError(`Cannot track column "${name}": it is not stored`);
    return state;
  }
}

/** Takes cells out of the frontier and names those that were in it. */
function withdraw(state: ColumnState, cells: RowMask): readonly CellRef[] {
  const withdrawn = cells.clone();
  withdrawn.and(state.ready);
  state.ready.andNot(withdrawn);
  return cellsOf(state.name, withdrawn);
}

function cellsOf(column: string, rows: RowMask): readonly CellRef[] {
  return rows.rows().map((row) => ({ column, row }));
}
