// `seed-dataset`: the values that a row's seed row has.

import { findOwn } from '../../own-keys.ts';
import type { RootMaker, RootValues, Values } from '../maker.ts';
import type { SeedColumn } from './declare.ts';

export const make: RootMaker<SeedColumn> = {
  shape: 'root',
  open(columns, { seeds }) {
    if (seeds === null && columns.length > 0)
      throw new RangeError('Cannot take seed rows: the plan has none');
    const valuesOf = (row: Values) =>
      Object.fromEntries(columns.map(({ name }) => [name, findOwn(row, name) ?? null]));
    return {
      make: async (rows) =>
        ((await seeds?.make(rows)) ?? []).map(
          (row): RootValues => ({ values: valuesOf(row), failure: null }),
        ),
    };
  },
};
