// Settled files: one for each column of a committed row group, gzip of the lines of parts. Written whole by a commit,
// named by its epoch.
//
// It holds all accepted records of the group, of any input, and the last failure of rows without a later one, each with
// the tries that led to it, and the conversations that still go on. A record names the plans whose output holds it: that of the files in place and that of a changed plan in the making.

import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGzip, gunzip } from 'node:zlib';
import type { PartName, RowRange } from '../graph/types.ts';
import type { DatasetStore } from './dataset-store.ts';
import { formatLine } from './lines.ts';
import { settledName } from './names.ts';
import { type PartContent, parsePart, type StoredRecord } from './parts.ts';
import { formatHeader, formatRecord } from './record-text.ts';
import { type PartHeader, RECORD_VERSION } from './records.ts';

/** Lines between two turns of the event loop: formatting a long one takes some 20 µs. */
const LINES_A_TURN = 100;
/** All lines of a group with large answers are more than one string can hold. */
const CHUNK_LENGTH = 2 ** 20;

export interface SettledFile {
  readonly column: string;
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly epoch: number;
  readonly records: readonly StoredRecord[];
}

/** Writes a settled file whole and durably; returns its name. The same again writes the same. */
export async function writeSettled(dataset: DatasetStore, settled: SettledFile): Promise<PartName> {
  const packed: Buffer[] = [];
  await pipeline(chunksOf(settled), createGzip(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) packed.push(chunk);
  });
  const name = settledName(settled);
  await dataset.files.write(dataset.path(name), Buffer.concat(packed));
  return name;
}

async function* chunksOf({ column, rowGroup, rows, epoch, records }: SettledFile): AsyncGenerator<string> {
  const header: PartHeader = { v: RECORD_VERSION, kind: 'settled', column, epoch, rowGroup, rows, nonce: '' };
  let chunk = formatLine(formatHeader(header));
  for (const [index, record] of records.entries()) {
    if (index % LINES_A_TURN === LINES_A_TURN - 1) await new Promise(setImmediate);
    chunk += formatLine(formatRecord(record));
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** Reads what of a settled file can be read; undefined if there is none. */
export async function findSettled(dataset: DatasetStore, name: PartName): Promise<PartContent | undefined> {
  const path = dataset.path(name);
  const bytes = await dataset.files.find(path);
  if (bytes === undefined) return undefined;
  try {
    return parsePart(await promisify<Buffer, Buffer>(gunzip)(bytes), path);
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const content = parsePart(await salvage(bytes), path);
    return { ...content, damaged: content.damaged + 1 };
  }
}

/** What stands before the damage. */
async function salvage(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify<Buffer, object, Buffer>(gunzip)(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
