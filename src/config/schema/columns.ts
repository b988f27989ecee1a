// The columns of a document, field by field as Data Designer names them. A type or field that exists there but not
// yet here is refused by name in `not-yet.ts`, before any call.

import { z } from 'zod';
import { fromDraft4 } from '../../schema-dialect.ts';
import { SAMPLER_PARAMS } from './samplers.ts';
import { filledText, flag, map, mapOf, oneOf, text, value } from './scalars.ts';

export const SAMPLER_TYPES = [
  'uuid',
  'category',
  'subcategory',
  'uniform',
  'gaussian',
  'bernoulli',
  'poisson',
  'datetime',
] as const;
export type SamplerType = (typeof SAMPLER_TYPES)[number];

export const COLUMN_TYPES = [
  'sampler',
  'seed-dataset',
  'llm-text',
  'llm-structured',
  'llm-judge',
  'expression',
] as const;
export type ColumnKind = (typeof COLUMN_TYPES)[number];

const base = <Kind extends ColumnKind>(kind: Kind) => ({
  name: text(),
  column_type: oneOf([kind]),
  drop: flag().default(false),
});

const samplerColumn = <Type extends SamplerType, Params extends z.ZodType>(type: Type, params: Params) =>
  map({
    ...base('sampler'),
    sampler_type: oneOf([type]),
    params,
    conditional_params: mapOf(params).default({}),
    convert_to: filledText().nullable().default(null),
  });

/** Parameters that all have defaults may be left out. */
export const SAMPLER_COLUMNS = {
  uuid: samplerColumn('uuid', SAMPLER_PARAMS.uuid.prefault({})),
  category: samplerColumn('category', SAMPLER_PARAMS.category),
  subcategory: samplerColumn('subcategory', SAMPLER_PARAMS.subcategory),
  uniform: samplerColumn('uniform', SAMPLER_PARAMS.uniform),
  gaussian: samplerColumn('gaussian', SAMPLER_PARAMS.gaussian),
  bernoulli: samplerColumn('bernoulli', SAMPLER_PARAMS.bernoulli),
  poisson: samplerColumn('poisson', SAMPLER_PARAMS.poisson),
  datetime: samplerColumn('datetime', SAMPLER_PARAMS.datetime),
};

const modelColumn = {
  /** That there is something in it is checked where the rest of the column is known. */
  prompt: text(),
  model_alias: filledText(),
  system_prompt: text().nullable().default(null),
};

/** `options` by the text of the score; keys are text. */
const judgeScore = map({
  // Readers of Parquet take a field of this name for something else.
  name: filledText().refine((name) => name !== '__proto__', { message: 'cannot be "__proto__"' }),
  description: text(),
  options: mapOf(text()).superRefine((options, context) => {
    const keys = Object.keys(options);
    if (keys.length === 0) context.addIssue({ code: 'custom', message: 'has to have at least 1 option' });
    const seen = new Map<string, string>();
    for (const key of keys) {
      // Answers are matched to options without regard to case and outer spaces.
      const plain = key.trim().toLowerCase();
      const twin = seen.get(plain);
      if (twin !== undefined) {
        const message = `has options "${twin}" and "${key}", which an answer cannot tell apart`;
        context.addIssue({ code: 'custom', message });
      }
      seen.set(plain, key);
    }
  }),
});
export type JudgeScore = z.infer<typeof judgeScore>;

export const OTHER_COLUMNS = {
  'seed-dataset': map(base('seed-dataset')),
  'llm-text': map({ ...base('llm-text'), ...modelColumn }),
  'llm-structured': map({
    ...base('llm-structured'),
    ...modelColumn,
    output_format: value().transform(fromDraft4),
  }),
  'llm-judge': map({
    ...base('llm-judge'),
    ...modelColumn,
    scores: z.array(judgeScore).min(1).superRefine(checkScoreNames),
  }),
  expression: map({
    ...base('expression'),
    expr: filledText(),
    dtype: oneOf(['str', 'int', 'float', 'bool']).default('str'),
  }),
};

function checkScoreNames(scores: readonly JudgeScore[], context: z.RefinementCtx): void {
  scores.forEach(({ name }, index) => {
    if (scores.findIndex((score) => score.name === name) < index) {
      const message = `"${name}" is the name of an earlier score`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  });
}

export type SamplerColumn = z.infer<(typeof SAMPLER_COLUMNS)[SamplerType]>;
type OtherColumns = typeof OTHER_COLUMNS;
type SeedColumn = z.infer<OtherColumns['seed-dataset']>;
export type TextColumn = z.infer<OtherColumns['llm-text']>;
export type StructuredColumn = z.infer<OtherColumns['llm-structured']>;
export type JudgeColumn = z.infer<OtherColumns['llm-judge']>;
export type ExpressionColumn = z.infer<OtherColumns['expression']>;
export type ColumnConfig =
  | SamplerColumn
  | SeedColumn
  | TextColumn
  | StructuredColumn
  | JudgeColumn
  | ExpressionColumn;
