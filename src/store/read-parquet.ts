// Reads Parquet files back, for people and exports: whole numbers are `bigint`, floats `number`.

import { type AsyncBuffer, asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { StoreError } from '../errors.ts';
import type { Value, ValueObject } from '../values.ts';

export interface ReadParquetOptions {
  /** Positions in the file, not row numbers: the first, and the one after the last. All by default. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
}

/** The rows of a file, fields in the order of its columns. Throws `StoreError`. */
export async function readParquet(path: string, options: ReadParquetOptions = {}): Promise<ValueObject[]> {
  return reading(path, async (file) => {
    const rows = await parquetReadObjects({ file, ...options });
    return rows.map((row) => fromParquet(row) as ValueObject);
  });
}

async function reading<T>(path: string, read: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  try {
    return await read(await asyncBufferFromFile(path));
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
