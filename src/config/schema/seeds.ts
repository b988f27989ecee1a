// `seed_config`: where the rows of a user come from, which of them are taken, and in which order.

import { z } from 'zod';
import { filledText, flag, map, oneOf, text, value, whole } from '../../columns/fields.ts';

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

const folder = {
  path: filledText(),
  file_pattern: filledText().default('*'),
  recursive: flag().default(true),
};

export const ROLLOUT_FORMATS = ['atif', 'claude_code', 'codex', 'hermes_agent', 'pi_coding_agent'] as const;

/** A key in a document would be stored with it, and shown. */
const tokenVariable = () =>
  text()
    .refine((token) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(token) && !token.startsWith('hf_'), {
      message: 'has to be the name of an environment variable, such as HF_TOKEN, not a token',
    })
    .nullable()
    .default(null);

export const SOURCES = {
  local: map({ seed_type: oneOf(['local']), path: filledText() }),
  directory: map({ seed_type: oneOf(['directory']), ...folder }),
  file_contents: map({
    seed_type: oneOf(['file_contents']),
    ...folder,
    encoding: filledText().default('utf-8'),
  }),
  agent_rollout: map({
    seed_type: oneOf(['agent_rollout']),
    format: oneOf(ROLLOUT_FORMATS),
    path: filledText().nullable().default(null),
    file_pattern: filledText().nullable().default(null),
    recursive: flag().default(true),
  }),
  hf: map({
    seed_type: oneOf(['hf']),
    path: filledText(),
    token: tokenVariable(),
    endpoint: filledText().default('https://huggingface.co'),
  }),
  dataset: map({
    seed_type: oneOf(['dataset']),
    name: filledText(),
    columns: z.array(filledText()).min(1).nullable().default(null),
    filter: filledText().nullable().default(null),
  }),
  rows: map({
    seed_type: oneOf(['rows']),
    rows: value().refine((rows) => Array.isArray(rows), { message: 'has to be a list of maps' }),
  }),
};

export type SeedType = keyof typeof SOURCES;
export const SEED_TYPES = Object.keys(SOURCES) as SeedType[];

/** The schema of a `seed_config` whose source is of a type; without one it lets any source pass. */
export function seedConfigOf(type: SeedType | null): z.ZodType<SeedConfig> {
  return map({
    source: (type === null ? z.unknown() : SOURCES[type]) as z.ZodType<SeedSourceConfig>,
    sampling_strategy: oneOf(['ordered', 'shuffle']).default('ordered'),
    selection_strategy: z.union([indexRange, partitionBlock]).nullable().default(null),
  });
}

export type SeedSourceOf<Type extends SeedType> = z.infer<(typeof SOURCES)[Type]>;
export type SeedSourceConfig = { [Type in SeedType]: SeedSourceOf<Type> }[SeedType];

/** A source as a program writes it: fields that have a default may be left out. */
export type SeedSourceInput = { [Type in SeedType]: z.input<(typeof SOURCES)[Type]> }[SeedType];

export interface SeedConfig {
  readonly source: SeedSourceConfig;
  readonly sampling_strategy: 'ordered' | 'shuffle';
  readonly selection_strategy: z.infer<typeof indexRange> | z.infer<typeof partitionBlock> | null;
}
