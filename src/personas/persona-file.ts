// The persona files that Data Designer downloads: Parquet, a person a row, up to 4 GB each. They are read where they lie; what a
// dataset needs of one is looked up by the numbers of its rows.

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { cwd as currentFolder } from 'node:process';
import type { DuckDBConnection } from '@duckdb/node-api';
import { openDuckdb, sqlName, sqlPath, sqlText } from '../duckdb/duckdb.ts';
import type { TypePlace } from '../duckdb/nested-values.ts';
import { StoreError } from '../errors.ts';
import type { ColumnType, OutputColumn } from '../plan.ts';
import { parseJson, type ValueObject } from '../values.ts';

export interface PersonaFile {
  readonly columns: readonly OutputColumn[];
  readonly rowCount: number;
  /** Of its size and its table of contents, which names the place, size and extremes of every column. */
  readonly hash: string;
}

/** Rows whose field is one of the values, or lies between two whole numbers. */
export interface PersonaFilter {
  readonly field: string;
  readonly is: readonly string[] | { readonly first: number; readonly last: number };
}

interface Places {
  readonly environment: { readonly [name: string]: string | undefined };
  readonly home?: string;
  readonly cwd?: string;
}

/** The folder that Data Designer keeps such files below, and how people write it. */
export function personaFolder({ environment, home = homedir(), cwd = currentFolder() }: Places): string {
  const { DATA_DESIGNER_MANAGED_ASSETS_PATH: named, DATA_DESIGNER_HOME: own } = environment;
  if (named) return path.resolve(cwd, named);
  return path.join(own ? path.resolve(cwd, own) : path.join(home, '.data-designer'), 'managed-assets');
}

export function personaPath(folder: string, locale: string): string {
  return path.join(folder, 'datasets', `${locale}.parquet`);
}

/** What is known of the file of a locale; null where there is none. Throws `StoreError` for what is no Parquet file. */
async function readPersonaFile(folder: string, locale: string): Promise<PersonaFile | null> {
  const file = personaPath(folder, locale);
  const hash = await hashOfContents(file);
  if (hash === null) return null;
  // It brings all of DuckDB, which the commands that only know of this file do not need.
  const { columnTypeOf } = await import('../duckdb/nested-values.ts');
  return withDuckdb(file, async (connection) => {
    const source = `read_parquet(${sqlPath(file)})`;
    const described = await connection.runAndReadAll(`select * from ${source} limit 0`);
    const [[rowCount]] = (await connection.runAndReadAll(`select count(*) from ${source}`)).getRows() as [
      [bigint],
    ];
    const types = described.columnTypes();
    const columns = described
      .columnNames()
      .map((name, index) => ({ name, type: columnTypeOf({ type: types[index]!, path: [name] }, leafType) }));
    return { columns, rowCount: Number(rowCount), hash };
  });
}

/** How many persons of a file there are to choose from. */
async function countPersonas(
  folder: string,
  { locale, filters }: { readonly locale: string; readonly filters: readonly PersonaFilter[] },
): Promise<number> {
  const file = personaPath(folder, locale);
  return withDuckdb(file, async (connection) => {
    const counted = await connection.runAndReadAll(
      `select count(*) from ${sourceOf(file, locale)} where ${conditionOf(filters)}`,
    );
    return Number(counted.getRows()[0]![0]);
  });
}

/** Looks at persona files. Comes into configs from outside: they know nothing of files but their names. */
export interface PersonaReader {
  read(folder: string, locale: string): Promise<PersonaFile | null>;
  count(
    folder: string,
    of: { readonly locale: string; readonly filters: readonly PersonaFilter[] },
  ): Promise<number>;
}

export const PERSONA_FILES: PersonaReader = { read: readPersonaFile, count: countPersonas };

export interface PersonasOptions {
  readonly folder: string;
  readonly locale: string;
  /** Of the file that the plan was made from. */
  readonly hash: string;
  readonly filters: readonly PersonaFilter[];
  readonly fields: readonly string[];
}

