// Serving a build in this process, and following one to its end. A `run` serves its build with a queue and a worker of its
// own, and ends them.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcCancelledError,
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, TerminatedFailure } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { Calls } from '../../activities/builds.ts';
import { BuildError, StoreError } from '../../errors.ts';
import { type DatasetResult, runTaskQueue } from '../../protocol.ts';
import { workerOptions } from '../../server/proxy.ts';
import { allowManyListeners } from '../../signals.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { type Summary, summarize } from '../../store/look.ts';
import { installRuntime, type RunningWorker, startWorker } from '../../worker.ts';
import { type BuildSnapshot, readSnapshot } from '../look/build-snapshot.ts';
import type { AcceptedWish } from '../wish/wish.ts';
import { findRun, isLive } from './live-build.ts';
import { attachOrTake, buildRefOf, replaced, type StartOptions, startWorkflow } from './start-build.ts';

export interface BuildEvents {
  /** About twice a second while a build runs. `calls` are those of this process; null when others make them. */
  readonly onSnapshot: (snapshot: BuildSnapshot, calls: Calls | null) => void;
  /** Instead, while no worker answers for a build that another process serves: what the store has. */
  readonly onUnanswered?: (stored: Summary) => void;
  readonly onAttached: (start: EpochRecord) => void;
}

export interface RunEvents extends BuildEvents {
  /** This process was told to stop: so many calls are in flight. */
  readonly onStopping: (callsInFlight: number) => void;
}

/** What became of the calls that were in flight when this process was told to stop. */
export interface StoppedCalls {
  readonly kept: number;
  readonly lost: number;
}

export interface RunBuildOptions extends StartOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly events: RunEvents;
  /** Aborted by Ctrl-C: a build of this process stops, an attached one is left alone. */
  readonly stopSignal: AbortSignal;
}

export type BuildEnd =
  | {
      readonly how: 'ended';
      readonly result: DatasetResult;
      readonly epoch: number;
      /** Null when this process was not told to stop. */
      readonly stopped: StoppedCalls | null;
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
      return { how: 'ended', result, epoch: start.epoch, stopped: null };
    // Its process has a moment's work left.
    while (await isLive(start, connected)) await sleep(RETRY_AFTER_MS);
  }
}

const NO_CALLS: Calls = { inFlight: 0, answered: 0, waitedFor: [] };

async function serve(start: EpochRecord, options: RunBuildOptions): Promise<BuildEnd> {
  const { wish, connected, environment, stopSignal, events } = options;
  const build = buildRefOf(wish, start);
  const taskQueue = runTaskQueue(build);
  let worker: RunningWorker | undefined;
  let atStop: Calls | undefined;
  // A build that cannot even be opened fails by itself, with the reason.
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
    });
    // It was told while the worker was started.
    if (stopSignal.aborted) void endCalls();
    await startWorkflow(wish.dataset, connected.client, { build, taskQueue });
    const result = await follow(start, { ...options, worker });
    if (result === undefined) throw replaced(build);
    const stopped = atStop === undefined ? null : stoppedCalls(atStop, worker.builds.calls());
    return { how: 'ended', result, epoch: start.epoch, stopped };
  } finally {
    stopSignal.removeEventListener('abort', stop);
    try {
      await worker?.shutdown();
      await connection?.close();
    } finally {
      // This process may live on, and would be taken for the builder.
      await leaveEpoch(start, wish);
    }
  }
}

/** A store that cannot be written has ended the build with that reason, which is what people are to read. */
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

const SNAPSHOT_EVERY_MS = 500;
const SNAPSHOT_LIMIT_MS = 2_000;
const RETRY_AFTER_MS = 200;
const RESULT_GRACE_MS = 2_000;
/** A server that is started again answers within seconds. */
const MAX_OUTAGE_MS = 120_000;

export interface FollowOptions extends Pick<RunBuildOptions, 'connected' | 'stopSignal'> {
  readonly events: BuildEvents;
  readonly wish: Pick<AcceptedWish, 'store' | 'dataset'>;
  /** The worker of this process, when it serves the build. */
  readonly worker?: RunningWorker;
}

/**
 * Watches a build until it ends. Undefined when it will not end by itself: its process died, a newer build took its
 * place, or nobody follows any more.
 */
