// Which cells of one row group are finished, and what that makes ready.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
// A cell is one of four:
//
//   pending    to be made. It is ready, that is, in the frontier, once the stored cells that it needs in its own row are
//              complete, whatever other rows do; it leaves the frontier by being dispatched, made or dropped.
//   complete   made, or skipped: whoever needs it has its value
//   lost       it failed for good, or something that it needs did: nothing can make it in this start. Its row is dropped.
//   unwanted   pending in a dropped row, where nobody needs it any more
//
// A row is dropped in every column at once, but for one thing: a column made as a whole ("column" strategy) is over all
// rows that have what it needs, dropped ones too. Were it over those that are not dropped yet, the rows that it sees would
// depend on what was made first, and with them the digest of its cells: the next start would make them again. So the
// cells above such a column stay wanted in dropped rows, until it is clear whether it can have their row.
//
//   T1. A cell enters the frontier at most once.
//   T2. Only a pending cell changes.
//   T3. A column made as a whole enters the frontier once, when each row has what it needs or has lost it, and leaves it
//       as a whole. Only when no row of the group is left is it not made at all.
//   T4. A column that gathers does so too, but over the wanted rows only, and its cells are each their own.
//   T5. At opening the cells of a column made as a whole count only together: if no row waits for its inputs, and all
//       rows that are not dropped are covered.
//   T6. Root columns never enter the frontier: they are made when the row group is opened.
//
// Completing cells costs a few words for each column that reads theirs. Nothing here walks rows or columns that the
// completed cells do not touch; a drop looks at each column once.

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
  /** Made as a whole: one digest over all its rows. */
  readonly isWhole: boolean;
  readonly inputs: readonly ColumnState[];
  readonly readers: ColumnState[];
  /** The columns made as a whole that stand below it, however far: what its cells in dropped rows are made for. */
  readonly wholes: ColumnState[];
  readonly complete: RowMask;
  readonly lost: RowMask;
  /** The frontier. */
  readonly ready: RowMask;
  gate: Gate;
}

