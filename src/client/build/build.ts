// A `run`: serves its build with a task queue and a worker of its own, and ends them with it.

import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { Calls } from '../../activities/builds.ts';
import type { CommittedRowGroup } from '../../activities/process.ts';
import { StoreError } from '../../errors.ts';
import { type DatasetResult, runTaskQueue } from '../../protocol.ts';
import { workerOptions } from '../../server/proxy.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { installRuntime, type RunningWorker, startWorker } from '../../worker.ts';
import type { AcceptedWish } from '../wish/wish.ts';
import { type BuildEvents, follow } from './follow.ts';
import { isLive } from './live-build.ts';
import { attachOrTake, buildRefOf, replaced, type StartOptions, startWorkflow } from './start-build.ts';

export interface RunEvents extends BuildEvents {
  /** This process was told to stop: so many calls are in flight. */
  readonly onStopping: (callsInFlight: number) => void;
  /**
   * Awaited after each row group that this process commits; the group goes on when it has ended. What it throws ends
   * nothing: it is said, and stands in the result. Groups that are taken over as they are, or that other processes make, are
   * not told of; one whose commit a crash follows may be told of twice.
   */
  readonly onRowGroup?: (group: CommittedRowGroup) => Promise<void> | void;
}

/** What `onRowGroup` threw. */
export interface CallbackFailure {
  readonly rowGroup: number;
  readonly error: unknown;
}

/** What became of the calls that were in flight when this process was told to stop. */
export interface StoppedCalls {
  readonly kept: number;
  readonly lost: number;
}

export interface RunBuildOptions extends StartOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly events: RunEvents;
  readonly say: (line: string) => void;
  /** Aborted by Ctrl-C: a build of this process stops, one that another process makes goes on. */
  readonly stopSignal: AbortSignal;
}

export type BuildEnd =
  | {
      readonly how: 'ended';
      readonly result: DatasetResult;
      readonly epoch: number;
      /** Null when this process was not told to stop. */
      readonly stopped: StoppedCalls | null;
      readonly callbackFailures: readonly CallbackFailure[];
    }
  | { readonly how: 'detached' };

/**
 * Runs a wish to its end in this process, or attaches to the live build that works towards it. `outdated` when another
 * build has begun since the wish was decided.
 */
export async function runBuild(options: RunBuildOptions): Promise<BuildEnd | 'outdated'> {
  const { wish, connected, events, stopSignal } = options;
  for (;;) {
    const found = await attachOrTake(options, 'run');
    if (found === 'outdated') return found;
    const { start, wasRunning } = found;
    if (!wasRunning) return serve(start, options);
    events.onAttached(start);
    const result = await follow(start, options);
    if (stopSignal.aborted) return { how: 'detached' };
    if (result !== undefined && start.rows === wish.settings.rows)
      return { how: 'ended', result, epoch: start.epoch, stopped: null, callbackFailures: [] };
    // The workflow has ended, but its process still writes that it has left: before that a new start would be refused.
    while (await isLive(start, connected)) await sleep(LOOK_AGAIN_MS);
  }
}

const LOOK_AGAIN_MS = 200;
const NO_CALLS: Calls = { inFlight: 0, answered: 0, spent: 0, waitedFor: [] };

async function serve(start: EpochRecord, options: RunBuildOptions): Promise<BuildEnd> {
  const { wish, connected, environment, stopSignal, events } = options;
  const build = buildRefOf(wish, start);
  const taskQueue = runTaskQueue(build);
  const callbackFailures: CallbackFailure[] = [];
  let worker: RunningWorker | undefined;
  let atStop: Calls | undefined;
  // `stop` fails for a build that cannot be opened; its workflow then fails too and tells the reason.
  const endCalls = () => worker?.builds.stop(build, 'stopped by Ctrl-C').catch(() => undefined);
  const stop = () => {
    atStop = worker?.builds.calls() ?? NO_CALLS;
    events.onStopping(atStop.inFlight);
    void endCalls();
  };
  if (stopSignal.aborted) stop();
  else stopSignal.addEventListener('abort', stop, { once: true });
  let connection: NativeConnection | undefined;
  try {
    installRuntime();
    connection = await NativeConnection.connect(workerOptions(connected.server));
    worker = await startWorker({
      connection,
      client: connected.client,
      namespace: connected.server.namespace,
      taskQueue,
      store: wish.store,
      environment,
      ...(events.onRowGroup && { onRowGroup: (group) => tellRowGroup(group, options, callbackFailures) }),
    });
    // Ctrl-C came while the worker was started, when there was nothing to stop yet.
    if (stopSignal.aborted) void endCalls();
    await startWorkflow(wish.dataset, connected.client, { build, taskQueue });
    const result = await follow(start, { ...options, worker });
    if (result === undefined) throw replaced(build);
    const stopped = atStop === undefined ? null : stoppedCalls(atStop, worker.builds.calls());
    return { how: 'ended', result, epoch: start.epoch, stopped, callbackFailures };
  } finally {
    stopSignal.removeEventListener('abort', stop);
    try {
      await worker?.shutdown();
      await connection?.close();
    } finally {
      // A program that calls `runDataset` lives on, and the next start would take it for the builder.
      await leaveEpoch(start, wish);
    }
  }
}

async function tellRowGroup(
  group: CommittedRowGroup,
  { events, say }: RunBuildOptions,
  failures: CallbackFailure[],
): Promise<void> {
  try {
    await events.onRowGroup?.(group);
  } catch (error) {
    failures.push({ rowGroup: group.rowGroup, error });
    const why = error instanceof Error ? error.message : String(error);
    say(`warning   onRowGroup failed for row group ${group.rowGroup}, the build goes on: ${why}`);
  }
}

/** A store that cannot be written has already ended the build with that reason: a second error would hide it. */
async function leaveEpoch({ epoch }: EpochRecord, { dataset }: AcceptedWish): Promise<void> {
  try {
    await dataset.leaveEpoch(epoch);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

function stoppedCalls(atStop: Calls, atEnd: Calls): StoppedCalls {
  const kept = Math.min(atStop.inFlight, atEnd.answered - atStop.answered);
  return { kept, lost: atStop.inFlight - kept };
}
