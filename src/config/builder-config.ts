// A config written out again as a document: `builder_config.json` of a dataset, as Data Designer keeps it.

import type { Value, ValueObject } from '../values.ts';
import type { DatasetConfig } from './validate.ts';

/** Fields that hold whole numbers; in a config all numbers but labels are floats. */
const WHOLE_FIELDS = new Set([
  'decimal_places',
  'n',
  'dt_min',
  'dt_max',
  'age_range',
  'max_tokens',
  'max_parallel_requests',
  'timeout',
  'start',
  'end',
  'index',
  'num_partitions',
  'row_group_size',
  'slice_size',
  'max_concurrent_row_groups',
  'max_conversation_restarts',
  'max_conversation_correction_steps',
  'shutdown_error_window',
  'max_tool_call_turns',
]);

/** Fields with the user's own values: nothing in them is a field of ours. */
const USERS_FIELDS = ['extra_body', 'output_format', 'template', 'generator_params', 'processor_params'];

/** The document of a config, with all defaults filled in: read again it gives the same plan. */
export function builderConfigOf(config: DatasetConfig): ValueObject {
  const { columns, models, seeds, rowloom, providers, processors, constraints, tools, toolServers } = config;
  const listOf = (owner: 'stage' | 'processor_type') => {
    const own = processors.filter((processor) => owner in processor);
    return own.length > 0 ? { processors: own.map(documentValue) } : {};
  };
  return {
    data_designer: {
      columns: columns.map(documentValue),
      model_configs: models.map(documentValue),
      seed_config: documentValue(seeds),
      ...(constraints.length > 0 ? { constraints: constraints.map(documentValue) } : {}),
      ...listOf('processor_type'),
      ...(tools.length > 0 ? { tool_configs: tools.map(documentValue) } : {}),
    },
    rowloom: {
      ...(documentValue(rowloom) as ValueObject),
      providers: providers.map(documentValue),
      ...listOf('stage'),
      ...(toolServers.length > 0 ? { mcp_providers: toolServers.map(documentValue) } : {}),
    },
  };
}

function documentValue(config: unknown): Value {
  if (Array.isArray(config)) return config.map(documentValue);
  if (typeof config !== 'object' || config === null) return config as Value;
  return Object.fromEntries(
    Object.entries(config).map(([field, value]) => [field, fieldValue(field, value)]),
  );
}

function fieldValue(field: string, value: unknown): Value {
  if (USERS_FIELDS.includes(field)) return value as Value;
  if (!WHOLE_FIELDS.has(field)) return documentValue(value);
  return Array.isArray(value) ? value.map((item) => wholeValue(item)) : wholeValue(value);
}

/** A parameter of a distribution may be no whole number under a name that is one elsewhere. */
function wholeValue(value: unknown): Value {
  return Number.isInteger(value) ? BigInt(value as number) : documentValue(value);
}
