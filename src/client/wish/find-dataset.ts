// Finds a dataset that a person names, to look at it.

import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { StoreError } from '../../errors.ts';
import { DatasetStore } from '../../store/dataset-store.ts';
import { FolderFiles } from '../../store/files/folder.ts';
import { findVersion, type VersionPlace } from '../../store/look.ts';
import { isDatasetName } from '../../store/names.ts';
import { listVersions } from '../../store/published.ts';
import { openStore, type Store, splitDatasetPath } from '../../store/store.ts';
import { type StorePlace, storeFolder } from './store-folder.ts';

/** `trips@6`: no dataset's name holds "@", a folder's may. */
const AT_VERSION = /^(.+)@(\d{1,9})$/;

export interface DatasetPlace extends StorePlace {
  /** A dataset's name in the store, or the path of its folder. */
  readonly target: string;
}

/** A path as a person in a folder would write it. */
export function pathAsTyped(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below.startsWith('..') ? path : below;
}

/** What commands call a dataset: its name where they look for it, else its folder. */
export function targetAsTyped(folder: string, cwd: string): string {
  const { directory, name } = splitDatasetPath(folder);
  return directory === storeFolder({ cwd }) ? name : pathAsTyped(folder, cwd);
}

/**
 * Opens a dataset for looking; a name in the store goes before a folder, which needs no store around it.
 * Throws `StoreError` if there is none.
 */
export async function findDataset(place: DatasetPlace): Promise<DatasetStore> {
  const found = await findNamed(place);
  if (found !== undefined) return found;
  const { target, cwd } = place;
  if (AT_VERSION.test(target)) {
    throw new StoreError(
      `Cannot take one version, "${target}": \`show\`, \`export\`, \`query\`, \`profile\` and \`report\` do`,
    );
  }
  if (!isDatasetName(target)) {
    throw new StoreError(
      `Cannot find a dataset in "${resolve(cwd, target)}": give a dataset's name or its folder`,
    );
  }
  return (await openStore(storeFolder(place), { access: 'look' })).openDataset(target);
}

/** What people see of a dataset, or the version that is named, as in `trips@6`. Throws `StoreError` if there is none. */
export async function findDatasetVersion(
  place: DatasetPlace,
): Promise<{ readonly dataset: DatasetStore; readonly version: VersionPlace }> {
  const [, target, number] = AT_VERSION.exec(place.target) ?? [];
  if (target === undefined || (await findNamed(place)) !== undefined) {
    const dataset = await findDataset(place);
    return { dataset, version: await findVersion(dataset) };
  }
  const dataset = await findDataset({ ...place, target });
  const [versions, epoch] = [await listVersions(dataset), Number(number)];
  if (!versions.includes(epoch)) {
    const there = versions.length === 0 ? 'none yet' : versions.join(', ');
    throw new StoreError(`Cannot find version ${epoch} of "${dataset.name}": there is ${there}`);
  }
  return { dataset, version: await findVersion(dataset, epoch) };
}

async function findNamed(place: DatasetPlace): Promise<DatasetStore | undefined> {
  const { target, out, cwd } = place;
  const inStore = isDatasetName(target)
    ? await (await findStore(storeFolder(place)))?.findDataset(target)
    : undefined;
  return inStore ?? (out === undefined ? (await findInFolder(resolve(cwd, target)))?.dataset : undefined);
}

/**
 * The dataset in a folder, to look at; one that was copied without its store counts too. Undefined if there is none.
 * `isCopy`: it was made under another name or in another store.
 */
export async function findInFolder(
  folder: string,
): Promise<{ readonly dataset: DatasetStore; readonly isCopy: boolean } | undefined> {
  const { directory, name } = splitDatasetPath(folder);
  const store = await findStore(directory);
  const dataset =
    store === undefined
      ? new DatasetStore({ name, files: new FolderFiles(folder) })
      : await store.findDataset(name);
  const record = await dataset?.find();
  if (dataset === undefined || record === undefined) return undefined;
  return { dataset, isCopy: record.storeId !== store?.id || record.name !== name };
}

/** Opens a store for looking; undefined if there is none. */
export async function findStore(directory: string): Promise<Store | undefined> {
  const isThere = await stat(join(directory, 'store.json')).then(
    () => true,
    () => false,
  );
  return isThere ? openStore(directory, { access: 'look' }) : undefined;
}
