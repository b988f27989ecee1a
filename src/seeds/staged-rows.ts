// Seed rows between a user's files and a dataset: a file without a name, since nothing may be written into a store before
// the build is agreed to, and a gigabyte is not kept in memory till then. The disk frees it when this process ends, however
// it does, or when nobody needs it any more.

import { randomUUID } from 'node:crypto';
import { closeSync, openSync, read, unlinkSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from '../errors.ts';
import type { ByteRange } from '../store/files/port.ts';
import { reasonOf } from './problems.ts';

const [readAt, writeAll] = [promisify(read), promisify(write)];
/** What is written at once. */
const WRITE_BYTES = 1024 * 1024;

const unused = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

export class StagedRows {
  readonly #descriptor: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #sizeBytes = 0;

  /** Throws `StoreError`, as all of it does. */
  constructor() {
    this.#descriptor = naming(() => {
      const path = join(tmpdir(), `rowloom-seeds-${randomUUID()}`);
      const descriptor = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return descriptor;
    });
    unused.register(this, this.#descriptor);
  }

  /** Bytes that wait are written by `flush`. */
  add(blocks: readonly Buffer[]): void {
    for (const bytes of blocks) {
      this.#pending.push(bytes);
      this.#pendingBytes += bytes.length;
    }
  }

  get isFull(): boolean {
    return this.#pendingBytes >= WRITE_BYTES;
  }

  async flush(): Promise<void> {
    let rest = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      while (rest.length > 0) {
        const { bytesWritten } = await writeAll(this.#descriptor, rest, 0, rest.length, this.#sizeBytes);
        this.#sizeBytes += bytesWritten;
        rest = rest.subarray(bytesWritten);
      }
    } catch (error) {
      throw failure(error);
    }
  }

  async read({ start, end }: ByteRange): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.min(end, this.#sizeBytes) - start);
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await readAt(this.#descriptor, bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw new StoreError('Cannot read the seed rows again: their file was cut');
      done += bytesRead;
    }
    return bytes;
  }

  /** All of them, in pieces. */
  async *readAll(): AsyncGenerator<Buffer, void> {
    for (let start = 0; start < this.#sizeBytes; start += WRITE_BYTES) {
      yield this.read({ start, end: start + WRITE_BYTES });
    }
  }
}

function naming<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw failure(error);
  }
}

function failure(error: unknown): StoreError {
  return new StoreError(
    `Cannot keep the seed rows in ${tmpdir()} until the build starts: ${reasonOf(error as Error)}. Name a folder with more room as TMPDIR`,
    { cause: error },
  );
}
