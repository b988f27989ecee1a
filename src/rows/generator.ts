// What fills cells. Roots and inline columns are pure functions of plan, seed rows and row; cells ask a model.

import type { CellError, ModelError } from '../errors.ts';
import type { Message } from '../models/model-client.ts';
import type { Plan } from '../plan.ts';
import type { Value } from '../values.ts';

/** The values of one row by column, as far as they exist. */
export type RowValues = { readonly [column: string]: Value };

/** Why a row is dropped: the column that could not be made, and what it met. */
export interface RowFailure {
  readonly column: string;
  readonly error: CellError;
}

/** What one cell of a model column is made from. */
export interface CellInput {
  /** Digest of everything below that can change the answer; DESIGN §5. */
  readonly digest: string;
  readonly messages: readonly Message[];
  /** The request body beside model and messages, with drawn parameters filled in. */
  readonly parameters: { readonly [key: string]: Value };
  readonly responseSchema: { readonly name: string; readonly schema: Value } | null;
}

export interface CellPlace {
  readonly plan: Plan;
  readonly column: string;
  readonly row: number;
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
