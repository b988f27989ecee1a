// The edge between activities and Temporal: serves the build, beats, and translates errors once.

import { Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { ConfigError, FencedError, StoreError } from '../errors.ts';
import { type BuildRef, FAILURE } from '../protocol.ts';
import type { Build } from './build.ts';
import type { Builds } from './builds.ts';

/** A fifth of the heartbeat timeout. */
const BEAT_EVERY_MS = 2_000;

export interface EdgeOptions<Input> {
  /** Told of what is no error of the domain: a bug of ours, after which Temporal tries the activity again. */
  readonly onBug?: (input: Input, error: unknown) => void;
}

export function asActivity<Input extends { readonly build: BuildRef }, Result>(
  builds: Builds,
  run: (build: Build, input: Input) => Promise<Result>,
  { onBug }: EdgeOptions<Input> = {},
): (input: Input) => Promise<Result> {
  return async (input) => {
    const context = Context.current();
    const beats = setInterval(() => context.heartbeat(), BEAT_EVERY_MS);
    try {
      return await builds.serve(input.build, async (build) => {
        if (build.dataset.hasNewerEpoch(input.build.epoch)) throw new FencedError(input.build.epoch);
        return run(build, input);
      });
    } catch (error) {
      const failure = translate(error);
      if (!(failure instanceof TemporalFailure)) onBug?.(input, failure);
      throw failure;
    } finally {
      clearInterval(beats);
    }
  };
}

/** Non-retryable means that the same input fails the same way. */
function translate(error: unknown): unknown {
  if (error instanceof FencedError) return nonRetryable(error, FAILURE.fenced);
  if (error instanceof ConfigError) return nonRetryable(error, FAILURE.input);
  if (error instanceof StoreError) return nonRetryable(error, FAILURE.store);
  return error;
}

function nonRetryable(error: Error, type: string): ApplicationFailure {
  return ApplicationFailure.create({ message: error.message, type, nonRetryable: true, cause: error });
}
