// Where seed files and folders of them are. A relative path is taken from the working directory, as in Data Designer, else from the folder
// of the document.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { findSeedFiles } from './seed-files.ts';

export interface PathPlaces {
  readonly cwd: string;
  /** The document's folder. */
  readonly folder: string;
}

export type FoundSeedFiles =
  | { readonly files: readonly string[] }
  /** Follows the name of the field. */
  | { readonly problem: string };

/** The files that a path in a document names. */
export async function locateSeedFiles(written: string, { cwd, folder }: PathPlaces): Promise<FoundSeedFiles> {
  if (path.isAbsolute(written)) {
    const files = await findSeedFiles(written);
    return files.length > 0 ? { files } : { problem: `names no file: there is no ${written}` };
  }
  const here = await findSeedFiles(path.join(cwd, written));
  const beside = await findSeedFiles(path.join(folder, written));
  if (here.length === 0 && beside.length === 0) {
    return {
      problem: `names no file: there is no ${written} in the working directory or beside the document`,
    };
  }
  if (here.length === 0) return { files: beside };
  if (beside.length === 0 || (await areSame(here, beside))) return { files: here };
  return {
    problem: `names two things: ${written} in the working directory and beside the document differ; write an absolute path`,
  };
}

/** The folder that a path in a document names; undefined if there is none. */
export async function findSeedFolder(
  written: string,
  { cwd, folder, home }: PathPlaces & { readonly home: string },
): Promise<string | undefined> {
  const typed = written.replace(/^~(?=\/|$)/, home);
  for (const found of [path.resolve(cwd, typed), path.resolve(folder, typed)]) {
    if ((await stat(found).catch(() => undefined))?.isDirectory() === true) return found;
  }
  return undefined;
}

async function areSame(left: readonly string[], right: readonly string[]): Promise<boolean> {
  if (left.length !== right.length) return false;
  for (const [index, file] of left.entries()) {
    const other = right[index]!;
    if ((await realpath(file)) === (await realpath(other))) continue;
    const [first, second] = await Promise.all([stat(file), stat(other)]);
    if (first.size !== second.size || (await hashOf(file)) !== (await hashOf(other))) return false;
  }
  return true;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
