// Files of a folder as rows: one a file, with its place, and with what is in it.

import { readFile } from 'node:fs/promises';
import type { SeedSourceOf } from '../config/schema/seeds.ts';
import type { ValueObject } from '../values.ts';
import { type FolderFile, findFolderFiles } from './folder-files.ts';
import { SeedProblem } from './problems.ts';
import { findDecoder } from './text-decoder.ts';

/** Four columns for each file. Throws `SeedProblem` where the folder has none. */
export async function* directoryRows(
  source: SeedSourceOf<'directory'>,
  folder: string,
): AsyncGenerator<ValueObject> {
  for (const file of await filesOf(source, folder)) yield placeOf(file, 'directory_file');
}

/** A fifth column `content`. Throws `SeedProblem`, for the first file too that is not in the encoding. */
export async function* contentRows(
  source: SeedSourceOf<'file_contents'>,
  folder: string,
): AsyncGenerator<ValueObject> {
  const decode = findDecoder(source.encoding);
  if (decode === null) throw new SeedProblem('encoding', `is "${source.encoding}", which is no encoding`);
  for (const file of await filesOf(source, folder)) {
    yield { ...placeOf(file, 'file_contents'), content: decoded(await readFile(file.path)) };

    function decoded(bytes: Buffer): string {
      try {
        return decode!(bytes);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        throw new SeedProblem('encoding', `is ${source.encoding}, and ${file.path} is not`);
      }
    }
  }
}

async function filesOf(
  { path, file_pattern: pattern, recursive }: SeedSourceOf<'directory'> | SeedSourceOf<'file_contents'>,
  folder: string,
): Promise<readonly FolderFile[]> {
  const files = await findFolderFiles(folder, { pattern, isRecursive: recursive });
  if (files.length === 0) throw new SeedProblem('file_pattern', `is "${pattern}", and no file of ${path} is`);
  return files;
}

function placeOf({ path, relativePath }: FolderFile, kind: string): ValueObject {
  const name = relativePath.slice(relativePath.lastIndexOf('/') + 1);
  return { source_kind: kind, source_path: path, relative_path: relativePath, file_name: name };
}
