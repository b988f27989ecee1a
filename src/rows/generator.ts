// What rows are made of.

import type { CellError, ModelError } from '../errors.ts';
import type { Value } from '../values.ts';

/** The values of one row by column, as far as they exist. */
export type RowValues = { readonly [column: string]: Value };

/** Why a row is dropped: the column that could not be made, and what it met. */
export interface RowFailure {
  readonly column: string;
  readonly error: CellError;
}

/**
 * How one attempt at a cell ended.
 *   ok       a record with the value is in the part
 *   failed   a record with the reason is in the part; the row is dropped
 *   waiting  the endpoint does not answer now: the cell becomes a leftover
 */
export type CellOutcome =
  | { readonly status: 'ok'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: CellError }
  | { readonly status: 'waiting'; readonly error: ModelError; readonly retryAfterMs: number };
