// The bundles of a dataset's modules: `modules/<hash>.mjs`, written before the plan that names them. Beside each lies its
// source map, for messages alone: it is in no hash, so that a comment in the user's file changes nothing.

import { createHash } from 'node:crypto';
import { StoreError } from '../errors.ts';
import type { StoreFiles } from '../store/files/port.ts';

const FOLDER = 'modules';
/** Hex digits: 128 bits of SHA-256. */
const HASH_LENGTH = 32;

export function hashOfCode(code: string): string {
  return createHash('sha256').update(code).digest('hex').slice(0, HASH_LENGTH);
}

/** A user's module as it runs. */
export interface UserModule {
  readonly hash: string;
  readonly code: string;
  /** JSON text of its source map: which place of the user's files each place of the code comes from. Null where there is none. */
  readonly map: string | null;
}

/** `files` are those of a dataset. Safe to repeat, by two processes at once too: a hash names one code. */
export async function writeModule(files: StoreFiles, { hash, code, map }: UserModule): Promise<void> {
  await files.makeFolder(FOLDER);
  if (map !== null) await files.replace(mapNameOf(hash), map);
  await files.replace(nameOf(hash), code);
}

/** Throws `StoreError` where its code is gone or damaged. */
export async function readModule(files: StoreFiles, hash: string): Promise<UserModule> {
  const bytes = await files.find(nameOf(hash));
  const code = bytes?.toString('utf8');
  if (code !== undefined && hashOfCode(code) === hash)
    return { hash, code, map: (await files.find(mapNameOf(hash)))?.toString('utf8') ?? null };
  const what = code === undefined ? 'is not there' : 'is damaged';
  throw new StoreError(`Cannot read "${files.place(nameOf(hash))}": it ${what}. Run the same command again`);
}

function nameOf(hash: string): string {
  return `${FOLDER}/${hash}.mjs`;
}

function mapNameOf(hash: string): string {
  return `${nameOf(hash)}.map`;
}
