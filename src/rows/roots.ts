// The root columns of a dataset: a pure function of plan, seed rows and row. What processors before the batch make of them
// is what everybody sees: they know of no other roots.

import { breathe } from '../breathe.ts';
import type { OpenRoots, RootValues, RowFailure } from '../columns/maker.ts';
import { digestOf } from '../digest.ts';
import { CellError, DROPPED_BY_PROCESSOR, StoreError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import type { Functions } from '../modules/functions.ts';
import { setOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import { processRoots } from '../processors/process-roots.ts';
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
  /**
   * Throws `StoreError` where the dataset's seed rows are damaged, `ProcessorError`, and `ModelError` `cancelled` when the
   * signal fires.
   */
  make(rows: RowRange, signal?: AbortSignal): Promise<ReadonlyMap<number, RootRow>>;
  /** Names the seed rows of a range, see `SeedRows`; null for a plan without seeds. */
  seedKeyOf(rows: RowRange): string | null;
}

export interface RootsOptions {
  readonly plan: Plan;
  /** Opens the makers of the plan's root columns, in the order in which they are made. */
  readonly open: (seeds: SeedRows | null) => readonly OpenRoots[];
  /** Runs processors before the batch. */
  readonly functions: Functions;
  /** Those of the dataset. */
  readonly files: StoreFiles;
  /** The plan's seed source as its files have it, for a dataset that does not have its rows yet. */
  readonly seedSource?: SeedSource | null;
}

/** Throws `StoreError` when the dataset has not the seed rows that the plan was made from. */
export async function openRoots({ plan, open, functions, files, seedSource }: RootsOptions): Promise<Roots> {
  const { contentHash } = plan.seedSource ?? {};
  const source =
    contentHash === undefined ? null : ((await findSeeds(files, contentHash)) ?? seedSource ?? lost(files));
  const seeds = source === null ? null : makeSeedRows(plan, source);
  const makers = open(seeds);
  return {
    async make(rows, signal = NEVER) {
      const made = await makeRoots(makers, rows);
      const processed = await process(plan, made, { functions, signal });
      const roots = new Map<number, RootRow>();
      for (const [row, { values, failure }] of processed) {
        const cells: Record<string, CellRecord> = {};
        for (const [column, value] of Object.entries(values)) setOwn(cells, column, rootRecord(row, value));
        roots.set(row, { cells, failure });
        await breathe();
      }
      return roots;
    },
    seedKeyOf: (rows) => seeds?.keyOf(rows) ?? null,
  };
}

const NEVER = new AbortController().signal;

type RootsByRow = ReadonlyMap<number, RootValues>;

async function makeRoots(makers: readonly OpenRoots[], { first, last }: RowRange): Promise<RootsByRow> {
  const made = new Map<number, { values: { [column: string]: Value }; failure: RowFailure | null }>();
  for (let row = first; row <= last; row += 1) made.set(row, { values: {}, failure: null });
  for (const maker of makers) {
    for (const [index, { values, failure }] of (await maker.make({ first, last })).entries()) {
      const root = made.get(first + index)!;
      for (const [column, value] of Object.entries(values)) setOwn(root.values, column, value);
      root.failure ??= failure;
    }
  }
  return made;
}

async function process(
  plan: Plan,
  made: RootsByRow,
  of: { readonly functions: Functions; readonly signal: AbortSignal },
): Promise<RootsByRow> {
  if (plan.beforeBatch === undefined) return made;
  const whole = [...made].flatMap(([row, { values, failure }]) =>
    failure === null ? [{ row, values }] : [],
  );
  const processed = await processRoots(plan, whole, of);
  const all = new Map(made);
  for (const [index, end] of processed.entries()) {
    const { row } = whole[index]!;
    all.set(row, 'values' in end ? { values: end.values, failure: null } : droppedRow(plan, end.droppedBy));
  }
  return all;
}

/** The whole row is dropped; the first of its roots says so. */
function droppedRow({ columns }: Plan, processor: string): RootValues {
  const { name } = columns.find(({ strategy }) => strategy === 'root')!;
  const error = new CellError(DROPPED_BY_PROCESSOR, `Processor "${processor}" drops the row`);
  return { values: {}, failure: { column: name, error } };
}

function lost(files: StoreFiles): never {
  throw new StoreError(`Cannot find the seed rows in "${files.place()}": run the same command again`);
}

/** A root's input is its value: the same draw or seed row is the same cell, whatever changed beside it. */
function rootRecord(row: number, value: Value): CellRecord {
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, row, in: digestOf(value), status: 'ok', value };
}
