// The values of cells. A whole number is a `bigint` and a float is a `number`, so that 9007199254740993 and
// 12.0 stay what they are from seed file and model answer to prompt and Parquet.

import { parse, stringify } from 'lossless-json';

/** A cell's value: JSON with whole numbers of any size (`bigint`) told apart from floats (`number`). */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | { readonly [key: string]: Value };

export type ValueObject = { readonly [key: string]: Value };

export function isValueObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isValueList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

const INT64_LIMIT = 2n ** 63n;

/** Whether a whole number fits into the 64 bits that files have for one. */
export function fitsInt64(value: bigint): boolean {
  return value >= -INT64_LIMIT && value < INT64_LIMIT;
}

/** A whole number as a float; itself where no float holds it, so that it does not fit its type instead of being infinite. */
export function asFloat(value: bigint): number | bigint {
  const float = Number(value);
  return Number.isFinite(float) ? float : value;
}

/** Levels of JSON text that can be read: all that walks a value recurses. */
export const MAX_JSON_LEVELS = 200;

/** Parses JSON text. `12` is a `bigint`, `12.0` and `1e3` are `number`. Throws `SyntaxError`. */
export function parseJson(text: string): Value {
  if (isNestedDeeper(text, MAX_JSON_LEVELS)) {
    throw new SyntaxError(`Cannot read the text: it is nested more than ${MAX_JSON_LEVELS} levels deep`);
  }
  return parseOwnJson(text);
}

/** The same for text that {@link formatJson} wrote around values that were read already, which makes it deeper. */
export function parseOwnJson(text: string): Value {
  return parse(text, null, parseJsonNumber) as Value;
}

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Whether JSON text has lists and objects inside each other more than so many levels deep. */
export function isNestedDeeper(json: string, levels: number): boolean {
  if (json.length <= levels) return false;
  let depth = 0;
  let isText = false;
  for (let index = 0; index < json.length; index++) {
    const unit = json.charCodeAt(index);
    if (unit === QUOTE) isText = !isText;
    else if (isText) index += unit === BACKSLASH ? 1 : 0;
    else if (unit === OPEN_LIST || unit === OPEN_OBJECT) depth++;
    else if (unit === CLOSE_LIST || unit === CLOSE_OBJECT) depth--;
    if (depth > levels) return true;
  }
  return false;
}

/** Writes JSON text that {@link parseJson} reads back as the same value. Throws `RangeError` for NaN and infinities. */
export function formatJson(value: Value, indent?: number): string {
  return stringify(value, null, indent, [FLOAT_FORMAT, BIGINT_FORMAT]) as string;
}

/** Throws `SyntaxError` for what no float can hold. */
export function parseJsonNumber(text: string): bigint | number {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const number = Number(text);
  if (!Number.isFinite(number))
    throw new SyntaxError(`Cannot read the number ${text}: it is too large for a float`);
  return number;
}

const FLOAT_FORMAT = {
  test: (value: unknown) => typeof value === 'number',
  stringify: (value: unknown) => formatFloat(value as number),
};
const BIGINT_FORMAT = {
  test: (value: unknown) => typeof value === 'bigint',
  stringify: (value: unknown) => String(value),
};

function formatFloat(value: number): string {
  if (!Number.isFinite(value))
    throw new RangeError(`Cannot write ${value} as JSON: it is not a finite number`);
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The value of a plain JavaScript JSON tree, as libraries give it: a whole `number` is taken for a whole number. */
export function fromPlain(plain: unknown): Value {
  if (plain === undefined || plain === null) return null;
  if (typeof plain === 'number') return Number.isInteger(plain) ? BigInt(plain) : plain;
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain === 'object') {
    return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, fromPlain(item)]));
  }
  if (typeof plain === 'string' || typeof plain === 'boolean' || typeof plain === 'bigint') return plain;
  throw new TypeError(`Cannot take a ${typeof plain} as a cell's value`);
}

/** The plain JavaScript tree for libraries that know no `bigint` (JSON Schema checks); exact up to 2^53. */
export function toPlain(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (isValueObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
  }
  return value;
}
