// The rows of a Parquet file, through DuckDB. What it would change without a word is looked for in the file's schema first.

import type { DuckDBConnection } from '@duckdb/node-api';
import { chunksOf, sqlName, sqlPath } from '../duckdb/duckdb.ts';
import type { ColumnType } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import { cellReaderOf, ParquetProblem, unreadable } from './parquet-values.ts';

export interface ParquetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Throws; {@link parquetProblemOf} says why. */
export async function openParquet(
  connection: DuckDBConnection,
  path: string,
): Promise<{
  readonly columns: readonly ParquetColumn[];
  readRows(): AsyncGenerator<readonly ValueObject[], void>;
}> {
  await checkSchema(connection, path);
  const result = await connection.stream(
    `SELECT * FROM read_parquet(${sqlPath(path)}, hive_partitioning = false)`,
  );
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, index) => ({
    name,
    reader: cellReaderOf({ type: types[index]!, path: [name] }),
  }));

  async function* readRows() {
    let row = 0;
    for await (const chunk of chunksOf(result)) {
      const cells = columns.map((_, index) => chunk.getColumnValues(index));
      yield Array.from({ length: chunk.rowCount }, (_, index): ValueObject => {
        try {
          return Object.fromEntries(
            columns.map(({ name, reader }, column) => [name, reader.read(cells[column]![index]!)]),
          );
        } catch (error) {
          if (!(error instanceof ParquetProblem)) throw error;
          throw new ParquetProblem(`${error.message} (first in row ${row + index})`);
        }
      });
      row += chunk.rowCount;
    }
  }

  return { columns: columns.map(({ name, reader }) => ({ name, type: reader.type })), readRows };
}

/** Says which column it is where text is not UTF-8, as DuckDB does not; throws that, or the error. */
export async function explainParquet(
  error: unknown,
  { connection, path }: { readonly connection: DuckDBConnection; readonly path: string },
): Promise<never> {
  if (!isNoText(error)) throw error;
  const table = `read_parquet(${sqlPath(path)}, hive_partitioning = false)`;
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${table}`);
  for (const { column_name: name } of described.getRowObjects() as { column_name: string }[]) {
    await connection.run(`SELECT max(hash(${sqlName(name)})) FROM ${table}`).catch((again) => {
      throw isNoText(again) ? unreadable([name]) : again;
    });
  }
  throw error;
}

function isNoText(error: unknown): boolean {
  return error instanceof Error && /is not valid UTF8/i.test(error.message);
}

/** Why a file cannot be read, after its name. */
export function parquetProblemOf(error: unknown): string {
  if (error instanceof ParquetProblem) return error.message;
  const message = error instanceof Error ? error.message : '';
  if (/Out of Memory/i.test(message)) {
    return 'needs more memory to be read than there is: write it with smaller row groups';
  }
  const [, unsupported] = /(Unsupported [\w ]*type[^\n]*)/.exec(message) ?? [];
  if (unsupported !== undefined) {
    return `has a column of a kind that cannot be read (${unsupported}): leave the column out`;
  }
  return 'is damaged, or is no Parquet file: write it again with the program that made it';
}

/** A line of a file's schema, which is a tree in the order of its text. */
interface SchemaElement {
  readonly name: string;
  readonly type: string | null;
  readonly num_children: bigint | null;
  readonly converted_type: string | null;
  readonly logical_type: string | null;
}

async function checkSchema(connection: DuckDBConnection, path: string): Promise<void> {
  const columns = 'name, type, num_children, converted_type, logical_type';
  const reader = await connection.runAndReadAll(`SELECT ${columns} FROM parquet_schema(${sqlPath(path)})`);
  const elements = reader.getRowObjects() as unknown as SchemaElement[];
  let next = 0;

  function check(path: readonly string[]): void {
    const element = elements[next++];
    if (element === undefined) throw new RangeError('A schema without its end');
    const children = Number(element.num_children ?? 0);
    if (children === 0 && isBytes(element)) throw unreadable(path);
    const seen = new Set<string>();
    for (let child = 0; child < children; child += 1) {
      const name = elements[next]?.name ?? '';
      if (seen.has(name)) throw twice(name, path);
      if (name === '__proto__' && path.length > 0) throw noName(path);
      seen.add(name);
      check([...path, name]);
    }
  }

  check([]);
}

const BYTES_WITH_MEANING = /^(?:UUIDType|Float16Type|DecimalType)/;

function isBytes({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  if (converted === 'BSON' || converted === 'INTERVAL' || logical?.startsWith('Bson') === true) return true;
  const hasMeaning = converted === 'DECIMAL' || (logical !== null && BYTES_WITH_MEANING.test(logical));
  return type === 'FIXED_LEN_BYTE_ARRAY' && !hasMeaning;
}

function twice(name: string, path: readonly string[]): ParquetProblem {
  const where = path.length === 0 ? '' : ` in column "${path.join('.')}"`;
  return new ParquetProblem(
    `has ${path.length === 0 ? 'column' : 'field'} "${name}" twice${where}: rename one`,
  );
}

function noName(path: readonly string[]): ParquetProblem {
  return new ParquetProblem(`has a field "__proto__" in column "${path.join('.')}", which is no name`);
}
