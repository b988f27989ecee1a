// The end of a build: a changed plan's output takes its place once all of it is there, and the dataset says how it is.
// One of which no row is left has failed, and replaces nothing.

import { FencedError } from '../errors.ts';
import { type BuildRef, type DatasetResult, SAME_COMMAND } from '../protocol.ts';
import { DROPPED_FOLDER, OUTPUT_FOLDER } from '../store/commit.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { groupFailures } from '../store/failures.ts';
import { forgetCrashes } from '../store/flights.ts';
import { type Base, type Drop, findGroup, listGroups, outputPath } from '../store/groups.ts';
import { summarize } from '../store/look.ts';
import { writeBuilderConfig, writeMetadata } from '../store/metadata.ts';
import { baseOf, swapNext } from '../store/swap.ts';
import type { Build } from './build.ts';

export interface FinishDatasetInput {
  readonly build: BuildRef;
  readonly isComplete: boolean;
  readonly reason: string | null;
}

export async function finishDatasetActivity(
  build: Build,
  { isComplete: hasAll, reason: why }: FinishDatasetInput,
): Promise<DatasetResult> {
  const { dataset, ref, plan, settings } = build;
  // In place when an earlier attempt has swapped already.
  const base = await baseOf(dataset, ref.planDigest);
  // Every group is committed, and whoever still writes there belongs to an older build.
  for (const folder of [OUTPUT_FOLDER, DROPPED_FOLDER]) {
    await dataset.files.sweep(outputPath(dataset, base, folder));
  }
  await writeMetadata(dataset, { base, plan, planDigest: ref.planDigest, rows: settings.rows });
  await writeBuilderConfig(dataset, { base, planDigest: ref.planDigest });
  const failure = hasAll ? await findFailure(dataset, base) : null;
  const isComplete = hasAll && failure === null;
  const reason = failure ?? why;
  if (base === 'next' && isComplete) await swapNext(dataset, ref.planDigest);
  if (hasAll) await forgetCrashes(dataset);
  if (dataset.hasNewerEpoch(ref.epoch)) throw new FencedError(ref.epoch);
  await dataset.update({ state: isComplete ? 'complete' : 'incomplete', reason });
  const { rowCount, dropped } = await summarize(dataset);
  return { isComplete, reason, rows: rowCount, dropped };
}

/** Why a build has failed that made all it could: every row was dropped. */
async function findFailure(dataset: DatasetStore, base: Base): Promise<string | null> {
  const drops: Drop[] = [];
  for (const rowGroup of await listGroups(dataset, base)) {
    const group = await findGroup(dataset, { rowGroup, base });
    if (group === undefined) continue;
    // Nearly always the first one tells, however many there are.
    if (group.rowCount > 0) return null;
    for (const drop of group.drops) drops.push(drop);
  }
  const [commonest] = await groupFailures(drops);
  if (commonest === undefined) return null;
  const { count, column, example } = commonest;
  const share = count === drops.length ? 'all' : `${count} of ${drops.length}`;
  return `No row is left: ${share} were dropped for column "${column}": ${example.message} · correct that, ${SAME_COMMAND}`;
}
