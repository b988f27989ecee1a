// Reads Parquet files back, for people and exports: whole numbers are `bigint`, floats `number`.

import { parquetReadObjects } from 'hyparquet';
import { StoreError } from '../errors.ts';
import type { Value, ValueObject } from '../values.ts';
import { fail } from './fail.ts';
import type { StoreFiles } from './files/port.ts';

export interface ReadParquetOptions {
  /** Positions in the file, not row numbers: the first, and the one after the last. All by default. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
}

/** The rows of a file, fields in the order of its columns. Throws `StoreError`. */
export async function readParquet(
  files: StoreFiles,
  path: string,
  options: ReadParquetOptions = {},
): Promise<ValueObject[]> {
  const missing = () => fail(`Cannot read "${files.place(path)}": there is no such file`);
  const { sizeBytes } = (await files.findStat(path)) ?? missing();
  const slice = async (start: number, end = sizeBytes) =>
    arrayBufferOf((await files.find(path, { start, end })) ?? missing());
  return reading(files.place(path), { file: { byteLength: sizeBytes, slice }, ...options });
}

/** The rows in the bytes of a file. Throws `StoreError`. */
export async function parseParquet(
  bytes: Buffer,
  path: string,
  options: ReadParquetOptions = {},
): Promise<ValueObject[]> {
  return reading(path, { file: arrayBufferOf(bytes), ...options });
}

async function reading(
  path: string,
  options: Parameters<typeof parquetReadObjects>[0],
): Promise<ValueObject[]> {
  try {
    return (await parquetReadObjects(options)).map((row) => fromParquet(row) as ValueObject);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(`Cannot read "${path}": ${reason}`, { cause: error });
  }
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

function fromParquet(read: unknown): Value {
  if (read === undefined || read === null) return null;
  if (Array.isArray(read)) return read.map(fromParquet);
  if (typeof read !== 'object') return read as Value;
  return Object.fromEntries(Object.entries(read).map(([key, item]) => [key, fromParquet(item)]));
}
