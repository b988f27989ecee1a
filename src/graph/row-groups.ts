// How many rows a group, a slice and a window hold. A row's number is global and 0-based everywhere.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.

import { sizeOf } from './row-mask.ts';
import type { ConductorLimits, RowRange } from './types.ts';

/** Slices one child has in flight. An activity's end is 2 of the 100 events the server buffers for one workflow task. */
export const MAX_SLICES_IN_FLIGHT = 40;
/** The same with leftovers, which wait in backoff most of the time. */
export const MAX_SLICES_WITH_LEFTOVERS = 48;
/**
 * Cells that a group has outstanding for each request that may be open. With 2 a quarter of the speed is lost when
 * latencies vary; shared among the open groups, the last one to end would leave the model idle.
 */
export const CELLS_PER_REQUEST = 4;
/** Slices that hold those cells of a model, at least: one that waits for its slowest cell leaves the others at work. */
const MIN_SLICES_OF_MODEL = 8;
/** Rows from which on an activity, which costs the CPU of about three calls, hardly counts. */
const CHEAP_SLICE_ROWS = 32;
/** Slices of a group that fit into a history of 2,000 events, with room for leftovers. */
export const MAX_SLICES_OF_GROUP = 400;
/** Rows a slice holds at most, to keep histories short: what a slice has done is only visible at its end. */
export const MAX_SLICE_ROWS = 64;

/** The rows asked for, and how many of them stand in one group. */
export interface DatasetShape {
  readonly rows: number;
  readonly rowGroupSize: number;
}

/** How many row groups hold the dataset. */
export function groupCount({ rows, rowGroupSize }: DatasetShape): number {
  if (!Number.isInteger(rowGroupSize) || rowGroupSize < 1) {
    throw new RangeError(`Cannot group rows by ${rowGroupSize}: a row group holds at least one row`);
  }
  return Math.ceil(rows / rowGroupSize);
}

/** The rows of a group; the last group may hold fewer. Throws `RangeError` for a group without rows. */
export function rowsOfGroup(rowGroup: number, shape: DatasetShape): RowRange {
  if (!Number.isInteger(rowGroup) || rowGroup < 0 || rowGroup >= groupCount(shape)) {
    throw new RangeError(`Cannot find row group ${rowGroup}: the dataset has ${groupCount(shape)}`);
  }
  const first = rowGroup * shape.rowGroupSize;
  return { first, last: Math.min(first + shape.rowGroupSize, shape.rows) - 1 };
}

/** The limiter of a column in order: the one group whose turn it is may have cells outstanding under it. */
export function placeOf(column: string): string {
  return `in order: ${column}`;
}

/** How many slices hold a range of rows. */
export function sliceCount(rows: RowRange, sliceRows: number): number {
  return Math.ceil(sizeOf(rows) / sliceRows);
}

/** The rows of slice number `index` of a range; the last slice may hold fewer. */
export function rowsOfSlice(index: number, options: { rows: RowRange; sliceRows: number }): RowRange {
  const first = options.rows.first + index * options.sliceRows;
  return { first, last: Math.min(first + options.sliceRows - 1, options.rows.last) };
}

export interface SizeOptions extends DatasetShape {
  /** `max_parallel_requests` of each (provider, model) pair in use, by limiter key. */
  readonly caps: { readonly [limiter: string]: number };
  /** The same of limiters that are no model's. Slices are not cut for them: two threads would make slices of a row. */
  readonly fixedCaps?: { readonly [limiter: string]: number };
  /** Columns that are made in slices. */
  readonly cellColumns: number;
  /** `max_concurrent_row_groups`, when set. */
  readonly window?: number | null;
  /** `slice_size`, when set. */
  readonly sliceSize?: number | null;
}

/** The sizes of a build. */
export interface Sizes {
  /** Groups open at once, at most. */
  readonly window: number;
  /** Limits of each open group. */
  readonly limits: ConductorLimits;
}

/** Chooses window, slice size and cells outstanding so that every model is busy and no history grows long. */
export function planSizes(options: SizeOptions): Sizes {
  const { caps, fixedCaps = {}, rowGroupSize } = options;
  const cap = Object.values(caps).reduce((sum, requests) => sum + requests, 0);
  const sliceRows = options.sliceSize ?? planSliceRows(options);
  const share = ([limiter, requests]: [string, number]) =>
    [limiter, Math.max(sliceRows, CELLS_PER_REQUEST * requests)] as const;
  // Two slices at least: the threads would stand idle from the end of one to the start of the next.
  const fixedShare = ([limiter, calls]: [string, number]) =>
    [limiter, Math.max(2 * sliceRows, CELLS_PER_REQUEST * calls)] as const;
  return {
    window: options.window ?? Math.max(2, Math.ceil((CELLS_PER_REQUEST * cap) / rowGroupSize) + 1),
    limits: {
      sliceRows,
      maxSlicesInFlight: MAX_SLICES_IN_FLIGHT,
      maxSlicesWithLeftovers: MAX_SLICES_WITH_LEFTOVERS,
      maxCells: Object.fromEntries([
        ...Object.entries(caps).map(share),
        ...Object.entries(fixedCaps).map(fixedShare),
      ]),
    },
  };
}

function planSliceRows({ caps, rows, rowGroupSize, cellColumns }: SizeOptions): number {
  const cells = Math.min(rows, rowGroupSize) * cellColumns;
  const requests = Object.values(caps);
  const cap = requests.reduce((sum, max) => sum + max, 0);
  const fillsModels = Math.ceil((CELLS_PER_REQUEST * cap) / MAX_SLICES_IN_FLIGHT);
  const sharesModels = Math.floor((CELLS_PER_REQUEST * Math.min(...requests)) / MIN_SLICES_OF_MODEL);
  const keepsModelsBusy = Math.min(Math.max(fillsModels, sharesModels), CHEAP_SLICE_ROWS);
  // Larger slices than these would leave places empty: for a handful of rows every cell is its own activity.
  const fillsPlaces = Math.floor(cells / MAX_SLICES_IN_FLIGHT);
  // Smaller slices than these would leave requests unused while their cells wait for a place.
  const usesCap = Math.min(Math.ceil(Math.min(cells, cap) / MAX_SLICES_IN_FLIGHT), CHEAP_SLICE_ROWS);
  const keepsHistoryShort = Math.ceil(cells / MAX_SLICES_OF_GROUP);
  const wanted = Math.max(Math.min(keepsModelsBusy, fillsPlaces), usesCap, keepsHistoryShort);
  return Math.min(Math.max(wanted, 1), MAX_SLICE_ROWS);
}
