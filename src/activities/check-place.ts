import type { BuildRef } from '../protocol.ts';
import type { DatasetStore } from '../store/dataset-store.ts';

/** Room to end tidily: to write the complete rows, and for a Temporal server on the same disk to be told. */
const MIN_FREE_BYTES = 8 * 1024 * 1024;

/**
 * Why nothing more may be paid for: the dataset's folder was moved, removed or unmounted, or its disk is full. Null while
 * all is well. Throws what reading throws.
 */
export async function findFaultOfPlace(dataset: DatasetStore, ref: BuildRef): Promise<string | null> {
  const { directory } = dataset;
  const found = await dataset.find();
  if (found === undefined) return `Cannot write "${directory}": the dataset's folder is gone`;
  if (found.id !== ref.datasetId) return `Cannot write "${directory}": another dataset stands in its place`;
  const freeBytes = await dataset.files.freeBytes();
  if (freeBytes >= MIN_FREE_BYTES) return null;
  const left = `${Math.floor(freeBytes / 1024 / 1024)} of the ${MIN_FREE_BYTES / 1024 / 1024} MB that a build keeps free`;
  return `Cannot write "${directory}": the disk is full, ${left} are left`;
}
