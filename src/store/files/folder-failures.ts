// What a file system's failures mean to the store: nothing there, the folder gone, or a `StoreError` with a reason.

import { dirname } from 'node:path';
import { FolderGoneError, ReadFaultError, StoreError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';

/** Undefined if there is nothing to read. */
export async function reading<T>(place: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new ReadFaultError(`Cannot read "${place}": ${reasonOf(error)}`, { cause: error });
  }
}

/** Runs what changes the file at `place`; a failure becomes a `StoreError`. */
export async function writing<T>(place: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw notWritten(place, error);
  }
}

/** Runs what makes a new name at `place`. Throws `FolderGoneError` if its folder is not there. */
export async function naming<T>(place: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw notNamed(place, error);
  }
}

/** The failure to write the file at `place`. */
export function notWritten(place: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(`Cannot write "${place}": ${reasonOf(error)}`, { cause: error });
}

/** The failure to make a new name at `place`. */
export function notNamed(place: string, error: unknown): StoreError {
  return codeOf(error) === 'ENOENT' ? new FolderGoneError(place, dirname(place)) : notWritten(place, error);
}

export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'EEXIST';
}

/** Whether a file system cannot give this file a second name there, while it may well write a copy. */
export function isUnlinkable(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'].includes(codeOf(error) ?? '');
}

/** The operating system's code of a failure. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

const REASONS: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'a file of that name is there',
  EIO: 'the disk reports an error',
  ENOTSUP: 'the file system cannot do that',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its name is too long',
  ESTALE: 'it was removed on another machine',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const reason = code === undefined ? undefined : findOwn(REASONS, code);
  return reason ?? (error instanceof Error ? error.message : String(error));
}
