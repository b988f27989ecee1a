// The line format of parts and settled files: eight hex digits CRC-32 of the JSON's bytes, a space, the JSON, a newline.
// Files are read a chunk at a time and never joined into one text: that of a large group is more than a string can hold.

import { crc32 } from 'node:zlib';

const CRC_LENGTH = 8;
const NEWLINE = 0x0a;

export function formatLine(json: string): string {
  return `${crc32(json).toString(16).padStart(CRC_LENGTH, '0')} ${json}\n`;
}

/**
 * A line without its newline.
 *   whole    what was written
 *   damaged  something else, and lines stand behind it
 *   torn     the last of its file, and not whole: its writer was killed, or is still writing
 */
export type Line =
  | { readonly state: 'whole'; readonly bytes: Buffer; readonly text: string }
  | { readonly state: 'damaged' | 'torn'; readonly bytes: Buffer };

/** The lines of a file, as many at a time as end in a chunk: a turn for each would cost more than reading it. */
export async function* readLinesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  const reader = new LineReader();
  for await (const chunk of chunks) {
    const lines = reader.push(chunk);
    if (lines.length > 0) yield lines;
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

/** The lines of a whole file. */
export function readLines(bytes: Buffer): Line[] {
  const reader = new LineReader();
  return [...reader.push(bytes), ...reader.end()];
}

class LineReader {
  /** Of a line whose newline has not come yet. */
  #begun: Buffer[] = [];
  /** A line that is not whole, and behind which nothing has come yet. */
  #doubtful: Buffer | undefined;

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    if (chunk.length > 0) this.#settleDoubt('damaged', lines);
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (newline < 0) break;
      this.#take(chunk.subarray(start, newline), lines);
      start = newline + 1;
      if (start < chunk.length) this.#settleDoubt('damaged', lines);
    }
    if (start < chunk.length) this.#begun.push(chunk.subarray(start));
    return lines;
  }

  end(): Line[] {
    const lines: Line[] = [];
    if (this.#begun.length > 0) this.#take(Buffer.alloc(0), lines);
    this.#settleDoubt('torn', lines);
    return lines;
  }

  #take(rest: Buffer, lines: Line[]): void {
    const bytes = this.#begun.length === 0 ? rest : Buffer.concat([...this.#begun, rest]);
    this.#begun = [];
    const text = readText(bytes);
    if (text === undefined) this.#doubtful = bytes;
    else lines.push({ state: 'whole', bytes, text });
  }

  #settleDoubt(state: 'damaged' | 'torn', lines: Line[]): void {
    if (this.#doubtful !== undefined) lines.push({ state, bytes: this.#doubtful });
    this.#doubtful = undefined;
  }
}

/** Undefined where the CRC is not that of the JSON. */
function readText(line: Buffer): string | undefined {
  if (line.length <= CRC_LENGTH + 1) return undefined;
  const json = line.subarray(CRC_LENGTH + 1);
  const crc = crc32(json).toString(16).padStart(CRC_LENGTH, '0');
  return line.toString('latin1', 0, CRC_LENGTH + 1) === `${crc} ` ? json.toString('utf8') : undefined;
}
