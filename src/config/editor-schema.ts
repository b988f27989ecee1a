// The JSON Schema of a document, for editors: what they complete and underline. It takes all that Rowloom takes, and knows
// less: names, templates and what depends on other fields are checked by `rowloom validate`.

import { z } from 'zod';
import type { ColumnConfig, ColumnSchema } from '../columns/declaration.ts';
import { COLUMN_KINDS, declarationOf } from '../columns/kinds.ts';
import { setOwn } from '../own-keys.ts';
import { PROCESSOR_KINDS, processorOf, USER_PROCESSOR_KINDS } from '../processors/kinds.ts';
import { CONSTRAINTS } from './constraints.ts';
import { DEFAULT_WHEN_NULL, laterColumnFields } from './not-yet.ts';
import { PROFILER } from './profilers.ts';
import { rowloomSettings } from './schema/document.ts';
import { MODEL_CONFIGS, modelProvider } from './schema/models.ts';
import { SEED_TYPES, seedConfigOf } from './schema/seeds.ts';
import { TOOL_SERVERS, toolConfig } from './schema/tools.ts';

interface JsonSchema {
  [keyword: string]: unknown;
}
type Named = Readonly<Record<string, JsonSchema>>;

/** The schema, as draft 7: what editors of YAML know best. */
export function editorSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  const define = (name: string, schema: JsonSchema): JsonSchema => {
    setOwn(definitions, name, schema);
    return { $ref: `#/definitions/${name}` };
  };
  const config = configOf(define);
  const rowloom = jsonOf(rowloomSettings);
  const own = {
    rowloom: {
      ...rowloom,
      description: "Rowloom's own settings; Data Designer leaves them out.",
      properties: {
        ...(rowloom.properties as Named),
        providers: listOf(define('provider', jsonOf(modelProvider))),
        mcp_providers: listOf(define('mcp_provider', jsonOf(TOOL_SERVERS.remote))),
        processors: listOf(
          chosenBy(
            'stage',
            Object.fromEntries(
              USER_PROCESSOR_KINDS.map((kind) => [kind, define(kind, jsonOf(processorOf(kind).schema))]),
            ),
          ),
        ),
      },
    },
    library_version: {},
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A config document of Rowloom or Data Designer',
    type: 'object',
    properties: {
      ...config,
      ...own,
      data_designer: {
        type: 'object',
        properties: config,
        description: 'The config, where it stands below this.',
      },
    },
    definitions,
  };
}

type Define = (name: string, schema: JsonSchema) => JsonSchema;

function configOf(define: Define): Named {
  const kinds = COLUMN_KINDS.map((kind) => {
    const { about, schema } = declarationOf(kind);
    const column = columnOf(schema, define, kind);
    return [kind, define(kind, { description: about, ...column })] as const;
  });
  const models = {
    'chat-completion': jsonOf(MODEL_CONFIGS.text),
    embedding: jsonOf(MODEL_CONFIGS.embeddings),
    image: jsonOf(MODEL_CONFIGS.images),
  };
  const processors = PROCESSOR_KINDS.map(
    (kind) => [kind, define(kind, jsonOf(processorOf(kind).schema))] as const,
  );
  return {
    columns: {
      ...listOf(chosenBy('column_type', Object.fromEntries(kinds))),
      description: 'The columns of the dataset; each may use those it names in its templates.',
    },
    model_configs: listOf({ anyOf: Object.values(models) }),
    seed_config: {
      type: ['object', 'null'],
      allOf: SEED_TYPES.map((type) => ({
        if: {
          properties: { source: { properties: { seed_type: { const: type } }, required: ['seed_type'] } },
          required: ['source'],
        },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        then: withOpenSource(jsonOf(seedConfigOf(type))),
      })),
    },
    processors: listOf(chosenBy('processor_type', Object.fromEntries(processors))),
    constraints: listOf({ anyOf: Object.values(CONSTRAINTS).map(jsonOf) }),
    profilers: listOf(jsonOf(PROFILER)),
    tool_configs: listOf(jsonOf(toolConfig)),
  };
}

