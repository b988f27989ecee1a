// The columns of a document, field by field as Data Designer names them. A type or field that exists there but not
// yet here is refused by name in `validate.ts`, before any call.

import { z } from 'zod';
import { flag, text, value } from './scalars.ts';

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

const base = { name: text(), drop: flag().default(false) };
const condition = z.record(z.string(), z.record(z.string(), value()));

export const samplerColumn = z.strictObject({
  ...base,
  column_type: z.literal('sampler'),
  sampler_type: z.enum(SAMPLER_TYPES),
  params: z.record(z.string(), value()).default({}),
  conditional_params: condition.default({}),
  convert_to: text().nullable().default(null),
});

const modelColumn = {
  ...base,
  prompt: text(),
  model_alias: text(),
  system_prompt: text().nullable().default(null),
};

export const llmTextColumn = z.strictObject({ ...modelColumn, column_type: z.literal('llm-text') });

export const llmStructuredColumn = z.strictObject({
  ...modelColumn,
  column_type: z.literal('llm-structured'),
  output_format: value(),
});

/** `options` in the order of the document; keys are text. */
export const judgeScore = z.strictObject({
  name: text(),
  description: text(),
  options: z.record(z.string(), text()),
});
export type JudgeScore = z.infer<typeof judgeScore>;

export const llmJudgeColumn = z.strictObject({
  ...modelColumn,
  column_type: z.literal('llm-judge'),
  scores: z.array(judgeScore).min(1),
});

export const expressionColumn = z.strictObject({
  ...base,
  column_type: z.literal('expression'),
  expr: text(),
  dtype: z.enum(['str', 'int', 'float', 'bool']).default('str'),
});

export const columnConfig = z.discriminatedUnion('column_type', [
  samplerColumn,
  llmTextColumn,
  llmStructuredColumn,
  llmJudgeColumn,
  expressionColumn,
]);
export type ColumnConfig = z.infer<typeof columnConfig>;
