// Writes one Parquet file of a row group: encoded in a thread, one column at a time, so that neither the event loop nor
// memory notices the size of a group.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { breathe } from '../breathe.ts';
import { ownFile } from '../own-files.ts';
import { runInThread } from '../threads.ts';
import type { Value } from '../values.ts';
import { type StoreFiles, writeFile } from './files/port.ts';
import type { OutputFile } from './groups.ts';
import type { ColumnAnswer, EncodeTask } from './parquet-thread.ts';
import type { ParquetColumn } from './parquet-values.ts';

/** What is hashed, and what is copied for the thread, in one go: a column of vectors has megabytes. */
const PIECE_BYTES = 1024 * 1024;
const PIECE_ROWS = 32;

export interface RowGroupFile {
  readonly path: string;
  readonly columns: readonly ParquetColumn[];
  readonly rowCount: number;
  /** The values of a column, one a row. Asked for one column at a time, in order. */
  readonly valuesOf: (column: string) => readonly Value[] | Promise<readonly Value[]>;
}

/** Writes the file whole and durably. Throws `StoreError`; values have to fit their types. */
export async function writeRowGroup(
  files: StoreFiles,
  { path, columns, rowCount, valuesOf }: RowGroupFile,
): Promise<Omit<OutputFile, 'name'>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await writeFile(files, path, async (file) => {
    const encoding = new Encoding(columns, rowCount);
    async function append(bytes: Uint8Array): Promise<void> {
      for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
        const piece = bytes.subarray(start, start + PIECE_BYTES);
        hash.update(piece);
        sizeBytes += piece.length;
        await file.append(piece);
      }
    }
    try {
      for (const { name } of rowCount === 0 ? [] : columns) {
        await append(await encoding.question());
        await encoding.answer(await valuesOf(name));
      }
      await append(await encoding.end);
    } finally {
      encoding.close();
    }
    await file.publish();
  });
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** A file that a thread encodes. */
class Encoding {
  /** Its last bytes. */
  readonly end: Promise<Uint8Array>;
  readonly #channel = new MessageChannel();
  readonly #sent = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  constructor(columns: readonly ParquetColumn[], rowCount: number) {
    const port = this.#channel.port2;
    const plain = columns.map(({ name, type }) => ({ name, type }));
    const task: EncodeTask = { columns: plain, rowCount, port, sent: this.#sent };
    this.end = runInThread(ownFile('store/parquet-thread'), task, { transfer: [port] });
    // Who asked for it last hears of a failure.
    this.end.catch(() => undefined);
  }

  /** The file's next bytes, when the next column is wanted. */
  async question(): Promise<Uint8Array> {
    const [bytes] = await Promise.race([
      once(this.#channel.port1, 'message'),
      this.end.then((last) => [last]),
    ]);
    return bytes;
  }

  async answer(values: readonly Value[]): Promise<void> {
    for (let first = 0, isLast = false; !isLast; first += PIECE_ROWS) {
      await breathe();
      isLast = first + PIECE_ROWS >= values.length;
      this.#post({ values: values.slice(first, first + PIECE_ROWS), isLast });
    }
  }

  #post(answer: ColumnAnswer): void {
    this.#channel.port1.postMessage(answer);
    Atomics.add(this.#sent, 0, 1);
    Atomics.notify(this.#sent, 0);
  }

  /** A thread that still waits for a column learns that none comes. */
  close(): void {
    this.#post(undefined);
    this.#channel.port1.close();
  }
}
