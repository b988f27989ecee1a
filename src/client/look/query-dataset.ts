// `query`: SQL over the finished rows of a dataset, through DuckDB. It reads: a statement that would change or write
// something is refused before it runs.

import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { resultRows } from '../../duckdb/result-values.ts';
import { RefusedError } from '../../errors.ts';
import type { Value } from '../../values.ts';
import type { DatasetPlace } from '../wish/find-dataset.ts';
import { openTable } from './open-table.ts';
import { openInDuckdb } from './table-in-duckdb.ts';

export interface QueryResult {
  /** No two of one name. */
  readonly columns: readonly string[];
  /** A few thousand at a time, each with a value for each column. To be read once. */
  readonly rows: AsyncIterable<readonly (readonly Value[])[]>;
  /** Rows that were asked for and are neither finished nor dropped. */
  readonly missing: number;
}

/** A SELECT, and what DuckDB reads as one: DESCRIBE, SUMMARIZE, SHOW, VALUES, FROM. */
const SELECT = 1;

/**
 * Asks the finished rows, in a view `data` that has the dataset's own name, too. Throws `StoreError` for a dataset that
 * cannot be read, `RefusedError` with DuckDB's words for SQL that cannot run, also while the rows are read.
 */
export async function queryDataset(place: DatasetPlace, sql: string): Promise<QueryResult> {
  const table = await openTable(place, 'query');
  const connection = await openInDuckdb(table);
  const { name } = table.dataset;
  try {
    const statement = await prepare(connection, sql, name);
    const result = await statement.stream();
    return {
      columns: result.deduplicatedColumnNames(),
      rows: explaining(name, resultRows(result)),
      missing: table.missing,
    };
  } catch (error) {
    throw explained(name, error);
  }
}

async function prepare(
  connection: DuckDBConnection,
  sql: string,
  name: string,
): Promise<DuckDBPreparedStatement> {
  // Text without a statement is an error without words in DuckDB.
  if (sql.replace(/--.*|\/\*[\s\S]*?\*\/|[;\s]/g, '') === '') {
    throw new RefusedError(`Cannot query "${name}": there is no SQL. Give a select over "data"`);
  }
  const { count } = await connection.extractStatements(sql);
  if (count !== 1) throw new RefusedError(`Cannot query "${name}": ${count} statements, give one`);
  const statement = await connection.prepare(sql);
  if (statement.statementType !== SELECT) {
    throw new RefusedError(
      `Cannot query "${name}": a query only reads, and this statement is no SELECT. \`export\` writes files`,
    );
  }
  return statement;
}

async function* explaining<Rows>(name: string, rows: AsyncIterable<Rows>): AsyncGenerator<Rows> {
  try {
    yield* rows;
  } catch (error) {
    throw explained(name, error);
  }
}

/** DuckDB's message shows the line with a caret under the place. */
function explained(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RefusedError) return error;
  const message = error.message.replace(/^Failed to extract statements: /, '').trimEnd();
  return new RefusedError(`Cannot query "${name}": ${message}`, { cause: error });
}
