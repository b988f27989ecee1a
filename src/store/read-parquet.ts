// Reads Parquet files back, for people and exports: whole numbers are `bigint`, floats `number`.

import { asyncBufferFromFile, type parquetRead, parquetReadObjects } from 'hyparquet';
import { StoreError } from '../errors.ts';
import type { Value, ValueObject } from '../values.ts';

export interface ReadParquetOptions {
  /** Positions in the file, not row numbers: the first, and the one after the last. All by default. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
}

/** The rows of a file, fields in the order of its columns. Throws `StoreError`. */
export async function readParquet(path: string, options: ReadParquetOptions = {}): Promise<ValueObject[]> {
  return reading(path, async () => ({ file: await asyncBufferFromFile(path), ...options }));
}

/** The rows in the bytes of the file at `path`. Throws `StoreError`. */
export async function parseParquet(bytes: Uint8Array, path: string): Promise<ValueObject[]> {
  return reading(path, async () => ({ file: Uint8Array.from(bytes).buffer }));
}

async function reading(
  path: string,
  open: () => Promise<Parameters<typeof parquetRead>[0]>,
): Promise<ValueObject[]> {
  try {
    const rows = await parquetReadObjects(await open());
    return rows.map((row) => fromParquet(row) as ValueObject);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(`Cannot read "${path}": ${reason}`, { cause: error });
  }
}

function fromParquet(read: unknown): Value {
  if (read === undefined || read === null) return null;
  if (Array.isArray(read)) return read.map(fromParquet);
  if (typeof read !== 'object') return read as Value;
  return Object.fromEntries(Object.entries(read).map(([key, item]) => [key, fromParquet(item)]));
}
