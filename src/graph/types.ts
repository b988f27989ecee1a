// What the pure core is told and what it answers. Plain data; the graph knows neither plan nor store.

import type { Strategy } from '../plan.ts';

/** A column as the graph sees it. */
export interface GraphColumn {
  readonly name: string;
  readonly strategy: Strategy;
  readonly needs: readonly string[];
  /** Columns it also makes, such as `x__trace`; a real column of that name wins. */
  readonly sideEffects?: readonly string[];
  /** Which limiter its calls stand under: `provider/model`; absent where no model is asked. */
  readonly model?: string;
}

/** Global row numbers, both included. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

/** One column in one row. */
export interface CellRef {
  readonly column: string;
  readonly row: number;
}

/** A set of rows of a known range as hex digits, four rows a digit, lowest row in the lowest bit of the first digit. */
export type Mask = string;

/** A file's name below the dataset's folder; opaque here. */
export type PartName = string;

/** What openRowGroup found: the state from which a tracker starts. Masks are over `rows`. */
export interface OpenedRowGroup {
  readonly rows: RowRange;
  /** Rows already dropped: an inline column failed on roots alone. */
  readonly dropped: Mask;
  /** Every root and cell column: the cells that exist, and the part that holds them. */
  readonly columns: { readonly [column: string]: { readonly made: Mask; readonly part: PartName | null } };
}

/** One activity: some rows of one column in one range. `mask` and the result's masks are over `rows`. */
export interface SliceTask {
  readonly column: string;
  readonly rows: RowRange;
  readonly mask: Mask;
  /** Cells that an earlier slice could not make yet; fails retryably until they are made or out of tries. */
  readonly isLeftover: boolean;
  /** Where the cells it needs are: the parts of each upstream root and cell column. */
  readonly parts: { readonly [column: string]: readonly PartName[] };
}

export interface SliceResult {
  /** Null when nothing was written. */
  readonly part: PartName | null;
  readonly made: Mask;
  /** Failed for good, or an inline column failed: these rows are dropped. */
  readonly dropped: Mask;
  /** To be tried again as a leftover. */
  readonly leftover: Mask;
}

/** Limits of one child. */
export interface ConductorLimits {
  readonly sliceRows: number;
  readonly maxSlicesInFlight: number;
  readonly maxSlicesWithLeftovers: number;
  /** Cells outstanding for each model key. */
  readonly maxCells: { readonly [model: string]: number };
}

export type Phase = 'running' | 'paused' | 'stopping';

/** Numbers for people; sums over slices. */
export interface ColumnTotals {
  readonly made: number;
  readonly failed: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}
export interface Totals {
  readonly rows: number;
  readonly dropped: number;
  readonly columns: { readonly [column: string]: ColumnTotals };
}

/** What became of a row group that was open. */
export interface RowGroupResult {
  readonly rowGroup: number;
  readonly isComplete: boolean;
  readonly totals: Totals;
}
