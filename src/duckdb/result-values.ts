// What a query of a user's gives, as values. Whole numbers and floats are told apart by their type; dates, times and all
// else that JSON has no form for become the text that DuckDB prints.

import { type DuckDBResult, DuckDBTypeId } from '@duckdb/node-api';
import type { Value } from '../values.ts';
import { chunksOf } from './duckdb.ts';
import { type ReadValue, type TypePlace, valueReader } from './nested-values.ts';

/** The rows of a result, a few thousand at a time; each has a value for each of its columns. */
export async function* resultRows(result: DuckDBResult): AsyncGenerator<Value[][], void> {
  const readers = result.columnTypes().map((type) => valueReader({ type, path: [] }, readerOf));
  for await (const chunk of chunksOf(result)) {
    const cells = readers.map((read, column) => chunk.getColumnValues(column).map(read));
    yield Array.from({ length: chunk.rowCount }, (_, row) => cells.map((values) => values[row]!));
  }
}

function readerOf({ type }: TypePlace): ReadValue {
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
    default:
      return String;
  }
}
