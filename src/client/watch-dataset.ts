// `watch` and `stop`: a build that another process serves.

import { resolve } from 'node:path';
import type { DatasetResult } from '../protocol.ts';
import type { DatasetStore, EpochRecord } from '../store/dataset-store.ts';
import { openStore, type Store, splitDatasetPath } from '../store/store.ts';
import { type BuildEvents, type Connected, follow } from './build.ts';
import { findLiveStart, stopBuild } from './steer.ts';

export interface DatasetPlace {
  /** A dataset's name in the store, or the path of its folder. */
  readonly target: string;
  /** The store's folder; `artifacts` by default. */
  readonly out?: string;
  readonly cwd: string;
}

/** Opens a dataset for looking. Throws `StoreError`. */
export async function findDataset({
  target,
  out,
  cwd,
}: DatasetPlace): Promise<{ store: Store; dataset: DatasetStore }> {
  const isPath = /[/\\]/.test(target) || target === '.';
  const place = isPath
    ? splitDatasetPath(resolve(cwd, target))
    : { directory: resolve(cwd, out ?? 'artifacts'), name: target };
  const store = await openStore(place.directory, { access: 'look' });
  return { store, dataset: await store.openDataset(place.name) };
}

/** Watches the live build of a dataset to its end. Undefined when the watching was ended, or the build's process died. */
export async function watchDataset(options: {
  readonly store: Store;
  readonly dataset: DatasetStore;
  readonly connected: Connected;
  readonly stopSignal: AbortSignal;
  readonly events: BuildEvents;
}): Promise<DatasetResult | undefined> {
  const start = await findLiveStart(options.dataset, options.connected);
  options.events.onAttached(start);
  return follow(start, { ...options, wish: options });
}

/** Stops the live build of a dataset; resolves once it has been told. Throws `RefusedError` when none is at work. */
export async function stopDataset(options: {
  readonly dataset: DatasetStore;
  readonly connected: Connected;
}): Promise<EpochRecord> {
  const start = await findLiveStart(options.dataset, options.connected);
  await stopBuild(start, options.connected, 'stopped by rowloom stop');
  return start;
}
