// The parts of a document beside columns and models: what is Rowloom's own under `rowloom:`.

import type { z } from 'zod';
import { filledText, flag, map, mapOf, oneOf, real, whole } from '../../columns/fields.ts';
import { ENGINES } from '../../templates/engines.ts';

export const DEFAULT_ROW_GROUP_SIZE = 1_000;

/** In dollars per million tokens. */
const price = map({
  input: real({ min: 0 }),
  output: real({ min: 0 }).default(0),
  cached_input: real({ min: 0 }).nullable().default(null),
  reasoning: real({ min: 0 }).nullable().default(null),
});

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
  preserve_dropped_columns: flag().default(true),
  on_error: mapOf(oneOf(['drop', 'null', 'fail']).nullable()).default({}),
  prices: mapOf(price).default({}),
  max_cost_usd: real({ min: 0 }).nullable().default(null),
  max_tokens: whole({ min: 1 }).nullable().default(null),
  jinja_rendering_engine: oneOf(ENGINES).default('secure'),
});
export type RowloomSettings = z.infer<typeof rowloomSettings>;
