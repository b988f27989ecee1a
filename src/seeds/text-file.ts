// Text files as bytes that are known to be UTF-8: plain, or compressed by gzip or Zstandard, which the name tells.

import { isUtf8 } from 'node:buffer';
import { createReadStream, type ReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const COMPRESSED = /\.(gz|zst)$/i;

/** A file that is not the text that it should be, from this line on where one is known. */
export class EncodingError extends Error {
  readonly line: number | null;
  constructor(line: number | null, problem = 'is not UTF-8 text: save it as UTF-8') {
    super(problem);
    this.line = line;
  }
}

/** A file's name without the ending that tells how it is compressed. */
export function plainName(file: string): string {
  return file.replace(COMPRESSED, '');
}

/**
 * The text of a file, decompressed, in chunks of whole characters, without a byte order mark. Throws `EncodingError`, and
 * what the disk says.
 */
export async function* readText(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let isStart = true;
  for await (const read of readBytes(file)) {
    const bytes = rest.length === 0 ? read : Buffer.concat([rest, read]);
    // No character of several bytes goes over an ASCII byte.
    const cut = bytes.findLastIndex((byte) => byte < 0x80) + 1;
    rest = bytes.subarray(cut);
    if (cut === 0) continue;
    const chunk = isStart ? withoutMark(bytes.subarray(0, cut)) : bytes.subarray(0, cut);
    isStart = false;
    check(chunk, line);
    line += countNewlines(chunk);
    yield chunk;
  }
  if (isStart) rest = withoutMark(rest);
  if (rest.length === 0) return;
  check(rest, line);
  yield rest;
}

/** The bytes of a file, decompressed. Throws `EncodingError` where that fails, and what the disk says. */
export async function* readBytes(file: string): AsyncGenerator<Buffer> {
  const [, ending] = COMPRESSED.exec(file) ?? [];
  const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  if (ending === undefined) yield* stream;
  else if (ending.toLowerCase() === 'gz') yield* gunzipped(stream);
  else yield* unzstd(stream);
}

async function* gunzipped(stream: ReadStream): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  stream.once('error', (error) => gunzip.destroy(error));
  try {
    yield* stream.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (error) {
    const isOfZlib = String((error as NodeJS.ErrnoException).code).startsWith('Z_');
    throw isOfZlib ? new EncodingError(null, `is not gzip: ${(error as Error).message}`) : error;
  } finally {
    stream.destroy();
  }
}

async function* unzstd(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  // A copy: its window goes on in the same memory.
  const decompress = new Decompress((chunk) => void chunks.push(Buffer.from(chunk)));
  for await (const bytes of stream) {
    push(bytes, false);
    yield* chunks;
    chunks = [];
  }
  push(new Uint8Array(), true);
  yield* chunks;

  function push(bytes: Uint8Array, isLast: boolean): void {
    try {
      decompress.push(bytes, isLast);
    } catch (error) {
      throw new EncodingError(null, `is not Zstandard: ${(error as Error).message}`);
    }
  }
}

function withoutMark(bytes: Buffer): Buffer {
  if (/^(?:fffe|feff)/.test(bytes.toString('hex', 0, 2))) {
    throw new EncodingError(1, 'is UTF-16 text: save it as UTF-8');
  }
  const isMarked = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return isMarked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function check(chunk: Buffer, firstLine: number): void {
  if (isUtf8(chunk)) return;
  let line = firstLine;
  for (let start = 0; ; line += 1) {
    const newline = chunk.indexOf(NEWLINE, start);
    if (newline === -1 || !isUtf8(chunk.subarray(start, newline))) throw new EncodingError(line);
    start = newline + 1;
  }
}
