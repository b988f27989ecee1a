// Gives rows their values, column by column in graph order, for opening, making, committing, counting and showing alike.
// Where a cell comes from is its source's business; what follows from the cells of a row is decided here:
//
//   R1. A cell is impossible where one that it needs is, or where it failed for good. A row goes on past such a drop: what
//       does not stand below it is what it is, so that a whole column is made of the same rows at every start.
//   R2. A cell is skipped where a column that it needs is (those that `skip.when` alone names do not count, and a side
//       effect stands for its producer), else where `when` holds. It has `skip.value`, its side effects are null.
//       An error of names, types, values or syntax in `when` skips it too, any other fails it.
//   R3. Who makes a cell decides its skip; a reader of parts, which may not have what decided it, goes by their records.
//   R4. A failed cell of a column whose `onError` is null is null, or what its kind says in its place, and counts as made.
//   R5. A `column` has its cells together or not at all.

import { breathe } from '../breathe.ts';
import type { OpenMaker, RowFailure, RowView } from '../columns/maker.ts';
import type { OpenColumn } from '../columns/open-columns.ts';
import { openViews } from '../columns/row-view.ts';
import { CellError } from '../errors.ts';
import { setOwn } from '../own-keys.ts';
import { openProducers, type Plan, type PlanColumn } from '../plan.ts';
import {
  type AssembledRow,
  addSides,
  computed,
  emptyRow,
  type Found,
  failCell,
  type InputOf,
  type Source,
  skipCell,
} from './row.ts';
import { makeSkip, type SkipOf } from './skip.ts';

export interface AssembleOptions {
  readonly rows: readonly number[];
  readonly source: Source;
  /** Those of some columns only, with what their inline columns need. */
  readonly columns?: ReadonlySet<string>;
  /** Side effects that no column needs, too. */
  readonly hasAllSides?: boolean;
}

export interface Assembler {
  /** In graph order. */
  readonly columns: readonly OpenColumn[];
  assemble(options: AssembleOptions): Promise<readonly AssembledRow[]>;
  /** Looks at a row as if a cell were another one: gives a copy of it the cells after that, of whole columns none. */
  assembleBelow(
    column: string,
    row: AssembledRow,
    of: { readonly cell: Found; readonly source: Source },
  ): void;
  readonly producerOf: ReturnType<typeof openProducers>;
  viewOf(column: PlanColumn, row: AssembledRow): RowView;
  /** Whether a cell is skipped: an error fails it, undefined: something that decides it is to be made. */
  skips(column: PlanColumn, row: AssembledRow): boolean | CellError | undefined;
  /**
   * Adds a cell that was just made, and the inline columns that it makes possible.
   * Returns why the row is dropped now, if it is.
   */
  addMade(row: AssembledRow, column: string, found: Found): RowFailure | null;
}

/** `columns` in graph order. */
export function makeAssembler(plan: Plan, columns: readonly OpenColumn[]): Assembler {
  return new RowAssembler(plan, columns);
}

interface Prepared {
  readonly open: OpenColumn;
  /** The columns that it needs, side effects resolved. */
  readonly above: readonly string[];
  readonly skips: SkipOf;
  readonly viewOf: ReturnType<typeof openViews>;
}

class RowAssembler implements Assembler {
  readonly columns: readonly OpenColumn[];
  readonly producerOf: Assembler['producerOf'];
  readonly #plan: Plan;
  readonly #prepared: ReadonlyMap<string, Prepared>;
  /** The names that columns need. */
  readonly #needed: ReadonlySet<string>;

  constructor(plan: Plan, columns: readonly OpenColumn[]) {
    this.#plan = plan;
    this.columns = columns;
    this.producerOf = openProducers(plan);
    this.#needed = new Set(columns.flatMap(({ column }) => column.needs));
    this.#prepared = new Map(columns.map((open) => [open.column.name, this.#prepare(open)]));
  }

  viewOf({ name }: PlanColumn, { row, values }: AssembledRow): RowView {
    return this.#preparedOf(name).viewOf(row, values);
  }

  skips(column: PlanColumn, row: AssembledRow): boolean | CellError | undefined {
    return this.#preparedOf(column.name).skips(row.skipped, () => this.viewOf(column, row));
  }

  async assemble({
    rows: numbers,
    source,
    columns,
    hasAllSides = false,
  }: AssembleOptions): Promise<readonly AssembledRow[]> {
    const rows = numbers.map(emptyRow);
    for (const prepared of this.#prepared.values()) {
      const { open } = prepared;
      if (columns?.has(open.column.name) === false) continue;
      if (open.shape !== 'inline') await source.begin?.(open);
      const isWhole = open.column.strategy === 'column' && source.decides;
      if (isWhole) this.#findWhole(prepared, rows, { source, hasAllSides });
      else {
        for (const row of rows) {
          await breathe();
          this.#place(prepared, row, { source, hasAllSides });
        }
      }
    }
    return rows;
  }

  assembleBelow(
    column: string,
    { row: number, values, skipped, impossible }: AssembledRow,
    { cell, source }: { readonly cell: Found; readonly source: Source },
  ): void {
    const row: AssembledRow = {
      ...emptyRow(number),
      values: { ...values },
      skipped: new Set(skipped),
      impossible: new Set(impossible),
    };
    let isBelow = false;
    for (const [name, prepared] of this.#prepared) {
      if (isBelow && prepared.open.column.strategy !== 'column') this.#place(prepared, row, { source });
      if (name !== column) continue;
      isBelow = true;
      this.#take(prepared, row, { found: cell });
    }
  }

