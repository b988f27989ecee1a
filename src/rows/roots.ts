// The root columns of a dataset: a pure function of plan, seed rows and row.

import type { OpenRoots, RowFailure } from '../columns/maker.ts';
import { digestOf } from '../digest.ts';
import { StoreError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import { setOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import { makeSeedRows, type SeedRows } from '../seeds/seed-rows.ts';
import type { SeedSource } from '../seeds/seed-source.ts';
import { findSeeds } from '../seeds/stored-seeds.ts';
import type { StoreFiles } from '../store/files/port.ts';
import { type CellRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../store/records.ts';
import type { Value } from '../values.ts';

export interface RootRow {
  /** Without a failure every root column. */
  readonly cells: { readonly [column: string]: CellRecord };
  readonly failure: RowFailure | null;
}

export interface Roots {
  /** Throws `StoreError` where the dataset's seed rows are damaged. */
  make(rows: RowRange): Promise<ReadonlyMap<number, RootRow>>;
  /** Names the seed rows of a range, see `SeedRows`; null for a plan without seeds. */
  seedKeyOf(rows: RowRange): string | null;
}

export interface RootsOptions {
  readonly plan: Plan;
  /** Opens the makers of the plan's root columns, in the order in which they are made. */
  readonly open: (seeds: SeedRows | null) => readonly OpenRoots[];
  /** Those of the dataset. */
  readonly files: StoreFiles;
  /** The plan's seed source as its files have it, for a dataset that does not have its rows yet. */
  readonly seedSource?: SeedSource | null;
}

/** Throws `StoreError` when the dataset has not the seed rows that the plan was made from. */
export async function openRoots({ plan, open, files, seedSource }: RootsOptions): Promise<Roots> {
  const { contentHash } = plan.seedSource ?? {};
  const source =
    contentHash === undefined ? null : ((await findSeeds(files, contentHash)) ?? seedSource ?? lost(files));
  const seeds = source === null ? null : makeSeedRows(plan, source);
  const makers = open(seeds);
  return {
    async make(rows) {
      const made = new Map<number, { cells: Record<string, CellRecord>; failure: RowFailure | null }>();
      for (let row = rows.first; row <= rows.last; row += 1) made.set(row, { cells: {}, failure: null });
      for (const maker of makers) {
        for (const [index, { values, failure }] of (await maker.make(rows)).entries()) {
          const root = made.get(rows.first + index)!;
          for (const [column, value] of Object.entries(values))
            setOwn(root.cells, column, rootRecord(rows.first + index, value));
          root.failure ??= failure;
        }
      }
      return made;
    },
    seedKeyOf: (rows) => seeds?.keyOf(rows) ?? null,
  };
}

function lost(files: StoreFiles): never {
  throw new StoreError(`Cannot find the seed rows in "${files.place()}": run the same command again`);
}

/** A root's input is its value: the same draw or seed row is the same cell, whatever changed beside it. */
function rootRecord(row: number, value: Value): CellRecord {
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, row, in: digestOf(value), status: 'ok', value };
}
