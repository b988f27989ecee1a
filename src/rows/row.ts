// A row while it is given its values, and what its cells come to.

import { declarationOf } from '../columns/kinds.ts';
import type { Keyed, RowFailure, RowView } from '../columns/maker.ts';
import type { OpenColumn } from '../columns/open-columns.ts';
import { CellError } from '../errors.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { PlanColumn } from '../plan.ts';
import type { CellRecord } from '../store/records.ts';
import type { Value } from '../values.ts';

export interface AssembledRow {
  readonly row: number;
  /** Columns and side effects, as far as they are there. */
  readonly values: { [column: string]: Value };
  readonly skipped: Set<string>;
  readonly impossible: Set<string>;
  /** Why the row is dropped: of several the first in graph order. */
  failure: RowFailure | null;
  /** Failed cells that are null and count as made. */
  readonly nulled: RowFailure[];
}

/** The exact input of a cell, made when it is asked for. */
export type InputOf = () => Keyed<unknown> | CellError;

/** What a cell says, and its record, if it has one; `undefined`: to be made. */
export type Found =
  | { readonly record: CellRecord | null; readonly value: Value }
  | CellError
  | 'skipped'
  | 'impossible'
  | undefined;

export interface Source {
  /** Whether skips are decided here; else records tell. */
  readonly decides: boolean;
  /** Told before the cells of a stored column are asked for. */
  begin?(open: OpenColumn): Promise<void>;
  /** The cell of a stored column. `input` is null as long as something that it needs is to be made. */
  find(open: OpenColumn, row: AssembledRow, input: InputOf | null): Found;
  /** Told that a cell that was found is to be made with all of its column: others of it are missing, or wait for what is. */
  refuse?(open: OpenColumn, row: AssembledRow, why: 'missing' | 'downstream'): void;
}

export function emptyRow(row: number): AssembledRow {
  return { row, values: {}, skipped: new Set(), impossible: new Set(), failure: null, nulled: [] };
}

export function computed(open: OpenColumn & { readonly shape: 'inline' }, view: RowView): Found {
  return orCellError(() => ({ record: null, value: open.compute(view) }));
}

/** What a record of a column says: its value under today's reader, or why there is none. */
export function foundIn(open: OpenColumn, record: CellRecord): Found {
  const { status, error, value } = record;
  if (status === 'skip') return 'skipped';
  if (status === 'failed') return new CellError(error?.kind ?? 'TriesExhausted', error?.message ?? '');
  if (open.shape !== 'cells') return { record, value };
  const read = orCellError(() => open.maker.read(record));
  // Of no use to this version: it is to be made again.
  if (read instanceof CellError) return undefined;
  const { readVersion } = declarationOf(open.column.kind);
  const isOfToday = record.read === readVersion || record.turns.length === 0;
  return { record: isOfToday ? record : { ...record, read: readVersion, value: read }, value: read };
}

function orCellError<Result>(run: () => Result): Result | CellError {
  try {
    return run();
  } catch (error) {
    if (error instanceof CellError) return error;
    throw error;
  }
}

export function skipCell(row: AssembledRow, column: PlanColumn): void {
  row.skipped.add(column.name);
  setAll(row, column, column.skip?.value ?? null);
}

/** Of a column whose `onError` is null. */
export function failCell(row: AssembledRow, column: PlanColumn, error: CellError): void {
  row.nulled.push({ column: column.name, error });
  setAll(row, column, declarationOf(column.kind).failedValue?.(column.form) ?? null);
}

/** Where a cell has no record its side effects are null. */
function setAll({ values }: AssembledRow, { name, sideEffects }: PlanColumn, value: Value): void {
  setOwn(values, name, value);
  for (const side of sideEffects) setOwn(values, side.name, null);
}

export function addSides(
  { values }: AssembledRow,
  { column, maker }: OpenColumn & { readonly shape: 'cells' },
  record: CellRecord,
  input: InputOf | null,
): void {
  const made = input?.() ?? null;
  // A cell may be kept whatever it was made from: what is there today was never asked then.
  const isKnown = made !== null && !(made instanceof CellError) && made.digest === record.in;
  const sides = maker.sides?.(record, isKnown ? made.input : null);
  for (const { name } of column.sideEffects) setOwn(values, name, findOwn(sides, name) ?? null);
}
