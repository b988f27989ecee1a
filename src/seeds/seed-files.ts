// Which files a seed path names.

import { readdir, stat } from 'node:fs/promises';
import { parse, resolve, sep } from 'node:path';
import { hasWildcard, patternOf } from '../text/wildcards.ts';

/**
 * The files that a path names, absolute and sorted. Wildcards stand for characters within one name, at its start not for the
 * dot of a hidden file; `**` stands for any folders. A name that is there as it is written means that file. Empty if there
 * is none. Throws what the disk says about a folder it may not read.
 */
export async function findSeedFiles(pattern: string): Promise<readonly string[]> {
  const path = resolve(pattern);
  if (await isFile(path)) return [path];
  const { root } = parse(path);
  let found: readonly string[] = [root];
  for (const segment of path.slice(root.length).split(sep)) {
    const expanded = await Promise.all(found.map((folder) => expand(folder, segment)));
    found = [...new Set(expanded.flat())];
  }
  const areFiles = await Promise.all(found.map(isFile));
  return found.filter((_, index) => areFiles[index]).sort();
}

async function expand(folder: string, segment: string): Promise<readonly string[]> {
  if (segment === '**') return foldersBelow(folder);
  if (!hasWildcard(segment)) return [resolve(folder, segment)];
  const isMatch = patternOf(segment);
  const isHiddenMeant = segment.startsWith('.');
  const entries = await absentAs([], readdir(folder));
  return entries
    .filter((entry) => isMatch(entry) && (isHiddenMeant || !entry.startsWith('.')))
    .map((entry) => resolve(folder, entry));
}

/** A folder and all below it that are not hidden. */
async function foldersBelow(folder: string): Promise<readonly string[]> {
  const entries = await absentAs([], readdir(folder, { withFileTypes: true }));
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const below = await Promise.all(folders.map(({ name }) => foldersBelow(resolve(folder, name))));
  return [folder, ...below.flat()];
}

async function isFile(path: string): Promise<boolean> {
  const found = await absentAs(null, stat(path));
  return found?.isFile() === true;
}

/** What is found, or `absent` where there is no such file or folder. */
async function absentAs<Found, Absent>(absent: Absent, found: Promise<Found>): Promise<Found | Absent> {
  try {
    return await found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return absent;
    throw error;
  }
}