/** Data Designer ignores what it does not know of a source. */
function withOpenSource(seeds: JsonSchema): JsonSchema {
  const { source, ...others } = seeds.properties as Named;
  return { ...seeds, properties: { ...others, source: { ...source, additionalProperties: true } } };
}

function columnOf(schema: ColumnSchema<ColumnConfig>, define: Define, kind: string): JsonSchema {
  const later = Object.fromEntries(
    Object.entries(laterColumnFields(kind)).map(([name, silent]) => [name, { enum: silent }]),
  );
  const one = (variant: z.ZodType): JsonSchema => {
    const { properties, ...column } = jsonOf(variant);
    const fields = Object.entries(properties as Named).map(
      ([name, field]) =>
        [name, NULL_IS_DEFAULT.includes(name) ? { anyOf: [field, { type: 'null' }] } : field] as const,
    );
    return { ...column, properties: { ...Object.fromEntries(fields), ...later } };
  };
  if (!('by' in schema)) return one(schema);
  const { by, orIn, schemas } = schema;
  const variants = Object.entries(schemas).map(
    ([word, variant]) => [word, define(`${kind}-${word}`, one(variant))] as const,
  );
  return chosenBy(by, Object.fromEntries(variants), orIn);
}

const NULL_IS_DEFAULT = [...DEFAULT_WHEN_NULL, 'drop'];

const listOf = (items: JsonSchema): JsonSchema => ({ type: ['array', 'null'], items });

/** The schema that a field's word chooses, or the same field of the map `orIn`. */
function chosenBy(field: string, schemas: Named, orIn?: string): JsonSchema {
  const says = (word: string): JsonSchema => ({
    properties: { [field]: { const: word } },
    required: [field],
  });
  return {
    type: 'object',
    properties: { [field]: { enum: Object.keys(schemas) } },
    allOf: Object.entries(schemas).map(([word, schema]) => ({
      if:
        orIn === undefined
          ? says(word)
          : { anyOf: [says(word), { properties: { [orIn]: says(word) }, required: [orIn] }] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: schema,
    })),
  };
}

/** What a person may write of what a schema reads. */
function jsonOf(given: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(readOf(given), {
    io: 'output',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => loosen(zodSchema as unknown as z.ZodType, jsonSchema),
  }) as JsonSchema;
  return schema;
}

/** What has the fields: of a reading and a transformation the reading. */
function readOf(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) {
    const { in: read, out } = schema.def as unknown as { readonly in: z.ZodType; readonly out: z.ZodType };
    return readOf(out instanceof z.ZodTransform ? read : out);
  }
  const isWrapped =
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable;
  return isWrapped ? readOf(schema.def.innerType as unknown as z.ZodType) : schema;
}

function mayBeLeftOut(field: z.ZodType): boolean {
  return [z.ZodDefault, z.ZodPrefault, z.ZodOptional].some((wrapper) => field instanceof wrapper);
}

/** What fields of scalars take beside their own type: see `columns/fields.ts`. */
function loosen(zodSchema: z.ZodType, schema: JsonSchema): void {
  switch (schema.type) {
    case 'object': {
      const read = readOf(zodSchema);
      if (read instanceof z.ZodObject)
        schema.required = Object.entries(read.shape as Readonly<Record<string, z.ZodType>>)
          .filter(([, field]) => !mayBeLeftOut(field))
          .map(([name]) => name);
      break;
    }
    case 'string':
      if (schema.enum === undefined) schema.type = ['string', 'number', 'boolean'];
      break;
    case 'boolean':
      schema.enum = [true, false, 'yes', 'no', 'on', 'off', 'true', 'false'];
      delete schema.type;
      break;
    case 'number':
    case 'integer':
      schema.type = [schema.type, 'string'];
      if (Math.abs(Number(schema.minimum)) >= Number.MAX_SAFE_INTEGER) delete schema.minimum;
      if (Math.abs(Number(schema.maximum)) >= Number.MAX_SAFE_INTEGER) delete schema.maximum;
      break;
    default:
      break;
  }
  if (zodSchema instanceof z.ZodPipe && zodSchema.def.out instanceof z.ZodTransform)
    Object.assign(schema, jsonOf(zodSchema));
}
