// The JSON Schemas of `output_format`: whether one can be used, and the column type that holds its values.

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ColumnType } from '../plan.ts';
import { meantBy } from '../text/nearest-name.ts';
import { lowerFirst } from '../text/phrases.ts';
import { isValueList, isValueObject, toPlain, type Value, type ValueObject } from '../values.ts';
import { decimalPlacesOf, PATTERNS } from './dialect.ts';
import { childOf, findReference, stepsOf } from './pointers.ts';

type Path = readonly (string | number)[];

/** What is wrong with a schema, and where below it. */
export interface SchemaProblem {
  readonly path: Path;
  /** Follows the name of the place. */
  readonly message: string;
}

// Unknown keywords and formats are the user's own; only what contradicts the standard is refused.
const OPTIONS = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  logger: false,
  // Ajv compiles the standard's own schema for that, a tenth of a second each time; what is given to it here is checked before.
  validateSchema: false,
  code: PATTERNS,
} as const;

/** That of the standard, but a schema is one document: `$ref` is a pointer from its top, and nothing else names a part. */
const STANDARD = {
  $id: 'output_format',
  $dynamicAnchor: 'meta',
  $ref: 'https://json-schema.org/draft/2020-12/schema',
  properties: { $ref: { pattern: '^#(/.+)?$' }, $dynamicRef: false, $id: false },
};
let compiled: ValidateFunction | undefined;

/** What is wrong with a JSON Schema (draft 2020-12, whatever `$schema` says, as in Data Designer). */
export function schemaProblems(schema: Value): readonly SchemaProblem[] {
  if (!isValueObject(schema)) return [{ path: [], message: 'has to be a map with a JSON Schema in it' }];
  const { $schema: _, $id: __, ...plain } = toPlain(schema) as Record<string, unknown>;
  compiled ??= new Ajv2020(OPTIONS).compile(STANDARD);
  const isSchema = compiled;
  isSchema(plain);
  const errors = furthest(isSchema.errors ?? []);
  if (errors.length > 0)
    return errors.map((error) => ({ path: pathOf(error.instancePath, schema), message: messageOf(error) }));
  try {
    new Ajv2020(OPTIONS).compile(plain);
  } catch (error) {
    const reason = (error as Error).message.replace(/ from id .*$/, '');
    return [{ path: [], message: `cannot be used as a JSON Schema: ${lowerFirst(reason)}` }];
  }
  return requiredProblems([], schema);
}

/**
 * Required names that are not among the properties: what a schema does not name is left out of an answer, so that none
 * would ever be taken. Schemas that others add to are not looked into.
 */
function requiredProblems(path: Path, schema: Value | undefined): SchemaProblem[] {
  if (!isValueObject(schema) || ADDS.some((keyword) => Object.hasOwn(schema, keyword))) return [];
  const { properties, required, items, additionalProperties = false } = schema;
  if (additionalProperties !== false) return [];
  const ofItems = requiredProblems([...path, 'items'], items);
  if (!isValueObject(properties)) return ofItems;
  const own = (isValueList(required) ? required : []).flatMap((name, index) => {
    if (typeof name !== 'string' || Object.hasOwn(properties, name)) return [];
    const advice = meantBy(name, Object.keys(properties), 'add it there');
    const message = `"${name}" is required but not among the properties, so no answer could be taken: ${advice}`;
    return [{ path: [...path, 'required', index], message }];
  });
  const below = Object.entries(properties).flatMap(([name, part]) =>
    requiredProblems([...path, 'properties', name], part),
  );
  return [...ofItems, ...own, ...below];
}

const ADDS = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'patternProperties'];

function messageOf({ keyword, instancePath, message, params }: ErrorObject): string {
  if (keyword === 'false schema')
    return 'is not supported: parts of a schema are referred to by "$ref": "#/…"';
  if (keyword === 'pattern' && instancePath.endsWith('/$ref')) {
    return 'has to be "#" or begin with "#/": other references are not supported';
  }
  const allowed = 'allowedValues' in params ? `: ${(params.allowedValues as unknown[]).join(', ')}` : '';
  return `is no JSON Schema: ${message?.replace(',', ' or ')}${allowed}`;
}

/** One error a place, and none for a place with errors below it: those are why. */
function furthest(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const places = [...new Set(errors.map(({ instancePath }) => instancePath))];
  return places
    .filter((place) => !places.some((other) => other.startsWith(`${place}/`)))
    .map((place) => errors.find(({ instancePath }) => instancePath === place)!);
}

