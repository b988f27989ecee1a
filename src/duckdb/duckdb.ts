// The one place that opens DuckDB. Its work runs in threads of its own, in the memory that it is given; with nothing to spill
// to it says that this was too little. What a stranger's file may bring down is read in a process of its own.

import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';

export interface DuckdbOptions {
  readonly threads: number;
  readonly memoryMb: number;
}

/** A database in memory that fetches nothing: no extensions, no settings of the user. */
export async function openDuckdb({ threads, memoryMb }: DuckdbOptions): Promise<DuckDBConnection> {
  // 70 MB, which few commands need.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  return instance.connect();
}

/** The rows of a result, a chunk at a time. */
export async function* chunksOf(result: DuckDBResult) {
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk;
  }
}

/** Text as SQL has it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path that names one file: where DuckDB takes a pattern, its own wildcards stand for themselves. */
export function sqlPath(path: string): string {
  return sqlText(path.replace(/[*?[]/g, '[$&]'));
}

/** A name as SQL has it, whatever is in it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
