// `watch`, `stop`, `pause`, `unpause` and `set-limits`: a build that another process serves.

import { dirname } from 'node:path';
import { RefusedError } from '../../errors.ts';
import type { DatasetResult } from '../../protocol.ts';
import { findServerState } from '../../server/server-files.ts';
import type { DatasetStore, EpochRecord } from '../../store/dataset-store.ts';
import { livenessOf } from '../../store/liveness.ts';
import { summarize } from '../../store/look.ts';
import { openStore, type Store } from '../../store/store.ts';
import { type DatasetPlace, findDataset } from '../wish/find-dataset.ts';
import type { Connected } from './connection.ts';
import { type BuildEvents, follow } from './follow.ts';
import { isLive, isServedBy } from './live-build.ts';
import { type ServerOptions, withServer } from './run-dataset.ts';
import { serverFolder } from './server-folder.ts';
import { type Steering, steerBuild, stopBuild } from './steer.ts';

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
  if (start === undefined) return idle(dataset);
  // What only a server knows is not asked when the dataset says that it is done.
  const mayBeAtWork = livenessOf(start) ?? (await dataset.findState()) === 'building';
  if (!mayBeAtWork) return idle(dataset);
  return withServer(serverOptions(start, options), async (connected) => {
    if (!(await isLive(start, connected))) return idle(dataset);
    if (isServedBy(start, connected)) return atWork({ store, dataset, connected, start });
    throw new RefusedError(
      `Cannot reach build ${start.epoch} of "${dataset.name}" there: it is at work on the Temporal server ${start.address}. Name it with --address`,
    );
  });
}

/** The server of a start: the embedded one of this directory, which may have to be started again, or a named one. */
function serverOptions({ address }: EpochRecord, options: WatchOptions): ServerOptions {
  if (options.address !== undefined) return options;
  const embedded = findServerState(serverFolder(options));
  return embedded !== undefined && address === `${embedded.host}:${embedded.port}`
    ? options
    : { ...options, address };
}

function refuseIdle({ name }: DatasetStore): never {
  throw new RefusedError(`Cannot find a running build of "${name}": none is at work`);
}

/** What the newest build came to; undefined when it is at work or died. */
async function findEnd(dataset: DatasetStore): Promise<DatasetResult | undefined> {
  const end = await dataset.findEnd(await dataset.newestEpoch());
  if (end === undefined) return undefined;
  const { rowCount, dropped } = await summarize(dataset);
  return { isComplete: end.isComplete, reason: end.reason, rows: rowCount, dropped };
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

export interface StoppingBuild {
  readonly start: EpochRecord;
  /** False when no worker is there: the build stops as soon as one comes. */
  readonly isTold: boolean;
}

/** Stops the live build of a dataset. Throws `RefusedError` when none is at work. */
export async function stopDataset(options: WatchOptions): Promise<StoppingBuild> {
  return withBuild(options, {
    atWork: async ({ start, connected }) => ({
      start,
      isTold: await stopBuild(start, connected, 'stopped by rowloom stop'),
    }),
    idle: refuseIdle,
  });
}

/** Changes how the live build of a dataset goes on. Throws `RefusedError` when none is at work, and for limits that cannot be. */
export async function steerDataset(options: WatchOptions, steering: Steering): Promise<void> {
  return withBuild(options, {
    atWork: ({ start, connected }) => steerBuild(start, connected, steering),
    idle: refuseIdle,
  });
}