export async function follow(start: EpochRecord, options: FollowOptions): Promise<DatasetResult | undefined> {
  const { connected, events, worker, stopSignal, wish } = options;
  const { client } = connected;
  const build = buildRefOf(wish, start);
  // The first end counts: letting go of the poll below makes it fail, too.
  let ending: { readonly result: DatasetResult } | { readonly error: unknown } | undefined;
  const endWith = (how: NonNullable<typeof ending>) => {
    ending ??= how;
    wake();
  };
  const onBroken = (error: unknown) => endWith({ error });
  // A poll that outlives its connection would bring the process down.
  const polling = new AbortController();
  allowManyListeners(polling.signal);
  client
    .withAbortSignal(polling.signal, () =>
      resultOf(start, client, { isStarted: worker !== undefined, signal: polling.signal }),
    )
    .then((result) => endWith({ result }), onBroken);
  worker?.ended.catch(onBroken);
  worker?.builds.unheard.catch(onBroken);
  let wake: () => void = () => undefined;
  const isOver = () => ending !== undefined;
  // A watcher leaves at once, whatever the server does; a builder stays until its build has stopped.
  let looking = new AbortController();
  const hasLeft = () => worker === undefined && stopSignal.aborted;
  const leave = () => {
    looking.abort();
    wake();
  };
  if (worker === undefined) stopSignal.addEventListener('abort', leave, { once: true });
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  try {
    while (!isOver()) {
      if (!hasLeft()) await pause(SNAPSHOT_EVERY_MS);
      if (isOver()) break;
      if (hasLeft()) return undefined;
      looking = new AbortController();
      // The client listens once for each group that it asks, and never stops.
      allowManyListeners(looking.signal);
      // The server may tell the end of a replaced workflow half a minute late.
      if (await wish.dataset.hasNewerEpoch(start.epoch)) return undefined;
      if (worker === undefined) {
        // Whether a server is gone that does not answer is for the poll to say.
        const live = await client
          .withAbortSignal(looking.signal, () => isLive(start, connected))
          .catch(() => true);
        if (!live) {
          // It may just have ended as it should: then its result is on the way.
          await pause(RESULT_GRACE_MS);
          if (!isOver()) return undefined;
          break;
        }
      }
      const snapshot = await client
        .withAbortSignal(looking.signal, () =>
          client.withDeadline(Date.now() + SNAPSHOT_LIMIT_MS, () => readSnapshot(client, build)),
        )
        .catch(() => undefined);
      if (isOver()) break;
      if (hasLeft()) return undefined;
      if (snapshot !== undefined) events.onSnapshot(snapshot, worker?.builds.calls() ?? null);
      else if (worker === undefined) events.onUnanswered?.(await summarize(wish.dataset));
    }
  } finally {
    stopSignal.removeEventListener('abort', leave);
    polling.abort();
  }
  if (ending !== undefined && 'result' in ending) return ending.result;
  if (await wish.dataset.hasNewerEpoch(start.epoch)) return undefined;
  if (ending !== undefined) throw ending.error;
  return undefined;
}

/**
 * The workflow's result, over restarts of the server. Waits for a workflow that somebody else is about to start. Throws
 * `BuildError` when the server fails for too long.
 */
async function resultOf(
  start: EpochRecord,
  client: Client,
  { isStarted, signal }: { readonly isStarted: boolean; readonly signal: AbortSignal },
): Promise<DatasetResult> {
  let failingSince = Number.POSITIVE_INFINITY;
  for (;;) {
    const askedAt = Date.now();
    try {
      const run = await findRun(start, client);
      if (run !== undefined) return await client.workflow.getHandle(start.workflowId, run.runId).result();
      if (isStarted)
        throw new BuildError('Cannot go on: the Temporal server has lost the workflow of the build');
      failingSince = Number.POSITIVE_INFINITY;
      await sleep(RETRY_AFTER_MS);
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw domainErrorOf(error);
      // Nobody waits for it any more. A server that goes down cancels what it was asked, too.
      if (error instanceof WorkflowNotFoundError || (signal.aborted && isGrpcCancelledError(error)))
        throw error;
      const failure = error instanceof ServiceError ? error.cause : error;
      if (!isGrpcServiceError(failure)) throw error;
      // One that lasted had a server behind it for most of its time.
      const hasLasted = Date.now() - askedAt > MAX_OUTAGE_MS;
      failingSince = hasLasted ? Date.now() : Math.min(failingSince, askedAt);
      if (Date.now() - failingSince > MAX_OUTAGE_MS) {
        throw new BuildError(`Cannot go on: the Temporal server fails: ${failure.details}`);
      }
      await sleep(RETRY_AFTER_MS);
    }
  }
}

function domainErrorOf({ cause }: WorkflowFailedError): BuildError {
  if (cause instanceof TerminatedFailure)
    return new BuildError(
      'Cannot go on: the workflow of the build was terminated in Temporal. Start it again: what was made is kept',
    );
  const reason = cause instanceof ActivityFailure ? cause.cause : cause;
  return new BuildError(reason?.message ?? 'The workflow of the build failed');
}
