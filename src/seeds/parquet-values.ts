// What DuckDB reads from Parquet, as values. Dates and times become ISO text, decimals whole numbers or floats.

import { isUtf8 } from 'node:buffer';
import {
  type DuckDBBlobValue,
  type DuckDBDateValue,
  type DuckDBDecimalType,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampValue,
  type DuckDBTimeValue,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { columnTypeOf, type ReadValue, type TypePlace, valueReader } from '../duckdb/nested-values.ts';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { formatDate } from '../text/strftime.ts';
import type { Value } from '../values.ts';
import { parseSeedJson } from './json-file.ts';

/** How one column is read; its cells may be null. */
export interface CellReader {
  readonly type: ColumnType;
  readonly read: (value: DuckDBValue) => Value;
}

/** The same for values that hold no others. */
interface Leaf {
  readonly type: ColumnType;
  readonly read: ReadValue;
}

/** What a file holds and no dataset can; the message follows the file's name. */
export class ParquetProblem extends Error {}

const DAY_MS = 86_400_000;
const TEXT: ColumnType = { kind: 'text' };
const INT: ColumnType = { kind: 'int' };

/** Throws `ParquetProblem` for a type that has no value. */
export function cellReaderOf(place: TypePlace): CellReader {
  return {
    type: columnTypeOf(place, ({ type, path }) =>
      type.typeId === DuckDBTypeId.DECIMAL
        ? (type as DuckDBDecimalType).scale === 0
          ? INT
          : FLOAT.type
        : leafOf({ type, path }).type,
    ),
    read: valueReader(place, (leaf) => leafOf(leaf).read),
  };
}

function leafOf({ type, path }: TypePlace): Leaf {
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
      if (type.alias !== 'JSON') return { type: TEXT, read: (value) => value as string };
      return { type: { kind: 'json' }, read: (value) => jsonOf(value as string, path) };
    case DuckDBTypeId.BLOB:
      return { type: TEXT, read: (value) => textOf(value as DuckDBBlobValue, path) };
    default: {
      const leaf = findOwn(LEAVES, DuckDBTypeId[type.typeId]);
      if (leaf === undefined) throw unreadable(path);
      return leaf;
    }
  }
}

export function unreadable(path: readonly string[]): ParquetProblem {
  return new ParquetProblem(
    `has bytes in column ${JSON.stringify(path.join('.'))} that are no text: leave the column out, or write text, such as the path of a file`,
  );
}

const WHOLE: Leaf = { type: INT, read: (value) => BigInt(value as number | bigint) };
const FLOAT: Leaf = {
  type: { kind: 'float' },
  read: (value) => (Number.isFinite(value) ? (value as number) : null),
};
const TIME: Leaf = {
  type: TEXT,
  read: (value) => timeText((value as DuckDBTimeValue).micros, '%H:%M:%S'),
};
const TIMESTAMP: Leaf = {
  type: TEXT,
  read: (value) => timeText((value as DuckDBTimestampValue).micros, '%Y-%m-%dT%H:%M:%S'),
};

const LEAVES: { readonly [typeId: string]: Leaf } = {
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
