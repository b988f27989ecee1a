import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type StorePlace, storeFolder } from '../wish/store-folder.ts';

const NAME = '.rowloom';

/**
 * Where the embedded server of a command keeps its things: `.rowloom` in the working folder, or in the store's folder where
 * only that can be written. Commands of one folder and one store come to the same.
 */
export function serverFolder(place: StorePlace): string {
  const here = join(place.cwd, NAME);
  const inStore = join(storeFolder(place), NAME);
  return !canWrite(here) && canWrite(inStore) ? inStore : here;
}

/** Whether a folder can be written, or made. */
function canWrite(folder: string): boolean {
  if (!existsSync(folder)) return folder !== dirname(folder) && canWrite(dirname(folder));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
