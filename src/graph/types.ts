// What the pure core is told and what it answers. Plain data; the graph knows neither plan nor store.

import type { Strategy } from '../plan.ts';

/** A column as the graph sees it. */
export interface GraphColumn {
  readonly name: string;
  readonly strategy: Strategy;
  readonly needs: readonly string[];
  /** Columns that it also makes, such as `x__trace`: whoever needs one needs this column. They are no nodes of their own. */
  readonly sideEffects?: readonly string[];
  /** The keys of the limiters that its calls stand under; none where nothing is called. */
  readonly limiters: readonly string[];
  /** Its ready cells wait for each other, and go as one slice of the whole row group. A `column` does so anyway. */
  readonly gathers?: true;
  /** One row group after the other: group 1 begins when group 0 has it whole. */
  readonly inOrder?: true;
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
  /** Cells that failed for good earlier in this start, by column: columns made as a whole do not wait for them. */
  readonly lost?: { readonly [column: string]: Mask };
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
  /** Rows to drop: the cell failed for good, or an inline column did. A cell that is made too stands above that one. */
  readonly dropped: Mask;
  /** To be tried again as a leftover. */
  readonly leftover: Mask;
  /** For how long nobody need look at what is left over: hours, for a provider's batch. Null: it is tried again at once. */
  readonly afterMs: number | null;
}

/** Limits of one child. */
export interface ConductorLimits {
  readonly sliceRows: number;
  readonly maxSlicesInFlight: number;
  readonly maxSlicesWithLeftovers: number;
  /** Cells outstanding under each limiter, by its key. */
  readonly maxCells: { readonly [limiter: string]: number };
}

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
