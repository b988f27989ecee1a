// The edge between activities and Temporal: joins attempts, serves the build, beats, and translates errors once.

import { Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { ConfigError, FencedError, ProcessorError, ReadFaultError, StoreError } from '../errors.ts';
import { type BuildRef, FAILURE, sliceTaskQueue, storeTaskQueue } from '../protocol.ts';
import { type Attempt, LeftoverError } from './attempt.ts';
import { Attempts } from './attempts.ts';
import type { Build } from './build.ts';
import type { Builds } from './builds.ts';

/** A fifth of the heartbeat timeout. */
const BEAT_EVERY_MS = 2_000;
/** For how long reads may fail with nothing in between that went well: a network that is away, too many open files. */
const MAX_READ_FAULTS_MS = 60_000;

/**
 * An activity that does its work once for all attempts at it together. Its heartbeats say which models do not answer. `isCancelled` fires when the workflow wants it to
 * end. `onSurprise` is told of what nobody expects, after which Temporal tries the activity again: a bug of ours, a key
 * that is not there.
 */
export function asActivity<Input extends { readonly build: BuildRef }, Result>(
  builds: Builds,
  work: (build: Build, input: Input, attempt: Attempt) => Promise<Result>,
  { onSurprise }: { readonly onSurprise?: (input: Input, error: unknown) => void } = {},
): (input: Input) => Promise<Result> {
  const attempts = new Attempts<Result>();
  let readFaultsSince: number | undefined;

  async function run(input: Input, attempt: Attempt): Promise<Result> {
    const result = await builds.serve(input.build, async (build) => {
      if (await build.calls.fence.look()) throw new FencedError(input.build.epoch);
      return work(build, input, attempt);
    });
    readFaultsSince = undefined;
    return result;
  }

  /** Whether another attempt may fare better. */
  function mayPass(error: unknown, { build }: Input, { info }: Context): boolean {
    if (error instanceof ConfigError) {
      // Another worker of the store may have the key that this one lacks; a build's own queue has no other worker.
      const queue = storeTaskQueue(build.storeId);
      return [queue, sliceTaskQueue(queue)].includes(info.taskQueue);
    }
    if (!(error instanceof ReadFaultError)) return false;
    readFaultsSince ??= performance.now();
    return performance.now() - readFaultsSince < MAX_READ_FAULTS_MS;
  }

  return async (input) => {
    const context = Context.current();
    const { attempt: number, currentAttemptScheduledTimestampMs: scheduledAtMs } = context.info;
    const beat = () => context.heartbeat(builds.calls().waitedFor);
    const beats = setInterval(beat, BEAT_EVERY_MS);
    try {
      return await attempts.join(context, (isCancelled) =>
        run(input, { number, scheduledAtMs, isCancelled }),
      );
    } catch (error) {
      // The last one is shown while Temporal waits before the next attempt.
      beat();
      const type = typeOf(error);
      if (type !== null && !mayPass(error, input, context)) throw nonRetryable(error, type);
      if (error instanceof LeftoverError) throw notYet(error);
      if (!(error instanceof TemporalFailure)) onSurprise?.(input, error);
      throw error;
    } finally {
      clearInterval(beats);
    }
  };
}

function typeOf(error: unknown): string | null {
  if (error instanceof FencedError) return FAILURE.fenced;
  if (error instanceof ConfigError || error instanceof ProcessorError) return FAILURE.input;
  if (error instanceof StoreError) return FAILURE.store;
  return null;
}

function notYet({ message, retryAfterMs }: LeftoverError): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: FAILURE.modelUnavailable,
    ...(retryAfterMs === 0 ? {} : { nextRetryDelay: retryAfterMs }),
  });
}

/** The same input would fail the same way. */
function nonRetryable(error: unknown, type: string): ApplicationFailure {
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
