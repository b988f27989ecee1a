// Text files as bytes that are known to be UTF-8. Bytes, not text: blocks of a seed file are found again by offset.

import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** A file that is not UTF-8 text from this line on. */
export class EncodingError extends Error {
  readonly line: number;
  constructor(line: number, problem = 'is not UTF-8 text: save it as UTF-8') {
    super(problem);
    this.line = line;
  }
}

/** Where the text of a file starts: after its byte order mark. Throws `EncodingError` for that of another encoding. */
export async function findTextStart(file: string): Promise<number> {
  const head = await readHead(file, BYTE_ORDER_MARK.length);
  if (/^(?:fffe|feff)/.test(head.toString('hex'))) {
    throw new EncodingError(1, 'is UTF-16 text: save it as UTF-8');
  }
  return head.equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
}

/** The bytes of a file from `start` to before `end`, in chunks of whole characters. Throws `EncodingError`. */
export async function* readUtf8(
  file: string,
  range: { readonly start: number; readonly end?: number },
): AsyncGenerator<Buffer> {
  const { start, end } = range;
  if (start === end) return;
  const stream = createReadStream(file, {
    start,
    highWaterMark: CHUNK_BYTES,
    ...(end === undefined ? {} : { end: end - 1 }),
  });
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const read of stream) {
    const bytes = Buffer.concat([rest, read as Buffer]);
    // No character of several bytes goes over an ASCII byte.
    const cut = bytes.findLastIndex((byte) => byte < 0x80) + 1;
    rest = bytes.subarray(cut);
    if (cut === 0) continue;
    const chunk = bytes.subarray(0, cut);
    check(chunk, line);
    line += countNewlines(chunk);
    yield chunk;
  }
  if (rest.length === 0) return;
  check(rest, line);
  yield rest;
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

/** The first bytes of a file, at most `length`. */
export async function readHead(file: string, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
