// What DuckDB reads from Parquet, as values. Dates and times become ISO text, decimals whole numbers or floats.

import { isUtf8 } from 'node:buffer';
import {
  type DuckDBArrayType,
  type DuckDBBlobValue,
  type DuckDBDateValue,
  type DuckDBDecimalType,
  type DuckDBDecimalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampValue,
  type DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { formatDate } from '../text/strftime.ts';
import type { Value } from '../values.ts';
import { parseSeedJson } from './json-file.ts';

/** How one column, or a part of it, is read. */
export interface CellReader {
  readonly type: ColumnType;
  /** Never called with null. */
  readonly read: (value: NonNullable<DuckDBValue>) => Value;
}

/** What a file holds and no dataset can; the message follows the file's name. */
export class ParquetProblem extends Error {}

/** A type, and the names that lead to it. */
export interface TypePlace {
  readonly type: DuckDBType;
  readonly path: readonly string[];
}

const DAY_MS = 86_400_000;
const TEXT: ColumnType = { kind: 'text' };
const INT: ColumnType = { kind: 'int' };

/** Throws `ParquetProblem` for a type that has no value. */
export function cellReaderOf({ type, path }: TypePlace): CellReader {
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return listReader(cellReaderOf({ type: (type as DuckDBListType | DuckDBArrayType).valueType, path }));
    case DuckDBTypeId.STRUCT:
      return structReader(type as DuckDBStructType, path);
    case DuckDBTypeId.MAP:
      return mapReader(cellReaderOf({ type: (type as DuckDBMapType).valueType, path }));
    case DuckDBTypeId.DECIMAL:
      return decimalReader((type as DuckDBDecimalType).scale);
    case DuckDBTypeId.VARCHAR:
      if (type.alias !== 'JSON') return { type: TEXT, read: (value) => value as string };
      return { type: { kind: 'json' }, read: (value) => jsonOf(value as string, path) };
    case DuckDBTypeId.BLOB:
      return { type: TEXT, read: (value) => textOf(value as DuckDBBlobValue, path) };
    default: {
      const reader = findOwn(LEAVES, DuckDBTypeId[type.typeId]);
      if (reader === undefined) throw unreadable(path);
      return reader;
    }
  }
}

/** A cell that may be null. */
export function readCell({ read }: CellReader, value: DuckDBValue): Value {
  return value === null ? null : read(value);
}

export function unreadable(path: readonly string[]): ParquetProblem {
  return new ParquetProblem(
    `has bytes in column ${JSON.stringify(path.join('.'))} that are no text: leave the column out, or write text, such as the path of a file`,
  );
}

const WHOLE: CellReader = { type: INT, read: (value) => BigInt(value as number | bigint) };
const FLOAT: CellReader = {
  type: { kind: 'float' },
  read: (value) => (Number.isFinite(value) ? (value as number) : null),
};
const TIME: CellReader = {
  type: TEXT,
  read: (value) => timeText((value as DuckDBTimeValue).micros, '%H:%M:%S'),
};
const TIMESTAMP: CellReader = {
  type: TEXT,
  read: (value) => timeText((value as DuckDBTimestampValue).micros, '%Y-%m-%dT%H:%M:%S'),
};

const LEAVES: { readonly [typeId: string]: CellReader } = {
  BOOLEAN: { type: { kind: 'bool' }, read: (value) => value as boolean },
  TINYINT: WHOLE,
  SMALLINT: WHOLE,
  INTEGER: WHOLE,
  BIGINT: WHOLE,
  HUGEINT: WHOLE,
  UTINYINT: WHOLE,
  USMALLINT: WHOLE,
  UINTEGER: WHOLE,
  UBIGINT: WHOLE,
  UHUGEINT: WHOLE,
  FLOAT,
  DOUBLE: FLOAT,
  DATE: { type: TEXT, read: (value) => dateText((value as DuckDBDateValue).days * DAY_MS, '%Y-%m-%d') },
  TIME,
  TIME_TZ: TIME,
  TIMESTAMP,
  TIMESTAMP_NS: {
    type: TEXT,
    read: (value) => {
      const { nanos } = value as DuckDBTimestampNanosecondsValue;
      return timeText((nanos - modulo(nanos, 1_000n)) / 1_000n, '%Y-%m-%dT%H:%M:%S');
    },
  },
  TIMESTAMP_TZ: { type: TEXT, read: (value) => `${TIMESTAMP.read(value)}+00:00` },
  UUID: { type: TEXT, read: String },
  ENUM: { type: TEXT, read: (value) => value as string },
  // A column of nothing.
  SQLNULL: { type: TEXT, read: () => null },
};

function listReader(item: CellReader): CellReader {
  return {
    type: { kind: 'list', item: item.type },
    read: (value) => (value as DuckDBListValue).items.map((entry) => readCell(item, entry)),
  };
}

function mapReader(value: CellReader): CellReader {
  return {
    type: { kind: 'json' },
    read: (map) =>
      Object.fromEntries(
        (map as DuckDBMapValue).entries.map((entry) => [String(entry.key), readCell(value, entry.value)]),
      ),
  };
}

function structReader({ entryNames, entryTypes }: DuckDBStructType, path: readonly string[]): CellReader {
  const fields = entryNames.map((name, index) => ({
    name,
    reader: cellReaderOf({ type: entryTypes[index]!, path: [...path, name] }),
  }));
  return {
    type: { kind: 'struct', fields: fields.map(({ name, reader }) => ({ name, type: reader.type })) },
    read: (value) => {
      const { entries } = value as DuckDBStructValue;
      return Object.fromEntries(
        fields.map(({ name, reader }) => [name, readCell(reader, findOwn(entries, name) ?? null)]),
      );
    },
  };
}

function decimalReader(scale: number): CellReader {
  return {
    type: scale === 0 ? INT : { kind: 'float' },
    read: (value) => {
      const digits = (value as DuckDBDecimalValue).value;
      return scale === 0 ? digits : Number(`${digits}e${-scale}`);
    },
  };
}

function textOf({ bytes }: DuckDBBlobValue, path: readonly string[]): string {
  if (!isUtf8(bytes)) throw unreadable(path);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function jsonOf(text: string, path: readonly string[]): Value {
  try {
    return parseSeedJson(text);
  } catch (error) {
    throw new ParquetProblem(
      `has text in column "${path.join('.')}" that is not JSON: ${(error as Error).message}`,
    );
  }
}

function dateText(time: number, pattern: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw new ParquetProblem('has a time beyond the year 275760');
  return formatDate(date, pattern);
}

const MICROS_A_SECOND = 1_000_000n;

/** ISO text, with six digits of a second where it is not whole, as Python prints it. */
function timeText(micros: bigint, pattern: string): string {
  const rest = modulo(micros, MICROS_A_SECOND);
  const text = dateText(Number((micros - rest) / 1_000n), pattern);
  return rest === 0n ? text : `${text}.${rest.toString().padStart(6, '0')}`;
}

function modulo(left: bigint, right: bigint): bigint {
  return ((left % right) + right) % right;
}
