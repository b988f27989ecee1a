// Which files a seed path names.

import { readdir, stat } from 'node:fs/promises';
import { parse, resolve, sep } from 'node:path';

/**
 * The files that a path names, absolute and sorted. `*` stands for any characters within one name; at its start it does
 * not stand for the dot of a hidden file. Empty if there is none. Throws what the disk says about a folder it may not read.
 */
export async function findSeedFiles(pattern: string): Promise<readonly string[]> {
  const path = resolve(pattern);
  const { root } = parse(path);
  let found: readonly string[] = [root];
  for (const segment of path.slice(root.length).split(sep)) {
    const expanded = await Promise.all(found.map((folder) => expand(folder, segment)));
    found = expanded.flat();
  }
  const areFiles = await Promise.all(found.map(isFile));
  return found.filter((_, index) => areFiles[index]).sort();
}

async function expand(folder: string, segment: string): Promise<readonly string[]> {
  if (!segment.includes('*')) return [resolve(folder, segment)];
  const name = new RegExp(`^${segment.split('*').map(quoted).join('.*')}$`, 's');
  const isHiddenMeant = segment.startsWith('.');
  const entries = await absentAs([], readdir(folder));
  return entries
    .filter((entry) => name.test(entry) && (isHiddenMeant || !entry.startsWith('.')))
    .map((entry) => resolve(folder, entry));
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

function quoted(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