export interface Personas {
  /** How many there are to choose from. */
  readonly count: number;
  /** The persons of some numbers below `count`, by number. */
  read(numbers: readonly number[]): Promise<ReadonlyMap<number, ValueObject>>;
}

/** Throws `StoreError` where the file is not the one that the plan was made from. */
export async function openPersonas({
  folder,
  locale,
  hash,
  filters,
  fields,
}: PersonasOptions): Promise<Personas> {
  const file = personaPath(folder, locale);
  const found = await hashOfContents(file);
  if (found === null) throw new StoreError(`Cannot read the persons of ${locale}: ${file} is not there`);
  if (found !== hash) {
    throw new StoreError(
      `Cannot read the persons of ${locale}: ${file} was replaced since the plan was made. Run the same command again`,
    );
  }
  const source = sourceOf(file, locale);
  const rows = await withDuckdb(file, async (connection) => {
    const result = await connection.runAndReadAll(
      `select file_row_number from ${source} where ${conditionOf(filters)} order by 1`,
    );
    return Float64Array.from(result.getColumns()[0]! as bigint[], Number);
  });
  const object = fields.map((field) => `${sqlText(field)}, ${sqlName(field)}`).join(', ');
  return {
    count: rows.length,
    async read(numbers) {
      const wanted = new Map(numbers.map((number) => [rows[number]!, number]));
      if (wanted.size === 0) return new Map();
      return withDuckdb(file, async (connection) => {
        const result = await connection.runAndReadAll(
          `select file_row_number, cast(json_object(${object}) as varchar) from ${source} where file_row_number in (${[...wanted.keys()].join(', ')})`,
        );
        return new Map(
          result
            .getRows()
            .map(([row, text]) => [wanted.get(Number(row))!, parseJson(text as string) as ValueObject]),
        );
      });
    },
  };
}

const MEMORY_MB = 1_000;

async function withDuckdb<Result>(
  file: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await openDuckdb({ threads: 1, memoryMb: MEMORY_MB });
  try {
    return await use(connection);
  } catch (error) {
    throw new StoreError(`Cannot read ${file}: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    connection.closeSync();
  }
}

function sourceOf(file: string, locale: string): string {
  const parquet = `read_parquet(${sqlPath(file)}, file_row_number = true)`;
  // The German file alone has German words here, which documents do not.
  return locale === 'de_DE'
    ? `(select * replace (case sex when 'Weiblich' then 'Female' when 'Männlich' then 'Male' else sex end as sex) from ${parquet})`
    : parquet;
}

function conditionOf(filters: readonly PersonaFilter[]): string {
  const conditions = filters.map(({ field, is }) =>
    'first' in is
      ? `${sqlName(field)} between ${is.first} and ${is.last}`
      : `cast(${sqlName(field)} as varchar) in (${is.map(sqlText).join(', ')})`,
  );
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

const FOOTER_BYTES = 8;

/** Null where there is no such file. */
async function hashOfContents(file: string): Promise<string | null> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw new StoreError(`Cannot read ${file}: ${error.message}`);
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const end = Buffer.alloc(FOOTER_BYTES);
    await handle.read(end, 0, FOOTER_BYTES, Math.max(0, size - FOOTER_BYTES));
    const length = Math.min(end.readUInt32LE(0), size);
    const contents = Buffer.alloc(length);
    await handle.read(contents, 0, length, Math.max(0, size - FOOTER_BYTES - length));
    return createHash('sha256').update(String(size)).update(contents).digest('hex').slice(0, 32);
  } finally {
    await handle.close();
  }
}

const WHOLE = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER)$/;

function leafType({ type }: TypePlace): ColumnType {
  const name = String(type);
  if (WHOLE.test(name)) return { kind: 'int' };
  if (name === 'BOOLEAN') return { kind: 'bool' };
  if (name === 'DOUBLE' || name === 'FLOAT') return { kind: 'float' };
  return name === 'VARCHAR' ? { kind: 'text' } : { kind: 'json' };
}
