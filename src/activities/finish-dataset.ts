// The end of a build: a changed plan's output takes its place once all of it is there, and the dataset says how it is.

import { FencedError } from '../errors.ts';
import type { BuildRef, DatasetResult } from '../protocol.ts';
import { DROPPED_FOLDER, OUTPUT_FOLDER } from '../store/commit.ts';
import { forgetCrashes } from '../store/flights.ts';
import { outputPath } from '../store/groups.ts';
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
  { isComplete, reason }: FinishDatasetInput,
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
  if (base === 'next' && isComplete) await swapNext(dataset, ref.planDigest);
  if (isComplete) await forgetCrashes(dataset);
  if (dataset.hasNewerEpoch(ref.epoch)) throw new FencedError(ref.epoch);
  await dataset.update({ state: isComplete ? 'complete' : 'incomplete', reason });
  const { rowCount, dropped } = await summarize(dataset);
  return { isComplete, reason, rows: rowCount, dropped };
}
