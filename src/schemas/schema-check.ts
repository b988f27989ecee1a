// Whether values obey a user's JSON Schema (draft 2020-12) or a schema inside it.
//
// A value is held once against each schema that it meets at a pointer. Ajv by itself does it anew from every branch of
// every choice above: where a schema refers to itself, its time doubles with each level of the value.

import {
  Ajv2020,
  type CodeKeywordDefinition,
  type ErrorObject,
  type ValidateFunction,
} from 'ajv/dist/2020.js';
import { callRef } from 'ajv/dist/vocabularies/core/ref.js';
import formats from 'ajv-formats';
import { isValueList, isValueObject, toPlain, type Value, type ValueObject } from '../values.ts';
import { PATTERNS } from './dialect.ts';

/**
 * What of a value breaks the schema at a JSON pointer (`#` is the whole schema), for people and for the model:
 * `/level must be integer`. Empty when it obeys. Throws `TypeError` for a pointer to no schema.
 */
export type SchemaCheck = (value: Value, pointer: string) => readonly string[];

const ROOT_ID = 'answer';

/** Compiles each schema when it is first needed. A check may be cut off at any point, and used again. */
export function makeSchemaCheck(schema: ValueObject): SchemaCheck {
  const checks = new Map<string, Check>();
  let idle: Ajv2020 | null = null;

  function checkAt(pointer: string): Check {
    const check = checks.get(pointer) ?? checkOnce(() => compile(pointer));
    checks.set(pointer, check);
    return check;
  }

  function compile(pointer: string): ValidateFunction {
    const ajv = idle ?? createAjv(schema, checkAt);
    // Cut off while it compiles, it would take this schema for one under way ever after.
    idle = null;
    const validate = ajv.getSchema(`${ROOT_ID}${pointer}`);
    idle = ajv;
    if (validate === undefined) throw new TypeError(`No JSON Schema at ${pointer}`);
    return validate;
  }

  const plainOf = makePlainOnce();
  return (value, pointer) => {
    const check = checkAt(pointer);
    return check(plainOf(value)) ? [] : (check.errors ?? []).map(textOf);
  };
}

function createAjv(schema: ValueObject, checkAt: (pointer: string) => Check): Ajv2020 {
  // That it is a schema was checked with the config.
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateSchema: false,
    logger: false,
    code: PATTERNS,
  });
  formats.default(ajv);
  const reference: CodeKeywordDefinition = {
    keyword: '$ref',
    schemaType: 'string',
    code: (context) => callRef(context, context.gen.scopeValue('validate', { ref: checkAt(context.schema) })),
  };
  ajv.removeKeyword('$ref').addKeyword(reference);
  // Another dialect's name would send Ajv looking for its meta-schema.
  const { $schema: _, $id: __, ...plain } = toPlain(schema) as ValueObject;
  return ajv.addSchema(plain, ROOT_ID);
}

interface Outcome {
  readonly isValid: boolean;
  /** Their paths begin at the value. */
  readonly errors: readonly ErrorObject[];
  readonly evaluated: ValidateFunction['evaluated'] | undefined;
}

/** As much of a `ValidateFunction` as Ajv needs of one that is referred to. */
interface Check {
  (...given: Parameters<ValidateFunction>): boolean;
  errors?: ErrorObject[];
  evaluated?: ValidateFunction['evaluated'] | undefined;
}

function checkOnce(compile: () => ValidateFunction): Check {
  const outcomes = new WeakMap<object, Outcome>();
  let validate: ValidateFunction | null = null;

  function run(...[data, place]: Parameters<ValidateFunction>): Outcome {
    validate ??= compile();
    const isValid = validate(data, { ...place!, instancePath: '' });
    return { isValid, errors: firstOf(validate.errors ?? []), evaluated: validate.evaluated };
  }

  const check: Check = (data, place) => {
    const isNode = typeof data === 'object' && data !== null;
    const outcome = (isNode ? outcomes.get(data) : undefined) ?? run(data, place);
    if (isNode) outcomes.set(data, outcome);
    const above = place?.instancePath ?? '';
    check.errors = outcome.errors.map((error) => ({ ...error, instancePath: above + error.instancePath }));
    // The caller adds to it.
    check.evaluated = structuredClone(outcome.evaluated);
    return outcome.isValid;
  };
  return check;
}

const MAX_PROBLEMS = 5;

/** No more than are shown: those of all branches together would be as many as the ways through them. */
function firstOf(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const byText = new Map(errors.map((error) => [textOf(error), error]));
  return [...byText.values()].slice(0, MAX_PROBLEMS);
}

function textOf({ instancePath, message }: ErrorObject): string {
  return `${instancePath === '' ? 'it' : instancePath} ${message}`;
}

/** {@link toPlain}, but what is one in two values stays one. */
function makePlainOnce(): (value: Value) => unknown {
  const known = new WeakMap<object, unknown>();
  const copyOf = (value: readonly Value[] | ValueObject): unknown =>
    isValueList(value)
      ? value.map(plainOf)
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainOf(item)]));
  function plainOf(value: Value): unknown {
    if (!isValueList(value) && !isValueObject(value)) return toPlain(value);
    const plain = known.get(value) ?? copyOf(value);
    known.set(value, plain);
    return plain;
  }
  return plainOf;
}
