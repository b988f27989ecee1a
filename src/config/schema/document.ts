// The parts of a document beside columns and models: seeds, and what is Rowloom's own under `rowloom:`.

import { z } from 'zod';
import { filledText, flag, map, oneOf, real, whole } from '../../columns/fields.ts';

const indexRange = map({ start: whole({ min: 0 }), end: whole({ min: 0 }) }).superRefine(
  ({ start, end }, context) => {
    if (start > end) {
      const message = `has to be at most end ${end}, not ${start}`;
      context.addIssue({ code: 'custom', path: ['start'], message });
    }
  },
);

const partitionBlock = map({
  index: whole({ min: 0 }).default(0),
  num_partitions: whole({ min: 1 }).default(1),
}).superRefine(({ index, num_partitions }, context) => {
  if (index >= num_partitions) {
    const message = `has to be below num_partitions ${num_partitions}, not ${index}`;
    context.addIssue({ code: 'custom', path: ['index'], message });
  }
});

export const seedConfig = map({
  source: map({ seed_type: oneOf(['local']), path: filledText() }),
  sampling_strategy: oneOf(['ordered', 'shuffle']).default('ordered'),
  selection_strategy: z.union([indexRange, partitionBlock]).nullable().default(null),
});
export type SeedConfig = z.infer<typeof seedConfig>;

export const DEFAULT_ROW_GROUP_SIZE = 1_000;

/** What Data Designer takes in its run settings, and what only Rowloom has. Null: Rowloom chooses. */
export const rowloomSettings = map({
  seed: filledText().nullable().default(null),
  row_group_size: whole({ min: 1, max: 10_000 }).nullable().default(null),
  slice_size: whole({ min: 1, max: 1_000 }).nullable().default(null),
  max_concurrent_row_groups: whole({ min: 1, max: 1_000 }).nullable().default(null),
  max_conversation_restarts: whole({ min: 0, max: 100 }).default(5),
  max_conversation_correction_steps: whole({ min: 0, max: 100 }).default(0),
  shutdown_error_rate: real({ min: 0, max: 1 }).default(0.5),
  shutdown_error_window: whole({ min: 1, max: 100_000 }).default(50),
  disable_early_shutdown: flag().default(false),
  persons: oneOf(['files', 'faker']).default('files'),
});
export type RowloomSettings = z.infer<typeof rowloomSettings>;
