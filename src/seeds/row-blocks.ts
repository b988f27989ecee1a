// Seed rows as lines of JSON, cut into blocks: the bytes that a dataset keeps, and that hashes of seed data are made of.
// The rows alone decide where a block ends, so the same rows give the same bytes whatever files they came from.

import { createHash } from 'node:crypto';
import { DIGEST_LENGTH } from '../digest.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { formatJson, parseOwnJson, type Value, type ValueObject } from '../values.ts';
import { BLOCK_CHARACTERS, BLOCK_ROWS, type SeedBlock } from './seed-file.ts';

const NEWLINE = 0x0a;
const FIRST_BYTES = 64 * 1024;

export interface RowBlock extends SeedBlock {
  readonly hash: string;
}

export interface CutBlock {
  readonly block: RowBlock;
  readonly bytes: Buffer;
}

export class BlockCutter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #rows = 0;
  #start = 0;

  /** Takes the next row as a line without its end. Gives the block that it completes. */
  add(line: Buffer): CutBlock | undefined {
    this.#makeRoom(line.length + 1);
    this.#bytes.set(line, this.#length);
    this.#length += line.length + 1;
    this.#bytes[this.#length - 1] = NEWLINE;
    this.#rows += 1;
    const isFull = this.#rows === BLOCK_ROWS || this.#characters() >= BLOCK_CHARACTERS;
    return isFull ? this.finish() : undefined;
  }

  /** Gives the rows since the last block as one, if there are any. */
  finish(): CutBlock | undefined {
    const rows = this.#rows;
    if (rows === 0) return undefined;
    const bytes = Buffer.from(this.#bytes.subarray(0, this.#length));
    const [start, end] = [this.#start, this.#start + bytes.length];
    this.#rows = 0;
    this.#length = 0;
    this.#start = end;
    return { block: { rows, start, end, hash: hashOf(bytes) }, bytes };
  }

  /** UTF-16 units without line ends, told from the bytes where those leave no doubt. */
  #characters(): number {
    if (this.#length < BLOCK_CHARACTERS) return 0;
    return this.#bytes.toString('utf8', 0, this.#length).length - this.#rows;
  }

  #makeRoom(more: number): void {
    const size = this.#length + more;
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * size);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, DIGEST_LENGTH);
}

/** A row as the line that stands for it. Files may write the fields of their rows in any order; that inside a cell counts. */
export function lineOf(row: ValueObject, { isPlain }: { readonly isPlain: boolean }): Buffer {
  const byName: Record<string, Value> = {};
  // Rows with the same names become objects of one layout, which are written fastest.
  for (const name of Object.keys(row).sort()) setOwn(byName, name, findOwn(row, name)!);
  // Both write the same text; the engine's writer is faster, but knows no exact numbers.
  return Buffer.from(isPlain ? JSON.stringify(byName) : formatJson(byName));
}

/** A row as it was written; null for a place without one. */
export type WrittenRow = ValueObject | null;

/** The rows of a block's bytes. */
export function parseRows(bytes: Buffer, isText: boolean): readonly WrittenRow[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => (isText ? JSON.parse(line) : (parseOwnJson(line) as WrittenRow)));
}
