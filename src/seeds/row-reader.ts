import { ByteCache } from '../byte-cache.ts';
import { findOwn } from '../own-keys.ts';
import type { RowBlock, WrittenRow } from './row-blocks.ts';
import type { SeedBlock } from './seed-file.ts';
import { asFloats, cellOfText } from './seed-types.ts';
import type { SeedContent } from './source-content.ts';

/** Bytes of blocks, as they are in the files, that stay parsed. */
const CACHE_BYTES = 32 * 1024 * 1024;

export type ReadRows = (first: number, count: number) => Promise<readonly WrittenRow[]>;

/**
 * Reads rows block by block, and keeps few blocks in memory. `load` gives the rows of a block as they were written; those
 * that are read have every column, and cells of its type.
 */
export function makeRowReader(
  { columns, rowCount, isText, blocks }: SeedContent,
  load: (block: RowBlock) => Promise<readonly WrittenRow[]>,
): ReadRows {
  const cache = new ByteCache<RowBlock, readonly WrittenRow[]>(CACHE_BYTES);
  const firsts = firstRowsOf(blocks);

  async function loadTyped(block: RowBlock): Promise<readonly WrittenRow[]> {
    const rows = await load(block);
    return rows.map((row) =>
      row === null
        ? null
        : Object.fromEntries(
            columns.map(({ name, type }) => {
              const cell = findOwn(row, name) ?? null;
              return [name, isText ? cellOfText(cell as string | null, type) : asFloats(cell, type)];
            }),
          ),
    );
  }

  return async (first, count) => {
    if (first < 0 || count < 0 || first + count > rowCount) {
      throw new RangeError(`Cannot read ${count} seed rows from ${first}: the source has ${rowCount}`);
    }
    const rows: WrittenRow[] = [];
    for (let index = lastIndexUpTo(firsts, first); rows.length < count; index++) {
      const block = blocks[index]!;
      const loaded = await cache.read(block, block.end - block.start, () => loadTyped(block));
      const start = firsts[index]!;
      for (const row of loaded.slice(Math.max(0, first - start), first + count - start)) rows.push(row);
    }
    return rows;
  };
}

/** The number of each block's first row. */
export function firstRowsOf(blocks: readonly SeedBlock[]): readonly number[] {
  let rowsBefore = 0;
  return blocks.map(({ rows }) => {
    rowsBefore += rows;
    return rowsBefore - rows;
  });
}

/** Of ascending numbers the index of the last one that is no larger. */
export function lastIndexUpTo(numbers: readonly number[], number: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (numbers[middle]! <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}
