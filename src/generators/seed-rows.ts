// Which seed row each row takes: row r takes row r mod n of the n selected; shuffled, a permutation of each cycle of n.

import type { RowRange } from '../graph/types.ts';
import type { Plan, PlanSeedSource } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import { permutationOf } from './draws.ts';
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
  /** The values of the seed columns for the rows of a range, both ends included. */
  make(rows: RowRange): Promise<readonly ValueObject[]>;
}

/** Throws `RangeError` for a plan without seeds. */
export function makeSeedRows(
  { seed, seedSource }: Pick<Plan, 'seed' | 'seedSource'>,
  source: SeedSource,
): SeedRows {
  if (seedSource === null) throw new RangeError('Cannot make seed rows: the plan has no seed source');
  const rowOf = makeSeedOrder(seedSource, seed);
  return {
    async make({ first, last }) {
      const wanted = Array.from({ length: last - first + 1 }, (_, index) => rowOf(first + index));
      const found = new Map<number, ValueObject>();
      for (const { start, count } of runsOf(wanted)) {
        const rows = await source.readRows(start, count);
        for (const [index, row] of rows.entries()) found.set(start + index, row);
      }
      return wanted.map((row) => found.get(row)!);
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
