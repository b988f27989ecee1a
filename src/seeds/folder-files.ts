// The files of a folder that a pattern names, as Data Designer takes them: hidden and linked files count, and the pattern is
// held against the base name, letter by letter.

import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { patternOf } from '../text/wildcards.ts';

export interface FolderOptions {
  readonly pattern: string;
  readonly isRecursive: boolean;
}

/** A file by its path below the folder. */
export interface FolderFile {
  readonly path: string;
  readonly relativePath: string;
}

/** Sorted by their path below the folder. Throws what the disk says. */
export async function findFolderFiles(
  folder: string,
  { pattern, isRecursive }: FolderOptions,
): Promise<readonly FolderFile[]> {
  const isMatch = patternOf(pattern);
  const entries = await readdir(folder, { recursive: isRecursive });
  const found: FolderFile[] = [];
  for (const entry of entries) {
    const relativePath = entry.replaceAll('\\', '/');
    const path = join(folder, entry);
    // A link that leads nowhere is no file.
    const isFile = isMatch(basename(entry)) && (await stat(path).catch(() => null))?.isFile() === true;
    if (isFile) found.push({ path, relativePath });
  }
  return found.sort((left, right) => (left.relativePath < right.relativePath ? -1 : 1));
}
