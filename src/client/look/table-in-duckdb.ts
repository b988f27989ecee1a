// The finished rows of a dataset in DuckDB: a view over the Parquet files of its edition.

import { availableParallelism } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { openDuckdb, sqlName, sqlPath } from '../../duckdb/duckdb.ts';
import type { ColumnType } from '../../plan.ts';
import { readOutputFile } from '../../store/groups.ts';
import { editionFolder } from '../../store/names.ts';
import type { DatasetTable } from './open-table.ts';

/** Reading streams; what needs more is a sort or a grouping of a large dataset, and is told so. */
const MEMORY_MB = 2_048;
const MAX_THREADS = 4;

/** What the rows are called in SQL. */
export const TABLE_NAME = 'data';

/**
 * Opens DuckDB with the rows in a view `data`, and in another one of the dataset's own name. Throws `StoreError` for a file
 * that is gone or not what was written: each is read once to know it.
 */
export async function openInDuckdb(table: DatasetTable): Promise<DuckDBConnection> {
  const { dataset, epoch, files } = table;
  for (const file of files) await readOutputFile(dataset, epoch, file);
  const threads = Math.min(MAX_THREADS, availableParallelism());
  const connection = await openDuckdb({ threads, memoryMb: MEMORY_MB });
  const rows = files.length === 0 ? noRows(table) : rowsOfFiles(table);
  // DuckDB's names are the same in any case.
  const names = dataset.name.toLowerCase() === TABLE_NAME ? [TABLE_NAME] : [TABLE_NAME, dataset.name];
  for (const name of names) await connection.run(`CREATE VIEW ${sqlName(name)} AS ${rows}`);
  return connection;
}

function rowsOfFiles({ dataset, epoch, files, columns }: DatasetTable): string {
  const paths = files.map(({ name }) => sqlPath(dataset.path(`${editionFolder(epoch)}/${name}`)));
  const names = columns.map(({ name }) => sqlName(name)).join(', ');
  return `SELECT ${names} FROM read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
}

/** Where every row was dropped there is no file. */
function noRows({ columns }: DatasetTable): string {
  const nothing = columns.map(({ name, type }) => `NULL::${sqlType(type)} AS ${sqlName(name)}`);
  return `SELECT ${nothing.join(', ')} WHERE false`;
}

const PLAIN_TYPES = { text: 'VARCHAR', json: 'VARCHAR', int: 'BIGINT', float: 'DOUBLE', bool: 'BOOLEAN' };

function sqlType(type: ColumnType): string {
  if (type.kind === 'list') return `${sqlType(type.item)}[]`;
  if (type.kind !== 'struct') return PLAIN_TYPES[type.kind];
  return `STRUCT(${type.fields.map(({ name, type }) => `${sqlName(name)} ${sqlType(type)}`).join(', ')})`;
}
