// Values as Parquet files have them, by the types of the plan's columns:
//
//   text   UTF-8 text; a value of another kind is written as its JSON text
//   int    64 bits; a float without a fraction counts as a whole number
//   float  64 bits; whole numbers become floats
//   bool
//   json   the JSON text of any value
//   list, struct   nested; a struct without fields is JSON text; fields that the type does not name are left out
//
// Everything may be null. A value that does not fit its type drops its row (see `misfitOf`): it is never bent.

import { CellError } from '../errors.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { shorten } from '../text/shorten.ts';
import {
  fitsInt64,
  formatJson,
  isValueList,
  isValueObject,
  type Value,
  type ValueObject,
} from '../values.ts';

export interface ParquetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Why a value cannot be written as its type; undefined if it can. */
export function misfitOf(value: Value, type: ColumnType): string | undefined {
  if (value === null) return undefined;
  switch (type.kind) {
    case 'int':
      if (typeof value === 'bigint') {
        return fitsInt64(value) ? undefined : `${shorten(String(value))} does not fit into 64 bits`;
      }
      return Number.isSafeInteger(value) ? undefined : misfit(value, 'a whole number');
    case 'float':
      if (typeof value !== 'number' && typeof value !== 'bigint') return misfit(value, 'a number');
      return Number.isFinite(Number(value)) ? undefined : misfit(value, 'a number that a float holds');
    case 'bool':
      return typeof value === 'boolean' ? undefined : misfit(value, 'true or false');
    case 'list':
      if (!isValueList(value)) return misfit(value, 'a list');
      return firstMisfit(value, (item) => misfitOf(item, type.item));
    case 'struct':
      if (!isValueObject(value)) return type.fields.length === 0 ? undefined : misfit(value, 'an object');
      return firstMisfit(type.fields, (field) => misfitOf(fieldOf(value, field.name), field.type));
    default:
      return undefined;
  }
}

function misfit(value: Value, wanted: string): string {
  return `${shorten(formatJson(value))} is not ${wanted}`;
}

function firstMisfit<Item>(
  items: readonly Item[],
  misfitIn: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = misfitIn(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Values as the encoder takes them. Throws `CellError` for one that does not fit its type. */
export function storedValues(values: readonly Value[], type: ColumnType): unknown[] {
  const misfit = firstMisfit(values, (value) => misfitOf(value, type));
  if (misfit !== undefined) throw new CellError('TypeCastError', misfit);
  return values.map((value) => storedValue(value, type));
}

/** A value that fits its type as the encoder takes it. */
export function storedValue(value: Value, type: ColumnType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case 'text':
      return typeof value === 'string' ? value : formatJson(value);
    case 'json':
      return formatJson(value);
    case 'int':
      return BigInt(value as bigint | number);
    case 'float':
      return Number(value);
    case 'bool':
      return value;
    case 'list':
      return (value as readonly Value[]).map((item) => storedValue(item, type.item));
    case 'struct': {
      if (type.fields.length === 0) return formatJson(value);
      // Without a prototype: a field may be named like a method of every object.
      const stored = Object.create(null) as Record<string, unknown>;
      for (const field of type.fields)
        setOwn(stored, field.name, storedValue(fieldOf(value as ValueObject, field.name), field.type));
      return stored;
    }
  }
}

function fieldOf(value: ValueObject, name: string): Value {
  return findOwn(value, name) ?? null;
}
