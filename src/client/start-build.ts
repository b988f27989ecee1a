// Hands a build to whatever workers poll the store's queue, and returns at once.

import { storeTaskQueue } from '../protocol.ts';
import type { EpochRecord } from '../store/dataset-store.ts';
import { buildRefOf, isOutdated, startWorkflow, takeEpoch } from './build.ts';
import type { Connected } from './connection.ts';
import { isLive, isServedBy, refuse } from './live-build.ts';
import type { AcceptedWish } from './wish.ts';

export interface StartedBuild {
  readonly start: EpochRecord;
  /** It was running already, with the same wish. */
  readonly wasRunning: boolean;
}

/** `outdated` when another build has begun since the wish was decided. Throws `RefusedError` when a build with another wish is running and is not to be replaced. */
export async function startBuild(options: {
  readonly wish: AcceptedWish;
  readonly connected: Connected;
  readonly isReplacing: boolean;
}): Promise<StartedBuild | 'outdated'> {
  const { wish, connected, isReplacing } = options;
  for (;;) {
    const newest = await wish.dataset.newestEpoch();
    const running = await wish.dataset.findNewestStart();
    if (running !== undefined && !isReplacing && (await isLive(running, connected))) {
      if (running.planDigest !== wish.planDigest || running.rows !== wish.settings.rows)
        refuse(wish.dataset.name, running, 'for another document, edit or number of rows');
      if (!isServedBy(running, connected)) refuse(wish.dataset.name, running, 'on another Temporal server');
      return { start: running, wasRunning: true };
    }
    if (await isOutdated(wish, newest)) return 'outdated';
    const start = await takeEpoch({ wish, connected, newest, kind: 'start' });
    if (start === undefined) continue;
    const taskQueue = storeTaskQueue(wish.store.id);
    await startWorkflow(wish.dataset, connected.client, { build: buildRefOf(wish, start), taskQueue });
    return { start, wasRunning: false };
  }
}
