// What every kind of seed file gives while it is read, once: rows, types, and what is wrong.

import type { ColumnType } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import type { PlainObject } from './plain-json.ts';
import type { TypeObserver } from './seed-types.ts';

/** Rows that are read together. `start` and `end` are bytes of all rows as lines. */
export interface SeedBlock {
  readonly rows: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Takes each row as its file has it, in order, and each problem; a scan goes on after a problem where it can. The types of
 * the whole source are not known yet: the cells of a file of separated values are text.
 */
export interface RowSink {
  addRow(row: ValueObject): void;
  addPlainRow(row: PlainObject): void;
  /** A row whose cells are all text or null, as JSON with every column; what its cells are is told to their observers. */
  addLine(json: Buffer): void;
  observerOf(column: string): TypeObserver;
  /** Of rows that came as lines, how many have something in a column. */
  addFilled(column: string, rows: number): void;
  /** Of a format that has a schema: what a column is even if all its cells are null. */
  addType(column: string, type: ColumnType): void;
  addProblem(message: string, line?: number | null): void;
  /** Awaited between pieces of the file, so that rows do not pile up. */
  drain(): Promise<void>;
}

/** Reads a whole file once, and gives its columns. Only the disk's errors and `EncodingError` are thrown. */
export type ScanFile = (file: string, sink: RowSink) => Promise<readonly string[]>;

/** Small blocks make a shuffled source cheap to read: one block is read for each row that is wanted. */
export const BLOCK_ROWS = 64;
export const BLOCK_CHARACTERS = 128 * 1024;
