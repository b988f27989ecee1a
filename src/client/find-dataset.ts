// Finds a dataset that a person names, to look at it.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StoreError } from '../errors.ts';
import { DatasetStore } from '../store/dataset-store.ts';
import { FolderFiles } from '../store/files/folder.ts';
import { isDatasetName } from '../store/names.ts';
import { openStore, type Store, splitDatasetPath } from '../store/store.ts';

const DEFAULT_STORE_FOLDER = 'artifacts';

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

/**
 * Opens a dataset for looking; a name in the store goes before a folder, which needs no store around it.
 * Throws `StoreError` if there is none.
 */
export async function findDataset(place: DatasetPlace): Promise<DatasetStore> {
  const { target, out, cwd } = place;
  const directory = storeFolder(place);
  const named = isDatasetName(target) ? await (await findStore(directory))?.findDataset(target) : undefined;
  if (named !== undefined) return named;
  const folder = resolve(cwd, target);
  const below = out === undefined ? await findInFolder(folder) : undefined;
  if (below !== undefined) return below;
  if (!isDatasetName(target)) {
    throw new StoreError(`Cannot find a dataset in "${folder}": give a dataset's name or its folder`);
  }
  return (await openStore(directory, { access: 'look' })).openDataset(target);
}

async function findInFolder(folder: string): Promise<DatasetStore | undefined> {
  const { directory, name } = splitDatasetPath(folder);
  const store = await findStore(directory);
  if (store !== undefined) return store.findDataset(name);
  const dataset = new DatasetStore({ name, files: new FolderFiles(folder) });
  return (await dataset.find()) === undefined ? undefined : dataset;
}

/** Opens a store for looking; undefined if there is none. */
export async function findStore(directory: string): Promise<Store | undefined> {
  const isThere = await stat(join(directory, 'store.json')).then(
    () => true,
    () => false,
  );
  return isThere ? openStore(directory, { access: 'look' }) : undefined;
}
