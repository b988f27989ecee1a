// Values as functions of users see them, and what those return as values.

import { CellError } from '../errors.ts';
import { setOwn } from '../own-keys.ts';
import { isValueList, isValueObject, MAX_JSON_LEVELS, type Value } from '../values.ts';

/** A value as functions see it: whole numbers are numbers as far as those are exact. */
export function plainOf(value: Value): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (isValueList(value)) return value.map(plainOf);
  if (!isValueObject(value)) return value;
  const plain: { [name: string]: unknown } = {};
  for (const [name, item] of Object.entries(value)) setOwn(plain, name, plainOf(item));
  return plain;
}

/** Data that came from a thread as a value. Throws `CellError` for what is none. */
export function asValue(data: unknown, levels = MAX_JSON_LEVELS): Value {
  if (levels === 0) throw wrong('is nested too deep, or holds itself');
  if (data === undefined || data === null) return null;
  switch (typeof data) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return data;
    case 'number':
      if (!Number.isFinite(data)) throw wrong(`holds ${data}, which is no value`);
      return Number.isInteger(data) ? BigInt(data) : data;
  }
  if (Array.isArray(data)) return data.map((item) => asValue(item, levels - 1));
  if (data instanceof Date) return data.toISOString();
  if (!isRecord(data))
    throw wrong(`holds a ${data.constructor?.name ?? 'class'}: return objects, lists, texts and numbers`);
  const value: { [name: string]: Value } = {};
  for (const [name, item] of Object.entries(data)) setOwn(value, name, asValue(item, levels - 1));
  return value;
}

/** Whether data that came from a thread is an object with fields. */
export function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && Object.getPrototypeOf(data) === Object.prototype;
}

/** `What the function returned holds NaN, which is no value` */
export function wrong(what: string): CellError {
  return new CellError('UnusableResult', `What the function returned ${what}`);
}
