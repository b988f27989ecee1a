// The steps on a file system that the folder's files share.

import type { BigIntStats } from 'node:fs';
import type nodeFs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FolderGoneError } from '../../errors.ts';
import { codeOf, isTaken, isUnlinkable, naming, notWritten, reading } from './folder-failures.ts';
import type { Bytes } from './port.ts';

/** What a folder needs of `node:fs/promises`; tests pass one that fails. */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'readlink'
  | 'rename'
  | 'rm'
  | 'stat'
  | 'statfs'
  | 'symlink'
  | 'unlink'
>;

/** Gives a file a second name. The file is asked, not the reply: it is lost where the disk is another machine's. */
export async function linkFile(
  fs: FileSystem,
  from: string,
  to: string,
): Promise<'done' | 'taken' | 'cannot'> {
  try {
    await fs.link(from, to);
    return 'done';
  } catch (error) {
    const file = await fs.lstat(from, { bigint: true }).catch(() => undefined);
    if (file?.isFile() && (await isAt(fs, to, file).catch(() => false))) return 'done';
    if (isTaken(error)) return 'taken';
    if (isUnlinkable(error)) return 'cannot';
    throw error;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(fs: FileSystem, place: string): Promise<void> {
  try {
    const handle = await fs.open(place, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? new FolderGoneError(place, place) : notWritten(place, error);
  }
}

/** Throws `FolderGoneError` if the folder of a name is gone. */
export async function checkFolder(fs: FileSystem, place: string): Promise<void> {
  await naming(place, () => fs.stat(dirname(place)));
}

/** Whether a name leads to that very file, as long as somebody holds it: numbers of files are used again. */
export async function isAt(fs: FileSystem, place: string, { dev, ino }: BigIntStats): Promise<boolean> {
  const found = await reading(place, () => fs.lstat(place, { bigint: true }));
  return found !== undefined && found.dev === dev && found.ino === ino;
}

/** Writes at the file's end. A disk that is full may take some of the bytes first. */
export async function writeAll(handle: FileHandle, content: Bytes | string): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}
