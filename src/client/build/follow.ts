// Following a build to its end: what its workflow says of it, whether the process that makes it lives, and which start of
// the dataset is the newest.

import { once } from 'node:events';
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
import type { Calls } from '../../activities/builds.ts';
import { BuildError } from '../../errors.ts';
import type { DatasetResult } from '../../protocol.ts';
import { allowManyListeners, firstOf } from '../../signals.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { type Summary, summarize } from '../../store/look.ts';
import type { RunningWorker } from '../../worker.ts';
import { type BuildSnapshot, readSnapshot } from '../look/build-snapshot.ts';
import type { AcceptedWish } from '../wish/wish.ts';
import type { Connected } from './connection.ts';
import { findRun, isLive } from './live-build.ts';
import { buildRefOf } from './start-build.ts';

export interface BuildEvents {
  /** About twice a second while a build runs. `calls` are those of this process; null when others make them. */
  readonly onSnapshot: (snapshot: BuildSnapshot, calls: Calls | null) => void;
  /** Instead, while no worker answers for a build that another process serves: what the store has. */
  readonly onUnanswered?: (stored: Summary) => void;
  readonly onAttached: (start: EpochRecord) => void;
}

export interface FollowOptions {
  readonly connected: Connected;
  readonly events: BuildEvents;
  readonly wish: Pick<AcceptedWish, 'store' | 'dataset'>;
  /** The worker of this process, when it serves the build. */
  readonly worker?: RunningWorker;
  /** A watcher leaves when it is aborted; a process that serves the build stays until its build has stopped. */
  readonly stopSignal: AbortSignal;
}

const SNAPSHOT_EVERY_MS = 500;
const SNAPSHOT_LIMIT_MS = 2_000;
const RETRY_AFTER_MS = 200;
const RESULT_GRACE_MS = 2_000;
/** A server that is started again answers within seconds. */
const MAX_OUTAGE_MS = 120_000;

/**
 * Watches a build until it ends. Undefined when it will not end by itself: its process died, a newer build took its
 * place, or nobody follows any more.
 */
export async function follow(start: EpochRecord, options: FollowOptions): Promise<DatasetResult | undefined> {
  const { connected, worker, stopSignal, wish } = options;
  const { client } = connected;
  const over = new AbortController();
  allowManyListeners(over.signal);
  const { signal } = over;
  async function watcherLeaves(): Promise<undefined> {
    if (!stopSignal.aborted) await once(stopSignal, 'abort', { signal });
  }
  try {
    // The first of these ends it.
    return await Promise.race([
      client.withAbortSignal(signal, () =>
        resultOf(start, client, { isStarted: worker !== undefined, signal }),
      ),
      tellUntilLost(start, options, signal),
      ...(worker === undefined ? [watcherLeaves()] : [failureOf(worker.ended), worker.builds.unheard]),
    ]);
  } catch (error) {
    // A server tells late or never why the workflow of an older start has ended.
    if (await wish.dataset.hasNewerEpoch(start.epoch)) return undefined;
    throw error;
  } finally {
    // A poll that outlives its connection would bring the process down.
    over.abort();
  }
}

/** Tells what a build has come to, until it is seen that it will not end by itself. */
async function tellUntilLost(
  start: EpochRecord,
  { connected, events, worker, wish }: FollowOptions,
  over: AbortSignal,
): Promise<undefined> {
  const { client } = connected;
  const build = buildRefOf(wish, start);
  for (;;) {
    await sleep(SNAPSHOT_EVERY_MS, undefined, { signal: over });
    if (await wish.dataset.hasNewerEpoch(start.epoch)) return undefined;
    // The client leaves a listener behind for each call: on a signal of all looks they would be thousands.
    const look = firstOf([over]);
    allowManyListeners(look.signal);
    const ask = <Answer>(what: () => Promise<Answer>) => client.withAbortSignal(look.signal, what);
    try {
      // Of a server that does not answer the poll for the result says whether it is gone.
      if (worker === undefined && !(await ask(() => isLive(start, connected)).catch(() => true))) {
        // The build may just have ended as it should: then its result is on the way.
        await sleep(RESULT_GRACE_MS, undefined, { signal: over });
        return undefined;
      }
      const until = Date.now() + SNAPSHOT_LIMIT_MS;
      const snapshot = await ask(() =>
        client.withDeadline(until, () => readSnapshot(client, build, { asksWorkers: worker === undefined })),
      ).catch(() => undefined);
      const stored =
        snapshot === undefined && worker === undefined ? await summarize(wish.dataset) : undefined;
      over.throwIfAborted();
      if (snapshot !== undefined) events.onSnapshot(snapshot, worker?.builds.calls() ?? null);
      else if (stored !== undefined) events.onUnanswered?.(stored);
    } finally {
      look.dispose();
    }
  }
}

/** Never resolves, and rejects when the promise does. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return promise.then(() => new Promise<never>(() => undefined));
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
      // Cancelled from here: the following is over. A server that goes down cancels calls, too, and is waited for below.
      if (error instanceof WorkflowNotFoundError || (signal.aborted && isGrpcCancelledError(error)))
        throw error;
      const failure = error instanceof ServiceError ? error.cause : error;
      if (!isGrpcServiceError(failure)) throw error;
      // A call that took longer than an outage may last was answered for most of that time: the outage begins now.
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