function pathOf(pointer: string, schema: Value): Path {
  const path: (string | number)[] = [];
  let place: Value | undefined = schema;
  for (const step of stepsOf(pointer)) {
    path.push(isValueList(place) ? Number(step) : step);
    place = childOf(place, step);
  }
  return path;
}

const JSON_TEXT: ColumnType = { kind: 'json' };

/** The type for values of a valid schema. What has no struct form (anyOf, recursion, free maps) is JSON text. */
export function typeOfSchema(schema: Value): ColumnType {
  return new TypeReader(schema).read(schema, ['#']);
}

class TypeReader {
  readonly #root: Value;

  constructor(root: Value) {
    this.#root = root;
  }

  /** `open` holds the references that this schema stands under, itself included: one of them again is recursion. */
  read(schema: Value, open: readonly string[]): ColumnType {
    if (!isValueObject(schema)) return JSON_TEXT;
    const { $ref: reference, anyOf, oneOf, allOf, enum: words } = schema;
    if (typeof reference === 'string') return this.#readReference(reference, open);
    if (decimalPlacesOf(schema) !== undefined) return { kind: 'float' };
    const choices = anyOf ?? oneOf;
    if (isValueList(choices)) return this.#sameType(choices, open);
    if (isValueList(allOf))
      return allOf.length === 1 && schema.type === undefined ? this.read(allOf[0]!, open) : JSON_TEXT;
    if (isValueList(words)) return typeOfWords(words);
    if ('const' in schema) return typeOfWords([schema.const ?? null]);
    const types = typesOf(schema).filter((type) => type !== 'null');
    if (types.length === 2 && types.includes('integer') && types.includes('number')) return { kind: 'float' };
    switch (types.length === 1 ? types[0] : undefined) {
      case 'string':
        return { kind: 'text' };
      case 'integer':
        return { kind: 'int' };
      case 'number':
        return { kind: 'float' };
      case 'boolean':
        return { kind: 'bool' };
      case 'array':
        return this.#readList(schema, open);
      case 'object':
        return this.#readObject(schema, open);
      default:
        return JSON_TEXT;
    }
  }

  #readList(schema: ValueObject, open: readonly string[]): ColumnType {
    if (schema.items === undefined || schema.prefixItems !== undefined) return JSON_TEXT;
    return { kind: 'list', item: this.read(schema.items, open) };
  }

  #readObject(schema: ValueObject, open: readonly string[]): ColumnType {
    const { properties, additionalProperties, patternProperties } = schema;
    const isOpen = additionalProperties !== undefined && additionalProperties !== false;
    if (isOpen || patternProperties !== undefined || !isValueObject(properties)) return JSON_TEXT;
    const fields = Object.entries(properties).map(([name, field]) => ({
      name,
      type: this.read(field, open),
    }));
    return fields.length === 0 ? JSON_TEXT : { kind: 'struct', fields };
  }

  #readReference(reference: string, open: readonly string[]): ColumnType {
    if (open.includes(reference)) return JSON_TEXT;
    const target = findReference(this.#root, reference);
    return target === undefined ? JSON_TEXT : this.read(target, [...open, reference]);
  }

  /** A choice between one type and null is that type. */
  #sameType(choices: readonly Value[], open: readonly string[]): ColumnType {
    const types = choices.filter((choice) => !isNull(choice)).map((choice) => this.read(choice, open));
    const [first] = types;
    const isOne = types.every((type) => JSON.stringify(type) === JSON.stringify(first));
    return first !== undefined && isOne ? first : JSON_TEXT;
  }
}

function isNull(schema: Value): boolean {
  return isValueObject(schema) && schema.type === 'null';
}

/** The types that a schema allows, by its own word or by what it says of them. */
export function typesOf({ type, properties, items }: ValueObject): readonly string[] {
  if (typeof type === 'string') return [type];
  if (isValueList(type)) return type.map(String);
  if (properties !== undefined) return ['object'];
  return items === undefined ? [] : ['array'];
}

function typeOfWords(words: readonly Value[]): ColumnType {
  const given = words.filter((word) => word !== null);
  const are = (...kinds: string[]) => given.length > 0 && given.every((word) => kinds.includes(typeof word));
  if (are('string')) return { kind: 'text' };
  if (are('bigint')) return { kind: 'int' };
  if (are('bigint', 'number')) return { kind: 'float' };
  return are('boolean') ? { kind: 'bool' } : JSON_TEXT;
}
