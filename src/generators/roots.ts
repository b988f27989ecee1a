// The root columns of a dataset: a pure function of plan, seed files and row.

import { createBreather } from '../breathe.ts';
import { digestOf } from '../digest.ts';
import { ConfigError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import type { Plan, PlanSeedSource, Settings } from '../plan.ts';
import { type CellRecord, RECORD_VERSION } from '../store/records.ts';
import type { Value } from '../values.ts';
import type { RowFailure } from './generator.ts';
import { makeSamplers } from './samplers/samplers.ts';
import { makeSeedRows } from './seed-rows.ts';
import { openSeedSource, type SeedSource } from './seed-source.ts';

export interface RootRow {
  /** Without a failure every root column. */
  readonly cells: { readonly [column: string]: CellRecord };
  readonly failure: RowFailure | null;
}

export interface Roots {
  /** Throws `ConfigError` when a seed file is no longer what the plan was made from. */
  make(rows: RowRange): Promise<ReadonlyMap<number, RootRow>>;
}

export interface RootsOptions {
  readonly plan: Plan;
  readonly settings: Pick<Settings, 'seedFiles'>;
  /** The plan's seed source where it is open already: opening one reads all of its files. */
  readonly seedSource?: SeedSource | null;
}

/** Throws `ConfigError` when the seed files are not those that the plan was made from. */
export async function openRoots({ plan, settings, seedSource }: RootsOptions): Promise<Roots> {
  const samplers = makeSamplers(plan);
  const seeds =
    plan.seedSource === null
      ? null
      : makeSeedRows(plan, seedSource ?? (await openSource(plan.seedSource, settings)));
  return {
    async make(rows) {
      const seeded = await seeds?.make(rows);
      const made = new Map<number, RootRow>();
      const breathe = createBreather();
      for (let row = rows.first; row <= rows.last; row += 1) {
        await breathe();
        const { values, failure } = samplers.make(row);
        made.set(row, { cells: recordsOf(row, { ...seeded?.[row - rows.first], ...values }), failure });
      }
      return made;
    },
  };
}

async function openSource(
  { contentHash }: PlanSeedSource,
  { seedFiles }: Pick<Settings, 'seedFiles'>,
): Promise<SeedSource> {
  const source = await openSeedSource(seedFiles);
  if (source.contentHash === contentHash) return source;
  throw new ConfigError([
    {
      file: seedFiles[0] ?? null,
      line: null,
      column: null,
      level: 'error',
      message: 'The seed data changed after the build had started: run the same command again',
    },
  ]);
}

function recordsOf(row: number, values: { readonly [column: string]: Value }): RootRow['cells'] {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => [column, rootRecord(row, value)]),
  );
}

/** A root's input is its value: the same draw or seed row is the same cell, whatever changed beside it. */
function rootRecord(row: number, value: Value): CellRecord {
  return {
    v: RECORD_VERSION,
    row,
    in: digestOf(value),
    read: 0,
    status: 'ok',
    turns: [],
    value,
    finish: null,
    calls: [],
    error: null,
    host: null,
    at: 0,
  };
}
