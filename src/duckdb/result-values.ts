// What a query of a user's gives, as values. Whole numbers and floats are told apart by their type; dates, times and all
// else that JSON has no form for become the text that DuckDB prints.

import {
  type DuckDBArrayType,
  type DuckDBArrayValue,
  type DuckDBDecimalType,
  type DuckDBDecimalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBResult,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { findOwn } from '../own-keys.ts';
import type { Value } from '../values.ts';
import { chunksOf } from './duckdb.ts';

type Read = (value: DuckDBValue) => Value;

/** The rows of a result, a few thousand at a time; each has a value for each of its columns. */
export async function* resultRows(result: DuckDBResult): AsyncGenerator<Value[][], void> {
  const readers = result.columnTypes().map(readerOf);
  for await (const chunk of chunksOf(result)) {
    const cells = readers.map((read, column) => chunk.getColumnValues(column).map(read));
    yield Array.from({ length: chunk.rowCount }, (_, row) => cells.map((values) => values[row]!));
  }
}

function readerOf(type: DuckDBType): Read {
  const read = valueReaderOf(type);
  return (value) => (value === null ? null : read(value));
}

function valueReaderOf(type: DuckDBType): Read {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.VARCHAR:
      return (value) => value as boolean | string;
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.UHUGEINT:
      return (value) => BigInt(value as number | bigint);
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      // JSON has no infinity: its name, rather than a null that was none.
      return (value) => (Number.isFinite(value) ? (value as number) : String(value));
    case DuckDBTypeId.DECIMAL: {
      const { scale } = type as DuckDBDecimalType;
      return (value) => {
        const { value: digits } = value as DuckDBDecimalValue;
        return scale === 0 ? digits : Number(`${digits}e${-scale}`);
      };
    }
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const read = readerOf((type as DuckDBListType | DuckDBArrayType).valueType);
      return (value) => (value as DuckDBListValue | DuckDBArrayValue).items.map(read);
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      const fields = entryNames.map((name, index) => ({ name, read: readerOf(entryTypes[index]!) }));
      return (value) => {
        const { entries } = value as DuckDBStructValue;
        return Object.fromEntries(
          fields.map(({ name, read }) => [name, read(findOwn(entries, name) ?? null)]),
        );
      };
    }
    case DuckDBTypeId.MAP: {
      const read = readerOf((type as DuckDBMapType).valueType);
      return (value) =>
        Object.fromEntries(
          (value as DuckDBMapValue).entries.map((entry) => [String(entry.key), read(entry.value)]),
        );
    }
    default:
      return String;
  }
}
