// What of earlier starts a row group takes over.

import type { RowFailure } from '../columns/maker.ts';
import type { RowRange } from '../graph/types.ts';
import type { Drop } from '../store/groups.ts';
import type { CellRecord } from '../store/records.ts';

/**
 * Why a cell of a model column is to be made.
 *   missing     never made
 *   lost        in the current output, and gone from the store
 *   stale       made from another input
 *   downstream  made, but from an upstream cell that is to be made again: it may turn out to be right
 *   retried     failed for good in an earlier start
 */
export type Want = 'missing' | 'lost' | 'stale' | 'downstream' | 'retried';

export interface AdoptedColumn {
  /** Its cells are made together. */
  readonly isWhole: boolean;
  /** By row, of dropped rows too. */
  readonly chosen: ReadonlyMap<number, CellRecord>;
  /** Rows that are skipped. */
  readonly skipped: ReadonlySet<number>;
  /** Cells that crashed the worker, and are not tried again. */
  readonly crashed: ReadonlyMap<number, CellRecord>;
  /** Of made columns: the cells to be made, by row. */
  readonly wanted: ReadonlyMap<number, Want>;
  /** Rows whose cell was made from another input and is kept. */
  readonly keptAsIs: ReadonlySet<number>;
}

export interface Adoption {
  readonly dropped: ReadonlyMap<number, RowFailure>;
  readonly columns: ReadonlyMap<string, AdoptedColumn>;
  /** Rows of the current output that take other seed data. */
  readonly changedSeedRows: number;
}

/** What earlier builds put out of these rows. */
export interface EarlierOutput {
  /** The rows in the files of the current output. */
  readonly rows: readonly RowRange[];
  /** The columns that those rows have cells of. */
  readonly columns: readonly string[];
  /** The cells that rows were dropped for. */
  readonly drops: readonly Pick<Drop, 'row' | 'column'>[];
}
