// The process in which Parquet files are read: a damaged one may take the reader down, or all memory. It gets paths, and
// answers each with the columns, with rows as often as they are asked for, and with an end or a problem.

import type { DuckDBConnection } from '@duckdb/node-api';
import { openDuckdb } from '../duckdb/duckdb.ts';
import { explainParquet, openParquet, type ParquetColumn, parquetProblemOf } from './parquet-rows.ts';

/** A file to be read, or leave to send more of it. */
export type ParquetRequest = { readonly path: string } | 'more';
export type ParquetMessage =
  | { readonly columns: readonly ParquetColumn[] }
  | { readonly rows: readonly unknown[] }
  | { readonly problem: string | null };

/** Two threads decode about as fast as the other process takes rows. */
const THREADS = 2;
const MEMORY_MB = 1_000;

let opened: Promise<DuckDBConnection> | undefined;
let goOn: () => void = () => undefined;

process.on('message', (request: ParquetRequest) => {
  if (request === 'more') goOn();
  else void scan(request.path);
});
process.on('disconnect', () => process.exit());

async function scan(path: string): Promise<void> {
  try {
    opened ??= openDuckdb({ threads: THREADS, memoryMb: MEMORY_MB });
    const connection = await opened;
    await sendFile(connection, path).catch((error) => explainParquet(error, { connection, path }));
    process.send!({ problem: null } satisfies ParquetMessage);
  } catch (error) {
    process.send!({ problem: parquetProblemOf(error) } satisfies ParquetMessage);
  }
}

async function sendFile(connection: DuckDBConnection, path: string): Promise<void> {
  const { columns, readRows } = await openParquet(connection, path);
  await send({ columns });
  for await (const rows of readRows()) await send({ rows });
}

/** Resolves when the other side has taken it. */
function send(message: ParquetMessage): Promise<void> {
  return new Promise((resolve) => {
    goOn = resolve;
    process.send!(message);
  });
}
