// What every kind of seed file gives: a scan of all its rows, and parts of it read again.

import type { ColumnType } from '../plan.ts';
import type { ValueObject } from '../values.ts';

/** Rows that are read together. `start` and `end` are bytes of a text file, rows of a Parquet file. */
export interface SeedBlock {
  readonly rows: number;
  readonly start: number;
  readonly end: number;
  /** Its size in the file, uncompressed. */
  readonly sizeBytes: number;
}

/**
 * Hears of each row as its file has it, in order, and of each problem; a scan goes on after a problem where it can.
 * The types of the whole source are not known yet: the cells of a CSV file are text.
 */
export interface ScanListener {
  onRow(row: ValueObject): void;
  onProblem(message: string, line?: number): void;
}

export interface ScannedFile {
  readonly columns: readonly string[];
  /** Of a format that has a schema: what a column is even if all its cells are null. */
  readonly types?: ReadonlyMap<string, ColumnType>;
  readonly blocks: readonly SeedBlock[];
  readBlock(block: SeedBlock): Promise<readonly ValueObject[]>;
}

/** Reads a whole file once. What is wrong with the file goes to the listener; only the disk's errors are thrown. */
export type ScanFile = (file: string, listener: ScanListener) => Promise<ScannedFile>;

/** Small blocks make a shuffled source cheap to read: one block is read for each row that is wanted. */
export const BLOCK_ROWS = 64;
export const BLOCK_BYTES = 128 * 1024;

/** Gathers rows of a text file into blocks. */
export class BlockBuilder {
  readonly #blocks: SeedBlock[] = [];
  #rows = 0;
  #start = 0;
  #end = 0;

  /** Adds a row that stands in the bytes from `start` to before `end`. */
  add(start: number, end: number): void {
    if (this.#rows === 0) this.#start = start;
    this.#rows += 1;
    this.#end = end;
    if (this.#rows === BLOCK_ROWS || end - this.#start >= BLOCK_BYTES) this.#close();
  }

  finish(): readonly SeedBlock[] {
    if (this.#rows > 0) this.#close();
    return this.#blocks;
  }

  #close(): void {
    const [start, end] = [this.#start, this.#end];
    this.#blocks.push({ rows: this.#rows, start, end, sizeBytes: end - start });
    this.#rows = 0;
  }
}
