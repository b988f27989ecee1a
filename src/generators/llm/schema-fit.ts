// A parsed answer under a user's JSON Schema (draft 2020-12): properties that the schema does not name are left out,
// numbers get the type that it gives them (`9` in a number field is 9.0, `9.0` in an integer field is 9), then the
// whole is checked.

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { isValueList, isValueObject, toPlain, type Value, type ValueObject } from '../../values.ts';
import { unusable } from './answer-kind.ts';

/** Throws `CellError` `UnusableAnswer` that names what breaks the schema; `TypeError` for a schema that is none. */
export function fitToSchema(value: Value, schema: Value): Value {
  const compiled = compile(schema);
  const fitted = fitValue(value, { schema, pointer: '#' }, compiled);
  const validate = compiled.validatorAt('#');
  if (validate(toPlain(fitted))) return fitted;
  throw unusable(`The answer does not obey the schema: ${describe(validate.errors ?? [])}`);
}

/** A schema inside the root schema, and the JSON pointer to it. */
interface Place {
  readonly schema: Value;
  readonly pointer: string;
}

interface Compiled {
  readonly root: Value;
  validatorAt(pointer: string): ValidateFunction;
}

const ROOT_ID = 'answer';
const compiledSchemas = new WeakMap<ValueObject, Compiled>();

function compile(schema: Value): Compiled {
  if (!isValueObject(schema)) throw new TypeError('Cannot use as a JSON Schema what is no object');
  const known = compiledSchemas.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  // Another dialect's name would send Ajv looking for its meta-schema.
  const { $schema: _, $id: __, ...plain } = toPlain(schema) as ValueObject;
  ajv.addSchema(plain, ROOT_ID);
  const compiled: Compiled = {
    root: schema,
    validatorAt(pointer) {
      const validate = ajv.getSchema(`${ROOT_ID}${pointer}`);
      if (validate === undefined) throw new TypeError(`No JSON Schema at ${pointer}`);
      return validate;
    },
  };
  compiledSchemas.set(schema, compiled);
  return compiled;
}

function fitValue(value: Value, place: Place, compiled: Compiled): Value {
  const places = placesFor(value, place, compiled);
  if (isValueList(value))
    return value.map((item, index) => fitToAll(item, itemPlaces(places, index), compiled));
  if (isValueObject(value)) return fitObject(value, places, compiled);
  if (typeof value === 'bigint' || typeof value === 'number') return fitNumber(value, places);
  return value;
}

function fitToAll(value: Value, places: readonly Place[], compiled: Compiled): Value {
  return places.reduce((fitted, place) => fitValue(fitted, place, compiled), value);
}

/** All schemas that speak of a value: the one itself, those it refers to and joins, the first branch that it obeys. */
function placesFor(value: Value, place: Place, compiled: Compiled): readonly Place[] {
  const { schema, pointer } = place;
  if (!isValueObject(schema)) return [];
  const places: Place[] = [place];
  if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) {
    const target = { schema: resolve(schema.$ref, compiled.root), pointer: schema.$ref };
    places.push(...placesFor(value, target, compiled));
  }
  for (const part of partsOf(schema, 'allOf', pointer)) places.push(...placesFor(value, part, compiled));
  for (const keyword of ['anyOf', 'oneOf']) {
    const branch = partsOf(schema, keyword, pointer).find((part) => {
      const validate = compiled.validatorAt(part.pointer);
      return validate(toPlain(fitValue(value, part, compiled)));
    });
    if (branch !== undefined) places.push(...placesFor(value, branch, compiled));
  }
  return places;
}

function partsOf(schema: ValueObject, keyword: string, pointer: string): readonly Place[] {
  const parts = schema[keyword];
  if (!isValueList(parts)) return [];
  return parts.map((part, index) => ({ schema: part, pointer: `${pointer}/${keyword}/${index}` }));
}

function fitObject(value: ValueObject, places: readonly Place[], compiled: Compiled): Value {
  const isOpen = !places.some(({ schema }) => isValueObject((schema as ValueObject).properties));
  const kept = Object.entries(value).flatMap(([name, item]): [string, Value][] => {
    const about = places.flatMap((place) => propertyPlaces(place, name));
    return about.length > 0 || isOpen ? [[name, fitToAll(item, about, compiled)]] : [];
  });
  return Object.fromEntries(kept);
}

/** The schemas that one schema has for a property: by its name, by its pattern, else the one for all others. */
function propertyPlaces({ schema, pointer }: Place, name: string): readonly Place[] {
  const { properties, patternProperties, additionalProperties } = schema as ValueObject;
  const places: Place[] = [];
  if (isValueObject(properties) && Object.hasOwn(properties, name)) {
    places.push({ schema: properties[name]!, pointer: `${pointer}/properties/${escapeStep(name)}` });
  }
  for (const [pattern, part] of Object.entries(isValueObject(patternProperties) ? patternProperties : {})) {
    if (!new RegExp(pattern, 'u').test(name)) continue;
    places.push({ schema: part, pointer: `${pointer}/patternProperties/${escapeStep(pattern)}` });
  }
  const isOther = places.length === 0 && additionalProperties !== undefined && additionalProperties !== false;
  return isOther ? [{ schema: additionalProperties, pointer: `${pointer}/additionalProperties` }] : places;
}

function itemPlaces(places: readonly Place[], index: number): readonly Place[] {
  return places.flatMap(({ schema, pointer }) => {
    const { prefixItems, items } = schema as ValueObject;
    if (isValueList(prefixItems) && index < prefixItems.length) {
      return [{ schema: prefixItems[index]!, pointer: `${pointer}/prefixItems/${index}` }];
    }
    return items === undefined ? [] : [{ schema: items, pointer: `${pointer}/items` }];
  });
}

function fitNumber(value: bigint | number, places: readonly Place[]): Value {
  for (const { schema } of places) {
    const { type, enum: options, const: only } = schema as ValueObject;
    const listed = [...(isValueList(options) ? options : []), ...(only === undefined ? [] : [only])];
    const same = listed.find((option) => isNumber(option) && Number(option) === Number(value));
    if (same !== undefined) return same;
    const types = isValueList(type) ? type : [type];
    if (types.includes('number')) return Number(value);
    if (types.includes('integer') && Number.isInteger(value)) return BigInt(value);
  }
  return value;
}

function isNumber(value: Value): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}

function resolve(reference: string, root: Value): Value {
  let found: Value = root;
  for (const step of reference.split('/').slice(1)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    const next = isValueList(found) ? found[Number(key)] : isValueObject(found) ? found[key] : undefined;
    if (next === undefined) return {};
    found = next;
  }
  return found;
}

function escapeStep(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

const MAX_ERRORS = 5;

/** `/level must be integer; /why is missing`, for people and for the model. */
function describe(errors: readonly ErrorObject[]): string {
  const lines = errors.map(
    ({ instancePath, message }) => `${instancePath === '' ? 'it' : instancePath} ${message}`,
  );
  const shown = [...new Set(lines)].slice(0, MAX_ERRORS);
  return shown.join('; ');
}
