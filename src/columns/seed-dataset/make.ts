// `seed-dataset`: the values that a row's seed row has.

import { CellError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import type { RootMaker, RootValues, RowFailure, Values } from '../maker.ts';
import type { SeedColumn } from './declare.ts';

export const make: RootMaker<SeedColumn> = {
  shape: 'root',
  open(columns, { seeds }) {
    if (seeds === null && columns.length > 0)
      throw new RangeError('Cannot take seed rows: the plan has none');
    const valuesOf = (row: Values) =>
      Object.fromEntries(columns.map(({ name }) => [name, findOwn(row, name) ?? null]));
    const rootOf = (row: Values | null): RootValues =>
      row === null ? { values: {}, failure: failureOf(columns) } : { values: valuesOf(row), failure: null };
    return {
      make: async (rows) => ((await seeds?.make(rows)) ?? []).map(rootOf),
    };
  },
};

/** Seeds of another dataset keep its rows' numbers: one that was dropped there, or filtered out, is dropped here. */
function failureOf(columns: readonly SeedColumn[]): RowFailure {
  const error = new CellError('SeedRowDropped', 'The dataset that its seeds come from has no such row');
  return { column: columns[0]?.name ?? '', error };
}
