// Finds a dataset that a person names, to look at it.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StoreError } from '../errors.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { isDatasetName } from '../store/names.ts';
import { openStore, type Store, splitDatasetPath } from '../store/store.ts';

export const DEFAULT_STORE_FOLDER = 'artifacts';

export interface StorePlace {
  /** The store's folder; `artifacts` by default. */
  readonly out?: string;
  readonly cwd: string;
}

export interface DatasetPlace extends StorePlace {
  /** A dataset's name in the store, or the path of its folder. */
  readonly target: string;
}

export function storeFolder({ out, cwd }: StorePlace): string {
  return resolve(cwd, out ?? DEFAULT_STORE_FOLDER);
}

/** Opens a dataset for looking; a name in the store goes before a folder. Throws `StoreError` if there is none. */
export async function findDataset(
  place: DatasetPlace,
): Promise<{ readonly store: Store; readonly dataset: DatasetStore }> {
  const { target, out, cwd } = place;
  const directory = storeFolder(place);
  const named = { directory, name: target };
  const found = isDatasetName(target) ? await findIn(named) : undefined;
  if (found !== undefined) return found;
  const folder = resolve(cwd, target);
  const below = out === undefined ? await findIn(splitDatasetPath(folder)) : undefined;
  if (below !== undefined) return below;
  if (!isDatasetName(target)) {
    throw new StoreError(
      `Cannot find a dataset in "${folder}": no dataset.json there, no store.json above it`,
    );
  }
  const store = await openStore(directory, { access: 'look' });
  return { store, dataset: await store.openDataset(target) };
}

async function findIn({
  directory,
  name,
}: {
  directory: string;
  name: string;
}): Promise<{ store: Store; dataset: DatasetStore } | undefined> {
  const store = await findStore(directory);
  const dataset = await store?.findDataset(name);
  return store === undefined || dataset === undefined ? undefined : { store, dataset };
}

/** Opens a store for looking; undefined if there is none. */
export async function findStore(directory: string): Promise<Store | undefined> {
  const isThere = await stat(join(directory, 'store.json')).then(
    () => true,
    () => false,
  );
  return isThere ? openStore(directory, { access: 'look' }) : undefined;
}
