// `watch` and `stop`: a build that another process serves.

import { dirname } from 'node:path';
import { RefusedError } from '../errors.ts';
import type { DatasetResult } from '../protocol.ts';
import type { DatasetStore, EpochRecord } from '../store/dataset-store.ts';
import { summarize } from '../store/look.ts';
import { openStore, type Store } from '../store/store.ts';
import { type BuildEvents, follow, isLive } from './build.ts';
import type { Connected } from './connection.ts';
import { type DatasetPlace, findDataset } from './find-dataset.ts';
import { type ServerOptions, withServer } from './run-dataset.ts';
import { stopBuild } from './steer.ts';

export interface WatchOptions extends DatasetPlace, ServerOptions {}

/** Connects to the server that the newest start of a dataset was made on. */
async function withItsServer<Result>(
  options: WatchOptions,
  use: (place: {
    store: Store;
    dataset: DatasetStore;
    connected: Connected;
    start: EpochRecord;
  }) => Promise<Result>,
): Promise<Result> {
  const dataset = await findDataset(options);
  const store = await openStore(dirname(dataset.directory), { access: 'look' });
  const newest = await dataset.findNewestStart();
  if (newest === undefined || newest.endedAt !== null) refuseIdle(dataset);
  return withServer({ ...options, address: options.address ?? newest.address }, async (connected) => {
    if (!(await isLive(newest, connected.client))) refuseIdle(dataset);
    return use({ store, dataset, connected, start: newest });
  });
}

function refuseIdle({ name }: DatasetStore): never {
  throw new RefusedError(`Cannot find a running build of "${name}": none is at work`);
}

/**
 * Watches the live build of a dataset to its end; of one that has ended, what it came to. Undefined when the watching was
 * ended or the build's process died. Throws `RefusedError` when no build is at work and the last one never ended.
 */
export async function watchDataset(
  options: WatchOptions & { readonly stopSignal: AbortSignal; readonly events: BuildEvents },
): Promise<DatasetResult | undefined> {
  const ended = await findEnd(options);
  if (ended !== undefined) return ended;
  return withItsServer(options, ({ start, ...place }) => {
    options.events.onAttached(start);
    return follow(start, { ...options, connected: place.connected, wish: place });
  });
}

async function findEnd(place: DatasetPlace): Promise<DatasetResult | undefined> {
  const dataset = await findDataset(place);
  const { state, reason } = await dataset.read();
  if (state !== 'complete' && state !== 'incomplete') return undefined;
  const { rowCount, dropped } = await summarize(dataset);
  return { isComplete: state === 'complete', reason, rows: rowCount, dropped };
}

/** Stops the live build of a dataset; resolves once it has been told. Throws `RefusedError` when none is at work. */
export async function stopDataset(options: WatchOptions): Promise<EpochRecord> {
  return withItsServer(options, async ({ start, connected }) => {
    await stopBuild(start, connected, 'stopped by rowloom stop');
    return start;
  });
}
