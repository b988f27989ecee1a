// The pictures that exported cells name, beside the exported file, so that their paths lead there as they do in the dataset.

import { StoreError } from '../../errors.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import type { StoreFiles } from '../../store/files/port.ts';
import type { OutputFile } from '../../store/groups.ts';

/** Copies those that are not there yet into `images/` below a folder. Throws `StoreError`. */
export async function copyPictures(
  pictures: readonly OutputFile[],
  {
    dataset,
    to,
    stopSignal,
  }: {
    readonly dataset: DatasetStore;
    readonly to: StoreFiles;
    readonly stopSignal?: AbortSignal | undefined;
  },
): Promise<void> {
  for (const { name, sizeBytes } of pictures) {
    if (stopSignal?.aborted) return;
    if ((await to.findStat(name))?.sizeBytes === sizeBytes) continue;
    const bytes = await dataset.files.find(name);
    if (bytes === undefined)
      throw new StoreError(
        `Cannot read "${dataset.path(name)}": it is gone. The same command makes it again`,
      );
    const folders = name.split('/').slice(0, -1);
    for (const count of folders.keys()) await to.makeFolder(folders.slice(0, count + 1).join('/'));
    await to.replace(name, bytes);
  }
}
