// Steering a build that is running, from any terminal: the updates of its parent workflow.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type WorkflowHandle,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { BuildError, RefusedError } from '../../errors.ts';
import { type LimitChanges, UPDATE } from '../../protocol.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import type { Connected } from './connection.ts';
import { findRun } from './live-build.ts';

const LOOK_EVERY_MS = 200;
/** A worker that is there takes an update within a second. */
const TAKE_LIMIT_MS = 5_000;

/**
 * Ends a build: no new calls, complete rows are written. True once it has been told; false when no worker is there to
 * take it: then the workflow is cancelled, which stops the build as soon as a worker comes. Throws `BuildError` for a
 * build that is only being started.
 */
export async function stopBuild(start: EpochRecord, connected: Connected, reason: string): Promise<boolean> {
  const { client } = connected;
  const until = Date.now() + TAKE_LIMIT_MS;
  while ((await findRun(start, client)) === undefined) {
    if (Date.now() > until) throw new BuildError(`Cannot stop build ${start.epoch} yet: it has no workflow`);
    await sleep(LOOK_EVERY_MS);
  }
  try {
    await client.withDeadline(Date.now() + TAKE_LIMIT_MS, () =>
      workflowOf(start, connected).executeUpdate(UPDATE.stop, { args: [reason] }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    await workflowOf(start, connected).cancel();
    return false;
  }
}

/** A change of a build that goes on. */
export type Steering =
  /** No new calls until `unpause`; answers in flight are waited for and kept. */
  | { readonly to: 'pause' }
  | { readonly to: 'unpause' }
  /** Changes `max_parallel_requests` by alias. */
  | { readonly to: 'setLimits'; readonly changes: LimitChanges };

/** Resolves once the build has taken it. Throws `RefusedError` where it may not, or has no worker to take it. */
export async function steerBuild(
  start: EpochRecord,
  connected: Connected,
  steering: Steering,
): Promise<void> {
  const workflow = workflowOf(start, connected);
  try {
    await connected.client.withDeadline(Date.now() + TAKE_LIMIT_MS, () =>
      steering.to === 'setLimits'
        ? workflow.executeUpdate(UPDATE.setLimits, { args: [steering.changes] })
        : workflow.executeUpdate(UPDATE[steering.to]),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new RefusedError(
        `Cannot steer build ${start.epoch} now: it has no worker, and hears of this when one comes`,
      );
    }
    if (error instanceof WorkflowUpdateFailedError)
      throw new RefusedError(error.cause?.message ?? error.message);
    throw error;
  }
}

function workflowOf({ workflowId }: EpochRecord, { client }: Connected): WorkflowHandle {
  return client.workflow.getHandle(workflowId);
}
