// Reads Parquet files back, for people and exports: whole numbers are `bigint`, floats `number`.

import { StoreError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { isValueList, isValueObject, parseJson, type Value, type ValueObject } from '../values.ts';
import { type ParquetColumn, storedValue } from './parquet-values.ts';

export interface ReadParquetOptions {
  /** Positions in the file, not row numbers: the first, and the one after the last. All by default. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
}

/** The rows in the bytes of a file, fields in the order of its columns. Throws `StoreError`. */
export async function parseParquet(
  bytes: Buffer,
  path: string,
  options: ReadParquetOptions = {},
): Promise<ValueObject[]> {
  // Loaded with the first file: most commands look at none.
  const { parquetReadObjects } = await import('hyparquet');
  try {
    const rows = await parquetReadObjects({ file: arrayBufferOf(bytes), ...options });
    return rows.map((row) => fromParquet(row) as ValueObject);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(`Cannot read "${path}": ${reason}`, { cause: error });
  }
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

function fromParquet(read: unknown): Value {
  if (read === undefined || read === null) return null;
  if (Array.isArray(read)) return read.map(fromParquet);
  if (typeof read !== 'object') return read as Value;
  return Object.fromEntries(Object.entries(read).map(([key, item]) => [key, fromParquet(item)]));
}

/** A row as it was before Parquet: what the files hold as JSON text for want of a struct form is nested again. */
export function nestedRow(row: ValueObject, columns: readonly ParquetColumn[]): ValueObject {
  return Object.fromEntries(
    columns.map(({ name, type }) => [name, nestedValue(findOwn(row, name) ?? null, type)]),
  );
}

/** A value as it is once it was written and read again. Throws `TypeError` for one that does not fit its type. */
export function asStored(value: Value, type: ColumnType): Value {
  return nestedValue(fromParquet(storedValue(value, type)), type);
}

function nestedValue(value: Value, type: ColumnType): Value {
  switch (type.kind) {
    case 'json':
      return typeof value === 'string' ? parseJson(value) : value;
    case 'list':
      return isValueList(value) ? value.map((item) => nestedValue(item, type.item)) : value;
    case 'struct':
      if (type.fields.length === 0) return nestedValue(value, { kind: 'json' });
      return isValueObject(value) ? nestedRow(value, type.fields) : value;
    default:
      return value;
  }
}
