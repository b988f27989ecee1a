// A parsed answer under a user's JSON Schema (draft 2020-12): properties that the schema does not name are left out,
// numbers get the type that it gives them (`9` in a number field is 9.0, `9.0` in an integer field is 9), then the
// whole is checked.

import { CellError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { isValueList, isValueObject, type Value, type ValueObject } from '../values.ts';
import { decimalPlacesOf, patternOf } from './dialect.ts';
import { findReference } from './pointers.ts';
import { makeSchemaCheck, type SchemaCheck } from './schema-check.ts';

/** Throws `CellError` `UnusableAnswer` that names what breaks the schema; `TypeError` for a schema that is none. */
export function fitToSchema(value: Value, schema: Value): Value {
  if (!isValueObject(schema)) throw new TypeError('Cannot use as a JSON Schema what is no object');
  const check = checkOf(schema);
  const fitted = new Fitting(schema, check).fit(value, [{ schema, pointer: '#' }]);
  const problems = check(fitted, '#');
  if (problems.length === 0) return fitted;
  throw new CellError('UnusableAnswer', `The answer does not obey the schema: ${problems.join('; ')}`);
}

const checks = new WeakMap<ValueObject, SchemaCheck>();

function checkOf(schema: ValueObject): SchemaCheck {
  const check = checks.get(schema) ?? makeSchemaCheck(schema);
  checks.set(schema, check);
  return check;
}

/** A schema inside the root schema, and the JSON pointer to it. */
interface Place {
  readonly schema: Value;
  readonly pointer: string;
}

/**
 * One answer under the schema. A value is fitted once to the same schemas: each branch of each choice looks into the
 * same values again, on every level of a schema that refers to itself.
 */
class Fitting {
  readonly #root: ValueObject;
  readonly #check: SchemaCheck;
  readonly #fitted = new Map<Value, Map<string, Value>>();

  constructor(root: ValueObject, check: SchemaCheck) {
    this.#root = root;
    this.#check = check;
  }

  /** The value as all of these schemas together have it. */
  fit(value: Value, given: readonly Place[]): Value {
    const known = this.#fitted.get(value) ?? new Map<string, Value>();
    this.#fitted.set(value, known);
    const schemas = distinct(given);
    const key = schemas.map(({ pointer }) => pointer).join('\n');
    const fitted = known.get(key) ?? this.#fitTo(value, schemas);
    known.set(key, fitted);
    return fitted;
  }

  #fitTo(value: Value, given: readonly Place[]): Value {
    const places = distinct(given.flatMap((place) => this.#placesFor(value, place)));
    if (places.length === 0) return value;
    if (isValueList(value)) return value.map((item, index) => this.fit(item, itemPlaces(places, index)));
    if (isValueObject(value)) return this.#fitObject(value, places);
    const decimal = places.find(({ schema }) => decimalPlacesOf(schema) !== undefined);
    if (decimal !== undefined) return this.#fitDecimal(value, decimal);
    if (typeof value === 'bigint' || typeof value === 'number') return fitNumber(value, places);
    return value;
  }

  #fitDecimal(value: Value, { schema, pointer }: Place): Value {
    if (value === null || this.#check(value, pointer).length > 0) return value;
    return roundedTo(decimalPlacesOf(schema)!, String(value));
  }

  #fitObject(value: ValueObject, places: readonly Place[]): Value {
    const isOpen = !places.some(({ schema }) => isValueObject((schema as ValueObject).properties));
    const kept = Object.entries(value).flatMap(([name, item]): [string, Value][] => {
      const about = places.flatMap((place) => propertyPlaces(place, name));
      return about.length > 0 || isOpen ? [[name, this.fit(item, about)]] : [];
    });
    return Object.fromEntries(kept);
  }

  /** All schemas that speak of a value: the one itself, those it refers to and joins, the first branch that it obeys. */
  #placesFor(value: Value, place: Place): readonly Place[] {
    const { schema, pointer } = place;
    if (!isValueObject(schema)) return [];
    const parts = [...partsOf(schema, 'allOf', pointer)];
    if (typeof schema.$ref === 'string') {
      parts.unshift({ schema: findReference(this.#root, schema.$ref) ?? {}, pointer: schema.$ref });
    }
    for (const keyword of ['anyOf', 'oneOf']) {
      const branch = partsOf(schema, keyword, pointer).find(
        (part) => this.#check(this.fit(value, [part]), part.pointer).length === 0,
      );
      if (branch !== undefined) parts.push(branch);
    }
    return [place, ...parts.flatMap((part) => this.#placesFor(value, part))];
  }
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [place.pointer, place])).values()];
}

function partsOf(schema: ValueObject, keyword: string, pointer: string): readonly Place[] {
  const parts = findOwn(schema, keyword);
  if (!isValueList(parts)) return [];
  return parts.map((part, index) => ({ schema: part, pointer: `${pointer}/${keyword}/${index}` }));
}

/** The schemas that one schema has for a property: by its name, by its pattern, else the one for all others. */
function propertyPlaces({ schema, pointer }: Place, name: string): readonly Place[] {
  const { properties, patternProperties, additionalProperties } = schema as ValueObject;
  const places: Place[] = [];
  if (isValueObject(properties) && Object.hasOwn(properties, name)) {
    places.push({ schema: findOwn(properties, name)!, pointer: `${pointer}/properties/${escapeStep(name)}` });
  }
  for (const [pattern, part] of Object.entries(isValueObject(patternProperties) ? patternProperties : {})) {
    if (!patternOf(pattern).test(name)) continue;
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

/** The float that a decimal number stands for, half a last place rounded away from zero. */
function roundedTo(places: number | null, text: string): number {
  const [, mantissa, exponent = '0'] = DECIMAL.exec(text.trim()) ?? [];
  if (mantissa === undefined)
    throw new CellError('UnusableAnswer', `The answer does not obey the schema: "${text}" is no number`);
  const scaled = places === null ? Number.NaN : Number(`${mantissa}e${Number(exponent) + places}`);
  // From there on a float has no places.
  if (!(Math.abs(scaled) < Number.MAX_SAFE_INTEGER)) return toFloat(text);
  return Math.sign(scaled) * Number(`${Math.round(Math.abs(scaled))}e-${places}`);
}

const DECIMAL = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d+))?$/i;

function toFloat(number: bigint | string): number {
  const float = Number(number);
  if (Number.isFinite(float)) return float;
  throw new CellError(
    'UnusableAnswer',
    `The answer has a number of ${String(number).length} digits: no float holds it`,
  );
}

function fitNumber(value: bigint | number, places: readonly Place[]): Value {
  for (const { schema } of places) {
    const { type, enum: options, const: only } = schema as ValueObject;
    const listed = [...(isValueList(options) ? options : []), ...(only === undefined ? [] : [only])];
    const same = listed.find((option) => isNumber(option) && Number(option) === Number(value));
    if (same !== undefined) return same;
    const types = isValueList(type) ? type : [type];
    if (types.includes('number')) return typeof value === 'number' ? value : toFloat(value);
    if (types.includes('integer') && Number.isInteger(value)) return BigInt(value);
  }
  return value;
}

function isNumber(value: Value): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}

function escapeStep(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
