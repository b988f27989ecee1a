// Steering a build that is running, from any terminal: the updates of its parent workflow.

import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowHandle, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { BuildError } from '../../errors.ts';
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

/** No new calls until `unpauseBuild`; what is open is written. */
export async function pauseBuild(start: EpochRecord, connected: Connected): Promise<void> {
  await workflowOf(start, connected).executeUpdate(UPDATE.pause);
}

export async function unpauseBuild(start: EpochRecord, connected: Connected): Promise<void> {
  await workflowOf(start, connected).executeUpdate(UPDATE.unpause);
}

/** Changes `max_parallel_requests` by alias. */
export async function setLimits(
  start: EpochRecord,
  connected: Connected,
  changes: LimitChanges,
): Promise<void> {
  await workflowOf(start, connected).executeUpdate(UPDATE.setLimits, { args: [changes] });
}

function workflowOf({ workflowId }: EpochRecord, { client }: Connected): WorkflowHandle {
  return client.workflow.getHandle(workflowId);
}
