import type { Pictures } from '../columns/calls.ts';
import { sha256Of } from '../digest.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { imageName } from '../store/names.ts';

/**
 * The pictures of a column as files of the dataset. A file is whole and durable when its name is given, and what it holds is
 * in its name: two attempts write the same one. `onBroken` is told of a disk that takes none.
 */
export function pictureFiles(
  { files }: DatasetStore,
  column: string,
  onBroken: (error: Error) => void,
): Pictures {
  return {
    async keep(bytes, format) {
      const sha256 = sha256Of(bytes);
      const name = imageName({ column, sha256, format });
      const picture = { name, sizeBytes: bytes.length, sha256 };
      try {
        if ((await files.findStat(name))?.sizeBytes === bytes.length) return picture;
        const folders = name.split('/').slice(0, -1);
        for (const count of folders.keys()) await files.makeFolder(folders.slice(0, count + 1).join('/'));
        await files.replace(name, bytes);
        return picture;
      } catch (error) {
        onBroken(error as Error);
        throw error;
      }
    },
  };
}
