// A changed plan in the making: `next/`, and the swap that puts it in place.
//
//   W1. A build that changes the schema or an existing value writes its output to `next/`; `next/next.json` names its
//       plan. A `next/` of another plan is deleted: the cells it was made from are in `cells/`, which is never swapped.
//   W2. `swap.json` says what moves: the entries that are in place go to `versions/<n>/`, then those of `next/` take
//       their places. From the moment it is there the swap is decided, and every writer finishes one it finds: a build of
//       another plan too, so that `dataset.json` keeps naming the plan of that.
//   W3. From that moment the new output is the output: who reads takes each entry from `next/` until it has come, so that
//       files and records of two plans are never read together.

import type { DatasetStore } from './dataset-store.ts';
import { findDocument, writeDocument } from './documents.ts';
import type { Base } from './groups.ts';

const SWAP_VERSION = 1;

/** What a build puts out; all else of a dataset is never swapped. */
const ENTRIES = [
  'parquet-files',
  'dropped-columns-parquet-files',
  'processors-files',
  'groups',
  'metadata.json',
  'builder_config.json',
];

interface NextRecord {
  readonly v: typeof SWAP_VERSION;
  readonly planDigest: string;
}

interface SwapRecord {
  readonly v: typeof SWAP_VERSION;
  /** The number under `versions/` of what is replaced. */
  readonly version: number;
  readonly planDigest: string;
  /** Entries that were in place, and those that `next/` had, when the swap was decided. */
  readonly leaving: readonly string[];
  readonly coming: readonly string[];
}

/** Where the output of a plan goes. */
export async function baseOf(dataset: DatasetStore, planDigest: string): Promise<Base> {
  return (await findNext(dataset)) === planDigest ? 'next' : 'place';
}

/** The digest of the plan that is in the making; undefined without one. */
export async function findNext(dataset: DatasetStore): Promise<string | undefined> {
  const path = dataset.path('next', 'next.json');
  return (await findDocument<NextRecord>(dataset.files, { path, version: SWAP_VERSION }))?.planDigest;
}

/** Makes `next/` for a plan, or goes on with the one that is there for it. */
export async function openNext(dataset: DatasetStore, planDigest: string): Promise<void> {
  if ((await findNext(dataset)) === planDigest) return;
  await discardNext(dataset);
  const document: NextRecord = { v: SWAP_VERSION, planDigest };
  await writeDocument(dataset.files, { path: dataset.path('next', 'next.json'), document });
}

/** Deletes `next/`. */
export async function discardNext(dataset: DatasetStore): Promise<void> {
  // Its name goes first: what a crash leaves behind belongs to no plan.
  if (await dataset.files.remove(dataset.path('next', 'next.json'))) {
    await dataset.files.syncFolder(dataset.path('next'));
  }
  await dataset.files.removeFolder(dataset.path('next'));
}

/** Puts `next/` in place; returns the number under which what it replaces is kept, null if it replaces nothing. */
export async function swapNext(dataset: DatasetStore, planDigest: string): Promise<number | null> {
  await finishSwap(dataset);
  if ((await findNext(dataset)) !== planDigest) return null;
  const [inPlace, inNext, versions] = await Promise.all([
    dataset.files.list(dataset.path()),
    dataset.files.list(dataset.path('next')),
    dataset.files.list(dataset.path('versions')),
  ]);
  const document: SwapRecord = {
    v: SWAP_VERSION,
    version: 1 + Math.max(0, ...versions.map(Number).filter(Number.isInteger)),
    planDigest,
    leaving: ENTRIES.filter((entry) => inPlace.includes(entry)),
    coming: ENTRIES.filter((entry) => inNext.includes(entry)),
  };
  await writeDocument(dataset.files, { path: dataset.path('swap.json'), document });
  await finishSwap(dataset);
  return document.version;
}

/** Finishes a swap that was decided and not ended; nothing to do without one. */
export async function finishSwap(dataset: DatasetStore): Promise<void> {
  const swap = await findSwap(dataset);
  if (swap === undefined) return;
  const { files } = dataset;
  const version = dataset.path('versions', String(swap.version));
  await files.makeFolder(version);
  const left = await files.list(version);
  for (const entry of ENTRIES) {
    // Once it has left, what is in its place has come.
    if (swap.leaving.includes(entry) && !left.includes(entry)) {
      await files.rename(dataset.path(entry), `${version}/${entry}`);
    }
    if (swap.coming.includes(entry)) await files.rename(dataset.path('next', entry), dataset.path(entry));
  }
  await discardNext(dataset);
  await files.remove(dataset.path('swap.json'));
  await files.syncFolder(dataset.path());
}

/** Where an entry of the output is, `parquet-files` or `groups` say. */
export async function readingBase(dataset: DatasetStore, entry: string): Promise<Base> {
  if ((await findSwap(dataset))?.coming.includes(entry) !== true) return 'place';
  return (await dataset.files.findStat(dataset.path('next', entry))) === undefined ? 'place' : 'next';
}

async function findSwap(dataset: DatasetStore): Promise<SwapRecord | undefined> {
  return findDocument(dataset.files, { path: dataset.path('swap.json'), version: SWAP_VERSION });
}
