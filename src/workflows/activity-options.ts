// How long activities may take. Deadlines stand on each model call, not on a slice: a slice may wait for a limiter
// for hours. A dead worker is noticed by the heartbeat alone.

import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import { FAILURE, SLICE_RETRY } from '../protocol.ts';

const base: ActivityOptions = {
  // A day: longer than any slice under a lasting rate limit, short enough to end a slice that nobody serves.
  startToCloseTimeout: '24 hours',
  // Beats come every 2 s; 10 s is what a build stands still when a worker is lost on a cluster.
  heartbeatTimeout: '10 seconds',
  // A cancelled slice still delivers what it has; one in backoff ends at once, one on a dead worker after a heartbeat.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

export function storeActivityOptions(taskQueue: string): ActivityOptions {
  return {
    ...base,
    taskQueue,
    // What is known to be final (a full disk, a newer build) fails at once. For all else, and workers that die: 5 tries
    // over about 15 s, then the build ends with the reason.
    retry: {
      initialInterval: '1 second',
      maximumInterval: '10 seconds',
      maximumAttempts: 5,
      nonRetryableErrorTypes: [FAILURE.fenced, FAILURE.input, FAILURE.store],
    },
  };
}

export function sliceActivityOptions(taskQueue: string): ActivityOptions {
  return {
    ...base,
    taskQueue,
    // No maximumAttempts: waiting for a provider is not failing. The cell's own records count its tries.
    retry: {
      initialInterval: SLICE_RETRY.firstMs,
      maximumInterval: SLICE_RETRY.maxMs,
      nonRetryableErrorTypes: [FAILURE.fenced, FAILURE.input, FAILURE.store],
    },
  };
}

/** Of an activity that is not ours, in whatever language, on a queue that its own worker polls. */
export function elsewhereActivityOptions(taskQueue: string): ActivityOptions {
  return {
    ...base,
    taskQueue,
    // It is told to beat every few seconds, whatever it does; SDKs pass on only some of that. A busy machine may be late,
    // and a worker that is taken for dead makes the cell that it is at twice.
    heartbeatTimeout: '30 seconds',
    // Each try reads what earlier ones wrote, so that a worker may die a few times in a day of work. A bug in it fails
    // every try: after 10, some 5 minutes later, the build ends and says what it was.
    retry: { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 10 },
  };
}