  addMade(row: AssembledRow, column: string, found: Found): RowFailure | null {
    const prepared = this.#preparedOf(column);
    const { open } = prepared;
    this.#take(prepared, row, { found, input: this.#inputOf(open, row) });
    const changed = new Set([column]);
    for (const [name, below] of this.#prepared) {
      if (below.open.shape !== 'inline' || !below.above.some((need) => changed.has(need))) continue;
      changed.add(name);
      this.#place(below, row, { source: NOTHING });
    }
    return row.failure;
  }

  #prepare(open: OpenColumn): Prepared {
    const { column } = open;
    const above = [...new Set(column.needs.map((need) => this.producerOf(need)))];
    const counted = column.needs.filter((need) => column.skip?.reads.includes(need) !== true);
    const passOn = column.propagateSkip ? counted.map((need) => this.producerOf(need)) : [];
    return {
      open,
      above,
      skips: makeSkip(column, passOn),
      viewOf: openViews(this.#plan, column),
    };
  }

  #preparedOf(name: string): Prepared {
    const found = this.#prepared.get(name);
    if (found === undefined) throw new RangeError(`Cannot assemble "${name}": there is no such column`);
    return found;
  }

  /** Gives a row one cell that is made for itself. */
  #place(
    prepared: Prepared,
    row: AssembledRow,
    { source, hasAllSides = false }: { readonly source: Source; readonly hasAllSides?: boolean },
  ): void {
    const { open } = prepared;
    const state = this.#stateOf(prepared, row, source);
    if (state === 'settled') return;
    const input = state === 'ready' ? this.#inputOf(open, row) : null;
    if (open.shape === 'inline') {
      if (state === 'ready')
        this.#take(prepared, row, { found: computed(open, this.viewOf(open.column, row)) });
      return;
    }
    const found = source.find(open, row, input);
    this.#take(prepared, row, { found, input, hasAllSides });
    if (found !== undefined || source.decides) return;
    const skip = this.skips(open.column, row);
    if (skip instanceof CellError) this.#drop(row, open.column, skip);
  }

  /** Gives all rows the cells of a column that is made as a whole. */
  #findWhole(
    prepared: Prepared,
    rows: readonly AssembledRow[],
    { source, hasAllSides }: { readonly source: Source; readonly hasAllSides: boolean },
  ): void {
    const { open } = prepared;
    if (open.shape !== 'cells') return;
    const asked: AssembledRow[] = [];
    const ready: AssembledRow[] = [];
    for (const row of rows) {
      const state = this.#stateOf(prepared, row, source);
      if (state !== 'settled') asked.push(row);
      if (state === 'ready') ready.push(row);
    }
    let inputs: ReturnType<OpenMaker<unknown>['inputs']> | undefined;
    const inputAt = (index: number) => {
      inputs ??= open.maker.inputs(ready.map((row) => this.viewOf(open.column, row)));
      return inputs[index]!;
    };
    // While a row waits no cell can be judged: all of them have one digest.
    const canJudge = asked.length === ready.length;
    const found = asked.map((row, index) => source.find(open, row, canJudge ? () => inputAt(index) : null));
    const isTogether = canJudge && !found.includes(undefined);
    for (const [index, row] of asked.entries()) {
      const cell = found[index];
      const isMade = typeof cell === 'object' && !(cell instanceof CellError);
      if (isMade && !isTogether) source.refuse?.(open, row, canJudge ? 'missing' : 'downstream');
      else
        this.#take(prepared, row, {
          found: cell,
          input: canJudge ? () => inputAt(index) : null,
          hasAllSides,
        });
    }
  }

  /** Whether a cell can be looked for; `settled`: it is skipped or cannot be. */
  #stateOf(prepared: Prepared, row: AssembledRow, source: Source): 'settled' | 'ready' | 'waiting' {
    const { open, above } = prepared;
    const { column, shape } = open;
    if (above.some((name) => row.impossible.has(name))) {
      row.impossible.add(column.name);
      return 'settled';
    }
    const skip = source.decides || shape === 'inline' ? this.skips(column, row) : false;
    if (skip instanceof CellError) this.#drop(row, column, skip);
    if (skip === true) skipCell(row, column);
    if (skip === true || skip instanceof CellError) return 'settled';
    const isReady = skip === false && column.needs.every((need) => Object.hasOwn(row.values, need));
    return isReady ? 'ready' : 'waiting';
  }

  #inputOf(open: OpenColumn, row: AssembledRow): InputOf | null {
    if (open.shape !== 'cells') return null;
    let input: ReturnType<InputOf> | undefined;
    return () => {
      input ??= open.maker.inputs([this.viewOf(open.column, row)])[0]!;
      return input;
    };
  }

  #take(
    { open }: Prepared,
    row: AssembledRow,
    of: { readonly found: Found; readonly input?: InputOf | null; readonly hasAllSides?: boolean },
  ): void {
    const { column } = open;
    const { found } = of;
    if (found === undefined) return;
    if (found === 'impossible') row.impossible.add(column.name);
    else if (found === 'skipped') skipCell(row, column);
    else if (!(found instanceof CellError)) {
      setOwn(row.values, column.name, found.value);
      const isAsked =
        of.hasAllSides === true || column.sideEffects.some(({ name }) => this.#needed.has(name));
      if (isAsked && open.shape === 'cells' && column.sideEffects.length > 0 && found.record !== null)
        addSides(row, open, found.record, of.input ?? null);
    } else if (column.onError === 'null') {
      failCell(row, column, found);
    } else this.#drop(row, column, found);
  }

  #drop(row: AssembledRow, { name }: PlanColumn, error: CellError): void {
    row.impossible.add(name);
    row.failure ??= { column: name, error };
  }
}

const NOTHING: Source = { decides: true, find: () => undefined };
