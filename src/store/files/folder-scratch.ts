import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isTaken, notNamed, notWritten } from './folder-failures.ts';
import type { ScratchFile } from './port.ts';

/** A file that the calling thread writes over in place, unsynced. */
export class FolderScratch implements ScratchFile {
  readonly #place: string;
  readonly #file: number;
  #isDisposed = false;

  /** Throws `FolderGoneError` where neither its folder nor the one above is there. */
  constructor(place: string) {
    this.#place = place;
    makeFolderSync(dirname(place));
    try {
      this.#file = openSync(place, 'wx');
    } catch (error) {
      throw notNamed(place, error);
    }
  }

  write(offset: number, text: string): void {
    try {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#file, bytes, done, bytes.length - done, offset + done);
      }
    } catch (error) {
      throw notWritten(this.#place, error);
    }
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    try {
      rmSync(this.#place, { force: true });
    } catch {
      // What stays tells of a crash that was none: whoever reads it looks twice at what it names, no more.
    }
    closeSync(this.#file);
  }
}

function makeFolderSync(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!isTaken(error)) throw notNamed(folder, error);
  }
}
