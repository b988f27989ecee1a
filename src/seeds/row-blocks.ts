// Seed rows as lines of JSON, cut into blocks: the bytes that a dataset keeps, and that hashes of seed data are made of.
// The rows alone decide where a block ends, so the same rows give the same bytes whatever files they came from.

import { createHash } from 'node:crypto';
import { DIGEST_LENGTH } from '../digest.ts';
import { formatJson, parseOwnJson, type ValueObject } from '../values.ts';
import { BLOCK_BYTES, BLOCK_ROWS, type SeedBlock } from './seed-file.ts';

/** `start` and `end` are bytes of all lines together. */
export interface RowBlock extends SeedBlock {
  readonly hash: string;
}

export interface CutBlock {
  readonly block: RowBlock;
  readonly bytes: Buffer;
}

export class BlockCutter {
  readonly #isText: boolean;
  #lines: string[] = [];
  #length = 0;
  #start = 0;

  /** `isText`: every cell is text or null. */
  constructor(isText: boolean) {
    this.#isText = isText;
  }

  /** Takes the next row. Gives the block that it completes. */
  add(row: ValueObject): CutBlock | undefined {
    const line = this.#isText ? JSON.stringify(row) : formatJson(byName(row));
    this.#lines.push(line);
    this.#length += line.length;
    const isFull = this.#lines.length === BLOCK_ROWS || this.#length >= BLOCK_BYTES;
    return isFull ? this.finish() : undefined;
  }

  /** Gives the rows since the last block as one, if there are any. */
  finish(): CutBlock | undefined {
    const rows = this.#lines.length;
    if (rows === 0) return undefined;
    const bytes = Buffer.from(`${this.#lines.join('\n')}\n`);
    const [start, end] = [this.#start, this.#start + bytes.length];
    this.#lines = [];
    this.#length = 0;
    this.#start = end;
    return { block: { rows, start, end, sizeBytes: bytes.length, hash: hashOf(bytes) }, bytes };
  }
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, DIGEST_LENGTH);
}

/** The rows of a block's bytes. */
export function parseRows(bytes: Buffer, isText: boolean): readonly ValueObject[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => (isText ? JSON.parse(line) : (parseOwnJson(line) as ValueObject)));
}

/** Files of JSON may write the fields of their rows in any order; that of fields inside a cell is part of its value. */
function byName(row: ValueObject): ValueObject {
  return Object.fromEntries(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1)));
}
