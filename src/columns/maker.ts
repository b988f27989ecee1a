// What a kind's make.ts is, by strategy: all root columns of the kind at once, a function of a row, or cells. What runs
// makers (opening, slices, commits, counting, showing) knows them by these interfaces alone.

import type { CellError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import type { LocalMedia } from '../local-media.ts';
import type { Plan, PlanColumn } from '../plan.ts';
import type { Elsewhere } from '../protocol.ts';
import type { CellRecord } from '../store/records.ts';
import type { ModelTurn } from '../turns.ts';
import type { Value } from '../values.ts';
import type { Calls } from './calls.ts';

/** The values of one row by column, as far as they exist. */
export type Values = { readonly [column: string]: Value };

/** What a maker sees of a row. */
export interface RowView {
  readonly row: number;
  /** At least the columns that its column needs. */
  readonly values: Values;
  /** How often the cell was asked to be made again. */
  readonly redo: number;
  /** Uniform numbers of its own for a use in this cell, by dataset seed, column, row and redo counter. */
  draw(use?: string): () => number;
}

export interface RootMaker<Column extends PlanColumn> {
  readonly shape: 'root';
  /** Once for all columns of the kind. */
  open(
    columns: readonly Column[],
    of: {
      readonly plan: Plan;
      /** The seed rows that the rows of a range take, in the order of the rows; null without seeds. */
      readonly seeds: { make(rows: RowRange): Promise<readonly (Values | null)[]> } | null;
      /** The folder of Data Designer's persona files; null where none is read. */
      readonly personaFolder: string | null;
    },
  ): OpenRoots;
}

export interface OpenRoots {
  /** The columns of these rows, in their order. */
  make(rows: RowRange): Promise<readonly RootValues[]>;
}

export interface RootValues {
  /** Without a failure every column. */
  readonly values: Values;
  readonly failure: RowFailure | null;
}

/** Why a row is dropped: the column that could not be made, and what it met. */
export interface RowFailure {
  readonly column: string;
  readonly error: CellError;
}

export interface InlineMaker<Column extends PlanColumn> {
  readonly shape: 'inline';
  /** The value of a row. It throws `CellError` where there is none. */
  open(column: Column, of: { readonly plan: Plan }): (row: RowView) => Value;
}

export interface CellMaker<Column extends PlanColumn, Input> {
  readonly shape: 'cells';
  open(column: Column, of: Opening): OpenMaker<Input>;
}

/** What the makers of cells are opened with. */
export interface Opening {
  readonly plan: Plan;
  /** The files that cells name. */
  readonly local: LocalMedia;
}

export interface Keyed<Input> {
  /** Names the exact input of the cell: all that can change its value. */
  readonly digest: string;
  readonly input: Input;
}

export interface OpenMaker<Input> {
  /** Cells that go into one `make`, at most: 1 for a conversation; a list's length; all that there are for a `column`. */
  readonly batch: number;
  /**
   * The exact input of each row, or why it has none. A `column` is given all rows of its group that have what it needs,
   * and gives them one digest: they are made, stale and redone together. Any other kind looks at each row alone.
   */
  inputs(rows: readonly RowView[]): readonly (Keyed<Input> | CellError)[];
  /**
   * Makes cells. The last record of each says how it ended: `ok`, `failed`, or anything else for one that is left over.
   * A `CellError` that it throws fails those without an end.
   */
  make(cells: readonly Cell<Input>[], calls: Calls): Promise<MakeEnd>;
  /** The cell's value from an `ok` record, under today's reader. Throws `CellError`: it is of no use now. */
  read(record: CellRecord): Value;
  /** Its side-effect columns. The input is there for what a record does not repeat; null where it is not known. */
  sides?(record: CellRecord, input: Input | null): Values;
  /** The local files that the input of a row is made from, as its cells name them: without a look at them. */
  files?(row: RowView): readonly string[];
  /** What a model thought before it answered, for people. */
  reasoningOf?(answer: ModelTurn): string | null;
}

export interface Cell<Input> extends Keyed<Input> {
  readonly row: number;
  /** Its records of this digest, by age: what is there is not asked again. */
  readonly history: readonly CellRecord[];
  /** Its records of any other digest: a changed function pays for changed requests only. */
  readonly older: readonly CellRecord[];
}

/**
 * How a `make` ended. `undefined`: the records tell. `afterMs`: cells without an end come again, no earlier, and no worker is
 * needed meanwhile. `elsewhere`: the workflow runs a foreign activity, then `make` is called again with what it returned.
 */
export type MakeEnd = undefined | { readonly afterMs: number } | { readonly elsewhere: Elsewhere };

export type Maker<Column extends PlanColumn> =
  | RootMaker<Column>
  | InlineMaker<Column>
  | CellMaker<Column, unknown>;
