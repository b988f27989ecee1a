// The pictures that exported cells name, beside the exported file, so that their paths lead there as they do in the dataset.

import type { DatasetStore } from '../../store/dataset-store.ts';
import type { StoreFiles } from '../../store/files/port.ts';
import { type OutputFile, readOutputFile } from '../../store/groups.ts';

/** Copies those that are not there yet into `images/` below a folder. Throws `StoreError`. */
export async function copyPictures(
  pictures: readonly OutputFile[],
  {
    dataset,
    epoch,
    to,
    stopSignal,
  }: {
    readonly dataset: DatasetStore;
    readonly epoch: number;
    readonly to: StoreFiles;
    readonly stopSignal?: AbortSignal | undefined;
  },
): Promise<void> {
  for (const picture of pictures) {
    const { name, sizeBytes } = picture;
    if (stopSignal?.aborted) return;
    if ((await to.findStat(name))?.sizeBytes === sizeBytes) continue;
    const bytes = await readOutputFile(dataset, epoch, picture);
    const folders = name.split('/').slice(0, -1);
    for (const count of folders.keys()) await to.makeFolder(folders.slice(0, count + 1).join('/'));
    await to.replace(name, bytes);
  }
}
