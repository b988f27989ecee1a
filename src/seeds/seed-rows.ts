// Which seed row each row takes: row r takes row r mod n of the n selected; shuffled, a permutation of each cycle of n.

import { digestOf } from '../digest.ts';
import { permutationOf } from '../draws.ts';
import type { RowRange } from '../graph/types.ts';
import type { Plan, PlanSeedSource } from '../plan.ts';
import type { WrittenRow } from './row-blocks.ts';
import { firstRowsOf, lastIndexUpTo } from './row-reader.ts';
import type { SeedSource } from './seed-source.ts';

/** The row of the source that each row of a dataset takes. */
export function makeSeedOrder(
  { selection, sampling }: PlanSeedSource,
  seed: string,
): (row: number) => number {
  const { first, count } = selection;
  if (sampling === 'ordered') return (row) => first + (row % count);
  let lastCycle = -1;
  let permute = permutationOf([], 1);
  return (row) => {
    const cycle = Math.floor(row / count);
    if (cycle !== lastCycle) {
      permute = permutationOf([seed, 'seed rows', String(cycle)], count);
      lastCycle = cycle;
    }
    return first + permute(row % count);
  };
}

export interface SeedRows {
  /** The values of the seed columns for the rows of a range, both ends included; null where the source has no row. */
  make(rows: RowRange): Promise<readonly WrittenRow[]>;
  /**
   * A short digest of the seed rows that a range takes; as long as it stays the same they do. Reads no rows. In order it is
   * that of the blocks that hold them: what is added to a source changes the key of no earlier rows but of those in its
   * last block. Of shuffled rows, and of a range that begins the source anew, it is that of the whole source.
   */
  keyOf(rows: RowRange): string;
}

/** Throws `RangeError` for a plan without seeds. */
export function makeSeedRows(
  { seed, seedSource }: Pick<Plan, 'seed' | 'seedSource'>,
  source: SeedSource,
): SeedRows {
  if (seedSource === null) throw new RangeError('Cannot make seed rows: the plan has no seed source');
  const rowOf = makeSeedOrder(seedSource, seed);
  const { blocks } = source;
  const firsts = firstRowsOf(blocks);
  const types = source.columns.map(({ name, type }) => [name, type]);
  return {
    async make({ first, last }) {
      const wanted = Array.from({ length: last - first + 1 }, (_, index) => rowOf(first + index));
      const found = new Map<number, WrittenRow>();
      for (const { start, count } of runsOf(wanted)) {
        const rows = await source.readRows(start, count);
        for (const [index, row] of rows.entries()) found.set(start + index, row);
      }
      return wanted.map((row) => found.get(row)!);
    },
    keyOf({ first, last }) {
      const [start, end] = [rowOf(first), rowOf(last)];
      if (seedSource.sampling === 'shuffle') return digestOf([seedSource, seed, first, last]);
      if (end - start !== last - first) return digestOf([seedSource, first, last]);
      const index = lastIndexUpTo(firsts, start);
      const hashes = blocks.slice(index, lastIndexUpTo(firsts, end) + 1).map(({ hash }) => hash);
      return digestOf([types, hashes, start - firsts[index]!, last - first]);
    },
  };
}

/** The distinct numbers in ascending order, as runs of neighbours: each block of the source is read once. */
function runsOf(numbers: readonly number[]): readonly { readonly start: number; readonly count: number }[] {
  const runs: { start: number; count: number }[] = [];
  for (const number of [...new Set(numbers)].sort((left, right) => left - right)) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.count === number) last.count += 1;
    else runs.push({ start: number, count: 1 });
  }
  return runs;
}
