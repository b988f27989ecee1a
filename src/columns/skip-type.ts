import type { ColumnType } from '../plan.ts';
import { misfitOf } from '../store/parquet.ts';
import type { ColumnConfig } from './declaration.ts';

/** The type of a column whose skipped cells have a value that may be no other cell's: it is in the files as JSON text then. */
export function typeWithSkip(type: ColumnType, skip: ColumnConfig['skip']): ColumnType {
  return skip === null || misfitOf(skip.value, type) === undefined ? type : { kind: 'json' };
}