/** What a cell waits for beside its own inputs. */
type Gate =
  /** Nothing. */
  | { readonly is: 'open' }
  /** The rows that may still get what the column needs. */
  | { readonly is: 'closed'; readonly waiting: RowMask }
  /** The column was offered as a whole: nothing that comes later belongs to it. */
  | { readonly is: 'passed' };

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
    const dropped = RowMask.fromHex(opened.rows, opened.dropped);
    tracker.dropRows(dropped);
    // In graph order: what a column made as a whole is over is known by then.
    for (const state of tracker.#columns.values()) {
      const column = findOwn(opened.columns, state.name);
      if (column === undefined) throw new RangeError(`Cannot open rows without column "${state.name}"`);
      const made = RowMask.fromHex(opened.rows, column.made);
      if (state.isWhole) tracker.#adoptWhole(state, made);
      else tracker.markSlice(state.name, made);
      const lost = graph.strategyOf(state.name) === 'root' ? dropped : maskOf(opened, state.name);
      tracker.#lose(state, lost);
    }
    tracker.#withdrawUnwanted();
    return tracker;
  }

  /** Marks a cell complete and returns what this made ready. */
  markComplete({ column, row }: CellRef): FrontierDelta {
    return this.markSlice(column, RowMask.of(this.rows, [row]));
  }

  /** Marks cells complete and returns what this made ready. Cells that are complete, lost or unwanted stay as they are. */
  markSlice(column: string, cells: RowMask): FrontierDelta {
    const state = this.#column(column);
    // A resumed build marks what the store already holds, and an answer may come for a row that was dropped since.
    const fresh = cells.clone();
    fresh.andNot(state.complete);
    fresh.andNot(state.lost);
    fresh.andNot(this.#unwanted(state));
    if (fresh.isEmpty) return NO_CHANGE;
    state.complete.or(fresh);
    if (state.isWhole) state.gate = { is: 'passed' };
    return {
      removed: withdraw(state, state.isWhole ? state.ready : fresh),
      added: state.readers.flatMap((reader) => this.#offer(reader, fresh)),
    };
  }

  /** Takes it that rows are dropped over cells of this column: those that are not complete are lost. */
  markFailed(column: string, cells: RowMask): FrontierDelta {
    const added = this.#lose(this.#column(column), cells);
    const dropped = this.dropRows(cells);
    return { removed: dropped.removed, added: [...added, ...dropped.added] };
  }

  /** Takes cells out of the frontier: they are being made. */
  markDispatched(column: string, cells: RowMask): void {
    this.#column(column).ready.andNot(cells);
  }

  /** Drops a row in every column. */
  dropRow(row: number): FrontierDelta {
    return this.dropRows(RowMask.of(this.rows, [row]));
  }

  /** Drops rows in every column. Rows that are dropped already stay so. */
  dropRows(rows: RowMask): FrontierDelta {
    this.#dropped.or(rows.slice(this.rows));
    return this.#withdrawUnwanted();
  }

  /** Every ready cell that is not dispatched, in graph order, then by row. */
  frontier(): readonly CellRef[] {
    return [...this.#columns.values()].flatMap((state) => cellsOf(state.name, state.ready));
  }

  /** The ready cells of one column in `rows`. */
  ready(column: string, rows: RowRange): RowMask {
    return this.#column(column).ready.slice(rows);
  }

  /** Those of the cells that are still wanted. */
  wanted(column: string, cells: RowMask): RowMask {
    const wanted = cells.clone();
    wanted.andNot(this.#unwanted(this.#column(column)));
    return wanted;
  }

  /** A copy of the complete cells of one stored column. */
  complete(column: string): RowMask {
    return this.#column(column).complete.clone();
  }

  /** A copy of the cells of one stored column that nothing can make in this start. */
  lost(column: string): RowMask {
    return this.#column(column).lost.clone();
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

  /** Whether no cell of a column is to be made any more. */
  isColumnComplete(column: string): boolean {
    return this.#storedBehind(column).every((state) => this.#isDone(state));
  }

  /** Whether no cell is to be made any more. */
  get isRowGroupComplete(): boolean {
    for (const state of this.#columns.values()) if (!this.#isDone(state)) return false;
    return true;
  }

  #addColumn(name: string): void {
    const { strategy } = this.#graph.column(name);
    const state: ColumnState = {
      name,
      isWhole: strategy === 'column',
      inputs: this.#graph.storedUpstreamOf(name).map((input) => this.#column(input)),
      readers: [],
      wholes: [],
      complete: RowMask.empty(this.rows),
      lost: RowMask.empty(this.rows),
      ready: RowMask.empty(this.rows),
      gate: this.#graph.gathers(name) ? { is: 'closed', waiting: RowMask.full(this.rows) } : { is: 'open' },
    };
    this.#columns.set(name, state);
    if (strategy === 'root') return;
    for (const input of state.inputs) input.readers.push(state);
    if (state.isWhole) noteWhole(state, state.inputs);
  }

  /** Puts into the frontier what is ready now that cells of `rows` are complete which this column needs. */
  #offer(state: ColumnState, rows: RowMask): readonly CellRef[] {
    if (state.gate.is === 'passed') return [];
    const due = this.#withInputs(state, rows);
    if (state.gate.is === 'closed') return this.#settle(state, due);
    due.andNot(state.complete);
    due.andNot(this.#unwanted(state));
    state.ready.or(due);
    return cellsOf(state.name, due);
  }

  /** A column behind a closed gate waits no longer for these rows. It is offered with the last of them. */
  #settle(state: ColumnState, rows: RowMask): readonly CellRef[] {
    if (state.gate.is !== 'closed') return [];
    state.gate.waiting.andNot(rows);
    if (!state.gate.waiting.isEmpty) return [];
    state.gate = { is: state.isWhole ? 'passed' : 'open' };
    const due = this.#withInputs(state, RowMask.full(this.rows));
    due.andNot(state.complete);
    due.andNot(this.#unwanted(state));
    state.ready.or(due);
    return cellsOf(state.name, due);
  }

  /** These cells and all that need them cannot be made: columns made as a whole need not wait for their rows. */
  #lose(state: ColumnState, cells: RowMask): readonly CellRef[] {
    const fresh = cells.slice(this.rows);
    fresh.andNot(state.complete);
    fresh.andNot(state.lost);
    if (fresh.isEmpty) return [];
    state.lost.or(fresh);
    const offered = this.#settle(state, fresh);
    return [...offered, ...state.readers.flatMap((reader) => this.#lose(reader, fresh))];
  }

  /** After a drop, or once a column made as a whole is known not to see some rows. */
  #withdrawUnwanted(): FrontierDelta {
    if (this.#dropped.isEmpty) return NO_CHANGE;
    const removed: CellRef[] = [];
    const added: CellRef[] = [];
    for (const state of this.#columns.values()) {
      const unwanted = this.#unwanted(state);
      removed.push(...withdraw(state, unwanted));
      if (!state.isWhole) added.push(...this.#settle(state, unwanted));
    }
    return { added, removed };
  }

  /** Dropped rows in which nobody needs a cell of this column. */
  #unwanted(state: ColumnState): RowMask {
    if (state.isWhole && !this.#dropped.isFull) return RowMask.empty(this.rows);
    const unwanted = this.#dropped.clone();
    if (unwanted.isEmpty || unwanted.isFull) return unwanted;
    for (const { gate } of state.wholes) if (gate.is === 'closed') unwanted.andNot(gate.waiting);
    return unwanted;
  }

  /** Those of `rows` whose inputs to this column are complete. */
  #withInputs(state: ColumnState, rows: RowMask): RowMask {
    const complete = rows.clone();
    for (const input of state.inputs) complete.and(input.complete);
    return complete;
  }

  /** Takes cells that were found of a column made as a whole, if they are the whole (T5). */
  #adoptWhole(state: ColumnState, made: RowMask): void {
    const missing = state.ready.clone();
    missing.andNot(made);
    const alive = missing.clone();
    alive.andNot(this.#dropped);
    if (made.isEmpty || state.gate.is !== 'passed' || !alive.isEmpty) return;
    this.markSlice(state.name, made);
    // Dropped rows that it does not cover were lost on the way to it: an inline column between failed there.
    this.#lose(state, missing);
  }

  #isDone(state: ColumnState): boolean {
    const done = this.#unwanted(state);
    done.or(state.complete);
    done.or(state.lost);
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

function noteWhole(whole: ColumnState, above: readonly ColumnState[]): void {
  for (const state of above) {
    if (state.wholes.includes(whole)) continue;
    state.wholes.push(whole);
    noteWhole(whole, state.inputs);
  }
}

function maskOf({ rows, lost }: OpenedRowGroup, column: string): RowMask {
  const hex = findOwn(lost ?? {}, column);
  return hex === undefined ? RowMask.empty(rows) : RowMask.fromHex(rows, hex);
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
