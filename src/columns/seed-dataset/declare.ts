// `seed-dataset`: a column of the user's own rows.

import type { z } from 'zod';
import type { PlanColumn } from '../../plan.ts';
import { type ColumnConfig, columnFields, type Declaration, skipFields } from '../declaration.ts';
import { map } from '../fields.ts';

type SeedForm = Record<never, never>;
export type SeedColumn = PlanColumn<'seed-dataset', SeedForm>;

const schema = map({ ...columnFields('seed-dataset'), ...skipFields() });

export const declare: Declaration<'seed-dataset', ColumnConfig, SeedForm, z.input<typeof schema>> = {
  kind: 'seed-dataset',
  about: 'A column of the rows that you bring; needed only to drop it from the output.',
  schema,
  type: ({ name }, { seeds }) =>
    seeds?.columns.find((column) => column.name === name)?.type ?? { kind: 'text' },
  // Cells hold whatever the source has: their text may be JSON.
  shape: () => null,
  form: () => ({}),
  strategy: () => 'root',
  limiters: () => [],
  costs: () => false,
  onError: 'drop',
  readVersion: 1,
  words: {},
  follows: { seedSource: 'seed data changed' },
  whyNoRedo: 'its values are those of the seed data. Edit that and run again',
  source: (_, { seedRow }) => seedRow ?? 'seed data',
  causeWord: 'seed data',
};
