// `metadata.json` and `builder_config.json`, for people and tools that know Data Designer's: its keys where they make
// sense here. Written at the end of a build; nothing here is read to continue one.

import type { Plan } from '../plan.ts';
import type { DatasetStore } from './dataset-store.ts';
import { formatDocument } from './documents.ts';
import { findFinishedRows } from './finished-rows.ts';
import { readGroups } from './groups.ts';

export interface FinishedBuild {
  readonly epoch: number;
  readonly plan: Plan;
  readonly planDigest: string;
  /** Rows asked for. */
  readonly rows: number;
}

/** Writes `metadata.json` from the group records. */
export async function writeMetadata(
  dataset: DatasetStore,
  { epoch, plan, planDigest, rows }: FinishedBuild,
  to: { readonly path: string; readonly filePathsOf: (names: readonly string[]) => object },
): Promise<void> {
  const files: string[] = [];
  let rowCount = 0;
  let completeGroups = 0;
  for await (const group of readGroups(dataset, epoch)) {
    rowCount += group.rowCount;
    if (group.isComplete) completeGroups += 1;
    for (const { name } of group.files) files.push(name);
  }
  const finished = await findFinishedRows(dataset, epoch);
  // One by one: so many arguments no call takes.
  for (const { name } of finished?.files ?? []) files.push(name);
  const state = finished === undefined ? 'started' : 'complete';
  const metadata = {
    dataset_name: dataset.name,
    config_hash: planDigest,
    config_hash_algo: 'sha256',
    config_hash_version: plan.v,
    buffer_size: plan.rowGroupSize,
    target_num_records: rows,
    actual_num_records: rowCount,
    num_completed_batches: completeGroups,
    total_num_batches: Math.ceil(rows / plan.rowGroupSize),
    preserve_dropped_columns: plan.preservesDropped ?? true,
    ...(plan.afterGeneration === undefined
      ? {}
      : { post_generation_state: state, post_generation_processed: finished !== undefined }),
    file_paths: to.filePathsOf(files),
  };
  await dataset.files.replace(to.path, formatDocument(metadata));
}

/** Writes `builder_config.json`: the document of the plan, as it was resolved, without secrets. */
export async function writeBuilderConfig(
  dataset: DatasetStore,
  { planDigest }: Pick<FinishedBuild, 'planDigest'>,
  path: string,
): Promise<void> {
  await dataset.files.replace(path, await dataset.readPlanDocument(planDigest));
}
