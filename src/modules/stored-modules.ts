// The bundles of a dataset's modules: `modules/<hash>.mjs`, written before the plan that names them.

import { createHash } from 'node:crypto';
import { StoreError } from '../errors.ts';
import type { StoreFiles } from '../store/files/port.ts';

const FOLDER = 'modules';
/** Hex digits: 128 bits of SHA-256. */
const HASH_LENGTH = 32;

export function hashOfCode(code: string): string {
  return createHash('sha256').update(code).digest('hex').slice(0, HASH_LENGTH);
}

/** `files` are those of a dataset. Safe to repeat, by two processes at once too: a hash names one code. */
export async function writeModule(
  files: StoreFiles,
  { hash, code }: { readonly hash: string; readonly code: string },
): Promise<void> {
  await files.makeFolder(FOLDER);
  await files.replace(nameOf(hash), code);
}

/** The code of a module. Throws `StoreError` where it is gone or damaged. */
export async function readModule(files: StoreFiles, hash: string): Promise<string> {
  const bytes = await files.find(nameOf(hash));
  const code = bytes?.toString('utf8');
  if (code !== undefined && hashOfCode(code) === hash) return code;
  const what = code === undefined ? 'is not there' : 'is damaged';
  throw new StoreError(`Cannot read "${files.place(nameOf(hash))}": it ${what}. Run the same command again`);
}

function nameOf(hash: string): string {
  return `${FOLDER}/${hash}.mjs`;
}
