// The type that a column has in the files: from the config alone, never from its values.

import { type ColumnType, labelKind, subcategoryKind } from '../plan.ts';
import { typeOfSchema } from './json-schema.ts';
import type { ColumnConfig, ExpressionColumn, JudgeColumn, SamplerColumn } from './schema/columns.ts';

const TEXT: ColumnType = { kind: 'text' };

const DTYPES: { readonly [Dtype in ExpressionColumn['dtype']]: ColumnType } = {
  str: TEXT,
  int: { kind: 'int' },
  float: { kind: 'float' },
  bool: { kind: 'bool' },
};

/** The type of every column but seed columns, which have their source's. */
export function typeOfColumn(config: Exclude<ColumnConfig, { column_type: 'seed-dataset' }>): ColumnType {
  switch (config.column_type) {
    case 'sampler':
      return typeOfSampler(config);
    case 'llm-text':
      return TEXT;
    case 'llm-structured':
      return typeOfSchema(config.output_format);
    case 'llm-judge':
      return typeOfScores(config.scores);
    case 'expression':
      return DTYPES[config.dtype];
  }
}

/** Scores come back as the text of their option, number options too. */
function typeOfScores(scores: JudgeColumn['scores']): ColumnType {
  const score: ColumnType = {
    kind: 'struct',
    fields: [
      { name: 'reasoning', type: TEXT },
      { name: 'score', type: TEXT },
    ],
  };
  return { kind: 'struct', fields: scores.map(({ name }) => ({ name, type: score })) };
}

function typeOfSampler(config: SamplerColumn): ColumnType {
  const { sampler_type: type, convert_to: target } = config;
  if (type === 'uuid' || type === 'datetime') return TEXT;
  if (target !== null) return DTYPES[target as ExpressionColumn['dtype']];
  switch (type) {
    case 'category':
      return { kind: labelKind(allParams(config).flatMap(({ values }) => values)) };
    case 'subcategory':
      return {
        kind: subcategoryKind(allParams(config).flatMap(({ values }) => Object.values(values).flat())),
      };
    case 'uniform':
    case 'gaussian':
      return { kind: 'float' };
    case 'bernoulli':
    case 'poisson':
      return { kind: 'int' };
  }
}

/** The parameters of a sampler and those of its conditions. */
export function allParams<Column extends SamplerColumn>(config: Column): readonly Column['params'][] {
  return [config.params, ...Object.values(config.conditional_params)];
}
