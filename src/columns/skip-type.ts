// The value of skipped cells, which may be of another type than the column's other cells.

import type { ColumnType } from '../plan.ts';
import { misfitOf } from '../store/parquet-values.ts';
import type { ColumnConfig } from './declaration.ts';

type Skip = NonNullable<ColumnConfig['skip']>;

/** Why the value is none of the column's type: `"none" is not a number`. */
export function misfitOfSkip({ value }: Skip, type: ColumnType): string | undefined {
  return misfitOf(value, type);
}

/** The type of a column in the files: JSON text where the value of skipped cells fits no other cell. */
export function typeWithSkip(type: ColumnType, skip: Skip | null): ColumnType {
  return skip === null || misfitOfSkip(skip, type) === undefined ? type : { kind: 'json' };
}
