// What rows are made of.

import type { CellError } from '../errors.ts';
import type { Value } from '../values.ts';

/** The values of one row by column, as far as they exist. */
export type RowValues = { readonly [column: string]: Value };

/** Why a row is dropped: the column that could not be made, and what it met. */
export interface RowFailure {
  readonly column: string;
  readonly error: CellError;
}
