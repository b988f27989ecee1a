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

interface BuildAtWork {
  readonly store: Store;
  readonly dataset: DatasetStore;
  readonly connected: Connected;
  readonly start: EpochRecord;
}

interface Uses<Result> {
  /** Connected to the server that the build was started on. */
  readonly atWork: (build: BuildAtWork) => Promise<Result>;
  readonly idle: (dataset: DatasetStore) => Result | Promise<Result>;
}

async function withBuild<Result>(options: WatchOptions, { atWork, idle }: Uses<Result>): Promise<Result> {
  const dataset = await findDataset(options);
  const store = await openStore(dirname(dataset.directory), { access: 'look' });
  const start = await dataset.findNewestStart();
  if (start === undefined || start.endedAt !== null || (await findEnd(dataset)) !== undefined)
    return idle(dataset);
  return withServer({ ...options, address: options.address ?? start.address }, async (connected) =>
    (await isLive(start, connected.client)) ? atWork({ store, dataset, connected, start }) : idle(dataset),
  );
}

function refuseIdle({ name }: DatasetStore): never {
  throw new RefusedError(`Cannot find a running build of "${name}": none is at work`);
}

/** What the newest build came to; undefined when it is at work or died. */
async function findEnd(dataset: DatasetStore): Promise<DatasetResult | undefined> {
  const { state, reason } = await dataset.read();
  if (state !== 'complete' && state !== 'incomplete') return undefined;
  const { rowCount, dropped } = await summarize(dataset);
  return { isComplete: state === 'complete', reason, rows: rowCount, dropped };
}

/**
 * Watches the live build of a dataset to its end; of one that has ended, what it came to. Undefined when the watching was
 * ended or the build's process died. Throws `RefusedError` when no build is at work and the last one never ended.
 */
export async function watchDataset(
  options: WatchOptions & { readonly stopSignal: AbortSignal; readonly events: BuildEvents },
): Promise<DatasetResult | undefined> {
  return withBuild<DatasetResult | undefined>(options, {
    atWork: ({ start, ...place }) => {
      options.events.onAttached(start);
      return follow(start, { ...options, connected: place.connected, wish: place });
    },
    idle: async (dataset) => (await findEnd(dataset)) ?? refuseIdle(dataset),
  });
}

/** Stops the live build of a dataset; resolves once it has been told. Throws `RefusedError` when none is at work. */
export async function stopDataset(options: WatchOptions): Promise<EpochRecord> {
  return withBuild(options, {
    atWork: async ({ start, connected }) => {
      await stopBuild(start, connected, 'stopped by rowloom stop');
      return start;
    },
    idle: refuseIdle,
  });
}
