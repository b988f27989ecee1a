// What gives rows of a plan their values, opened.

import { isAbsolute } from 'node:path';
import { openColumns } from '../columns/open-columns.ts';
import { type LocalMedia, openLocalMedia } from '../local-media.ts';
import type { Functions } from '../modules/functions.ts';
import type { Plan } from '../plan.ts';
import type { SeedSource } from '../seeds/seed-source.ts';
import type { StoreFiles } from '../store/files/port.ts';
import { type Assembler, makeAssembler } from './assemble.ts';
import { type GroupDigests, makeGroupDigests } from './group-digests.ts';
import { openRoots, type Roots, type RootsOptions } from './roots.ts';

export interface OpenRows {
  readonly assembler: Assembler;
  readonly roots: Roots;
  readonly digests: GroupDigests;
  /** The files that cells name. */
  readonly local: LocalMedia;
}

export interface OpenRowsOptions {
  readonly plan: Plan;
  /** Names in topological order. */
  readonly order: readonly string[];
  /** Runs processors before the batch. */
  readonly functions: Functions;
  /** Those of the dataset. */
  readonly files: StoreFiles;
  /** The plan's seed source as its files have it, for a dataset that does not have its rows yet. */
  readonly seedSource?: SeedSource | null;
  /** The folder of Data Designer's persona files; null where none is read. */
  readonly personaFolder?: string | null;
}

/** The files that the cells of a dataset name, whose `files` these are. */
export function localMediaOf(files: StoreFiles): LocalMedia {
  const findNow = (reference: string) => (isAbsolute(reference) ? undefined : files.findNow?.(reference));
  return openLocalMedia((reference) => files.place(reference), { findNow });
}

/** Throws `StoreError` when the dataset has not the seed rows that the plan was made from. */
export async function openRows({
  plan,
  order,
  personaFolder = null,
  ...more
}: OpenRowsOptions): Promise<OpenRows> {
  const local = localMediaOf(more.files);
  const { columns, openRoots: openMakers } = await openColumns({ plan, order, local });
  const open: RootsOptions['open'] = (seeds) => openMakers({ seeds, personaFolder });
  const roots = await openRoots({ plan, open, ...more });
  return {
    local,
    assembler: makeAssembler(plan, columns),
    roots,
    digests: makeGroupDigests({ plan, order, seedKeyOf: roots.seedKeyOf }),
  };
}
