// Starting, continuing and attaching to a build on a server.
//
//   B1. Each start takes the next epoch, by exclusive creation of its file, after it has judged the newest one dead.
//   B2. A live build with the same wish is attached to; any other is refused unless it is to be replaced.
//   B3. A wish that was decided before another build began is decided anew, unless both are the same: what it counted no
//       longer holds.
//   B4. A `run` serves its build with a queue and a worker of its own, and ends them.

import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcCancelledError,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, TerminatedFailure } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { Calls } from '../activities/builds.ts';
import { builderConfigOf } from '../config/builder-config.ts';
import { BuildError, StoreError } from '../errors.ts';
import { writeSeeds } from '../generators/stored-seeds.ts';
import { ownIdentity, ownPlace } from '../processes.ts';
import {
  type BuildRef,
  type DatasetResult,
  datasetWorkflowId,
  type GenerateDatasetInput,
  runTaskQueue,
} from '../protocol.ts';
import { workerOptions } from '../server/proxy.ts';
import { allowManyListeners } from '../signals.ts';
import type { DatasetStore, EpochRecord } from '../store/dataset-store.ts';
import { type Summary, summarize } from '../store/look.ts';
import { installRuntime, type RunningWorker, startWorker } from '../worker.ts';
import { type BuildSnapshot, readSnapshot } from './build-snapshot.ts';
import type { Connected } from './connection.ts';
import { findRun, isLive, isServedBy, refuse } from './live-build.ts';
import type { AcceptedWish } from './wish.ts';

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

