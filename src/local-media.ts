// Images, sounds and videos that cells name by a path. A path that is not absolute leads below the dataset's folder, where
// pictures that the dataset made are, else below the folder that the process works in.
//
//   M1. A file is told by its content: another one asks its cells again. It is read once for that, and again when it is sent.
//   M2. Looking is synchronous, as what a row is made from is decided row by row; who does it for many rows lets others
//       have their turn in between.

import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { sha256Of } from './digest.ts';
import { CellError } from './errors.ts';

/** A file that a cell names, as its content was when the cell's input was decided. */
export interface MediaFile {
  /** As the cell has it. */
  readonly reference: string;
  readonly sha256: string;
}

/** What tells whether a file is still the one that it was, without reading it. */
export interface FileMark {
  readonly reference: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface LocalMedia {
  /** Throws `CellError` for a file that is not there or cannot be read. */
  look(reference: string): MediaFile;
  /** Its bytes. Throws `CellError` where it is gone or another one by now. */
  read(file: MediaFile): Promise<Buffer>;
  /** Undefined for a file that is not there, and for one whose name says its content. */
  markOf(reference: string): FileMark | undefined;
}

/** Digests of files are kept for so many. */
const MAX_KEPT = 100_000;
/** Larger ones no endpoint takes. */
const MAX_BYTES = 256 * 2 ** 20;
/** The pictures of a dataset: their names say their content. */
const BY_CONTENT = /^images\/[^/]+\/([0-9a-f]{64})\.\w+$/;

/** `place` says where a path below the dataset's folder is; `findNow` has the pictures of a dataset that is in memory. */
export function openLocalMedia(
  place: (reference: string) => string,
  {
    cwd = process.cwd(),
    findNow = () => undefined,
  }: { readonly cwd?: string; readonly findNow?: (reference: string) => Buffer | undefined } = {},
): LocalMedia {
  const digests = new LRUCache<string, string>({ maxSize: MAX_KEPT, sizeCalculation: () => 1 });

  function find(reference: string): { readonly file: string; readonly stat: Stats } | undefined {
    const places = path.isAbsolute(reference)
      ? [reference]
      : [place(reference), path.resolve(cwd, reference)];
    for (const file of places) {
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat?.isFile()) return { file, stat };
    }
    return undefined;
  }

  function found(reference: string): { readonly file: string; readonly stat: Stats } {
    try {
      const there = find(reference);
      if (there !== undefined && there.stat.size <= MAX_BYTES) return there;
      const where = path.isAbsolute(reference) ? '' : ` in the dataset's folder and in ${cwd}`;
      throw new CellError(
        'MissingFile',
        there === undefined
          ? `there is no file "${reference}"${where}`
          : `"${reference}" has more than ${MAX_BYTES / 2 ** 20} MiB`,
      );
    } catch (error) {
      throw unreadable(reference, error);
    }
  }

  return {
    look(reference) {
      const said = BY_CONTENT.exec(reference)?.[1];
      if (said !== undefined && (findNow(reference) ?? find(reference)) !== undefined)
        return { reference, sha256: said };
      const { file, stat } = found(reference);
      const key = [file, stat.size, stat.mtimeMs, stat.ino].join('\n');
      try {
        const sha256 = digests.get(key) ?? sha256Of(readFileSync(file));
        digests.set(key, sha256);
        return { reference, sha256 };
      } catch (error) {
        throw unreadable(reference, error);
      }
    },
    async read({ reference, sha256 }) {
      let bytes: Buffer;
      try {
        bytes = findNow(reference) ?? (await readFile(found(reference).file));
      } catch (error) {
        throw unreadable(reference, error);
      }
      if (sha256Of(bytes) === sha256) return bytes;
      throw new CellError('MissingFile', `"${reference}" is another file than when its cell was begun`);
    },
    markOf(reference) {
      if (BY_CONTENT.test(reference)) return undefined;
      const stat = find(reference)?.stat;
      return stat && { reference, sizeBytes: stat.size, modifiedMs: stat.mtimeMs };
    },
  };
}

function unreadable(reference: string, error: unknown): CellError {
  if (error instanceof CellError) return error;
  return new CellError('MissingFile', `"${reference}" cannot be read: ${(error as Error).message}`);
}