export interface RunBuildOptions {
  readonly wish: AcceptedWish;
  readonly connected: Connected;
  readonly environment: NodeJS.ProcessEnv;
  readonly isReplacing: boolean;
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
  | { readonly how: 'detached' }
  /** Another build has begun since the wish was decided. */
  | { readonly how: 'outdated' };

/** Runs a wish to its end in this process, or attaches to the live build that works towards it. */
export async function runBuild(options: RunBuildOptions): Promise<BuildEnd> {
  const { wish, connected, isReplacing, events, stopSignal } = options;
  for (;;) {
    const newest = await wish.dataset.newestEpoch();
    const start = await wish.dataset.findNewestStart();
    if (start !== undefined && !isReplacing && (await isLive(start, connected))) {
      if (start.planDigest !== wish.planDigest || start.rows > wish.settings.rows)
        refuse(wish.dataset.name, start, 'for another document, edit or number of rows');
      if (!isServedBy(start, connected)) refuse(wish.dataset.name, start, 'on another Temporal server');
      events.onAttached(start);
      const end = await follow(start, options);
      if (stopSignal.aborted) return { how: 'detached' };
      if (end !== undefined && start.rows === wish.settings.rows)
        return { how: 'ended', result: end, epoch: start.epoch, stopped: null };
      // Its process has a moment's work left.
      while (await isLive(start, connected)) await sleep(RETRY_AFTER_MS);
      continue;
    }
    if (await isOutdated(wish, newest)) return { how: 'outdated' };
    const epoch = await takeEpoch({ ...options, newest, kind: 'run' });
    if (epoch !== undefined) return serve(epoch, options);
  }
}

/** Takes the epoch after `newest`; undefined if another start was faster. */
export async function takeEpoch(
  options: Pick<RunBuildOptions, 'wish' | 'connected'> & {
    readonly newest: number;
    readonly kind: EpochRecord['kind'];
  },
): Promise<EpochRecord | undefined> {
  const { wish, connected, newest, kind } = options;
  const own = ownIdentity();
  const { id } = await wish.dataset.read();
  const { seedSource } = wish.opened;
  if (seedSource !== null) await writeSeeds(wish.dataset.files, seedSource);
  await wish.dataset.writePlan(wish.planDigest, wish.plan);
  await wish.dataset.writePlanDocument(wish.planDigest, builderConfigOf(wish.config.config));
  return wish.dataset.takeEpoch(newest, {
    datasetId: id,
    kind,
    ...ownPlace(),
    pid: own.pid,
    processStart: own.start,
    address: connected.server.connectionOptions.address,
    namespace: connected.server.namespace,
    isEmbedded: connected.server.isEmbedded,
    workflowId: datasetWorkflowId({ dataset: wish.dataset.name, datasetId: id, epoch: newest + 1 }),
    settings: wish.settings,
    rows: wish.settings.rows,
    planDigest: wish.planDigest,
    document: relative(wish.store.directory, wish.document),
    documentDigest: wish.documentDigest,
    answer: wish.answer,
    at: Date.now(),
  });
}

/** Whether another start than the newest that the wish was decided after asks for something else. */
export async function isOutdated(
  { dataset, opened, planDigest, settings }: AcceptedWish,
  newest: number,
): Promise<boolean> {
  if (newest === (opened.latestStart?.epoch ?? 0)) return false;
  const since = await dataset.readEpoch(newest);
  return since.planDigest !== planDigest || since.rows > settings.rows;
}

export function buildRefOf(wish: Pick<AcceptedWish, 'store' | 'dataset'>, start: EpochRecord): BuildRef {
  return {
    storeId: wish.store.id,
    dataset: wish.dataset.name,
    datasetId: start.datasetId,
    epoch: start.epoch,
    planDigest: start.planDigest,
  };
}

/** Throws `BuildError` when another build has taken the place of this one. */
export async function startWorkflow(
  dataset: Pick<DatasetStore, 'hasNewerEpoch' | 'findEpoch'>,
  client: Client,
  input: GenerateDatasetInput,
): Promise<void> {
  const { build, taskQueue } = input;
  if (await dataset.hasNewerEpoch(build.epoch)) throw replaced(build);
  await endOlder(dataset, client, build);
  try {
    await client.workflow.start('generateDataset', {
      args: [input],
      workflowId: datasetWorkflowId(build),
      taskQueue,
      // A request that comes once more, after a newer build has ended this workflow, starts nothing.
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: `${build.dataset}, build ${build.epoch}`,
    });
  } catch (error) {
    // The same request once more, whose first answer was lost: the workflow is there, and has continued as new since.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Ends what older starts left open on this server: their processes are dead or fenced, and nothing else would. Those
 * before the first that is found were ended by it.
 */
async function endOlder(
  dataset: Pick<DatasetStore, 'findEpoch'>,
  client: Client,
  { datasetId, epoch }: BuildRef,
): Promise<void> {
  for (let older = epoch - 1; older > 0; older -= 1) {
    const start = await dataset.findEpoch(older);
    // Those of the dataset that this folder was copied from are not ours.
    const run = start?.datasetId === datasetId ? await findRun(start, client) : undefined;
    if (start === undefined || run === undefined) continue;
    if (run.isOpen) {
      const ending = client.workflow.getHandle(start.workflowId).terminate('a newer build has begun');
      // It may just have ended by itself.
      await ending.catch((error) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
    }
    return;
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

function replaced({ dataset, epoch }: BuildRef): BuildError {
  return new BuildError(
    `Cannot go on: another build of "${dataset}" took the place of build ${epoch}. What was made so far is kept`,
  );
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
  const ending: { result?: DatasetResult; error?: unknown; isOver: boolean } = { isOver: false };
  // A poll that outlives its connection would bring the process down.
  const polling = new AbortController();
  allowManyListeners(polling.signal);
  void client
    .withAbortSignal(polling.signal, () =>
      resultOf(start, client, { isStarted: worker !== undefined, signal: polling.signal }),
    )
    .then((result) => {
      ending.result = result;
    })
    .catch((error) => {
      ending.error = error;
    })
    .finally(() => {
      ending.isOver = true;
      wake();
    });
  const onBroken = (error: unknown) => {
    ending.error = error;
    ending.isOver = true;
    wake();
  };
  worker?.ended.catch(onBroken);
  worker?.builds.unheard.catch(onBroken);
  let wake: () => void = () => undefined;
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
    while (!ending.isOver) {
      if (!hasLeft()) await pause(SNAPSHOT_EVERY_MS);
      if (ending.isOver) break;
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
          if (!ending.isOver) return undefined;
          break;
        }
      }
      const snapshot = await client
        .withAbortSignal(looking.signal, () =>
          client.withDeadline(Date.now() + SNAPSHOT_LIMIT_MS, () => readSnapshot(client, build)),
        )
        .catch(() => undefined);
      if (ending.isOver) break;
      if (hasLeft()) return undefined;
      if (snapshot !== undefined) events.onSnapshot(snapshot, worker?.builds.calls() ?? null);
      else if (worker === undefined) events.onUnanswered?.(await summarize(wish.dataset));
    }
  } finally {
    stopSignal.removeEventListener('abort', leave);
    polling.abort();
  }
  if (ending.result === undefined && (await wish.dataset.hasNewerEpoch(start.epoch))) return undefined;
  if (ending.error !== undefined) throw ending.error;
  return ending.result;
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
