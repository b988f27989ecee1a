// Writes one Parquet file of a row group: encoded in a worker thread, one column at a time, so that neither the event
// loop nor memory notices the size of a group. One thread serves all files of the process.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { CellError } from '../errors.ts';
import type { Value } from '../values.ts';
import type { StoreFiles } from './files/port.ts';
import type { OutputFile } from './groups.ts';
import type { ParquetColumn } from './parquet.ts';

export type EncoderRequest =
  | { ask: 'open'; file: number; columns: readonly ParquetColumn[]; rowCount: number }
  | { ask: 'column'; file: number; values: readonly Value[] }
  | { ask: 'end'; file: number }
  | { ask: 'discard'; file: number };

export type EncoderReply =
  | { file: number; bytes: Uint8Array }
  /** A value that does not fit its column's type. */
  | { file: number; misfit: string }
  | { file: number; error: string };

export interface RowGroupFile {
  readonly path: string;
  readonly columns: readonly ParquetColumn[];
  readonly rowCount: number;
  /** The values of a column, one a row. Asked for one column at a time, in order. */
  readonly valuesOf: (column: string) => readonly Value[] | Promise<readonly Value[]>;
}

/** Writes the file whole and durably. Throws `StoreError`, and `CellError` for a value that does not fit its type. */
export async function writeRowGroup(
  files: StoreFiles,
  group: RowGroupFile,
): Promise<Omit<OutputFile, 'name'>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const file = await files.start(group.path);
  const encoder = new EncoderFile();
  async function append(bytes: Uint8Array): Promise<void> {
    hash.update(bytes);
    sizeBytes += bytes.length;
    await file.append(bytes);
  }
  try {
    await append(await encoder.open(group.columns, group.rowCount));
    for (const { name } of group.columns) await append(await encoder.column(await group.valuesOf(name)));
    await append(await encoder.end());
    await file.publish();
  } catch (error) {
    encoder.discard();
    await file.discard();
    throw error;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** One file as the worker thread encodes it. One request at a time. */
class EncoderFile {
  static #count = 0;
  readonly #file: number;
  readonly #thread = EncoderThread.get();

  constructor() {
    EncoderFile.#count += 1;
    this.#file = EncoderFile.#count;
  }

  open(columns: readonly ParquetColumn[], rowCount: number): Promise<Uint8Array> {
    return this.#thread.ask({ ask: 'open', file: this.#file, columns, rowCount });
  }

  column(values: readonly Value[]): Promise<Uint8Array> {
    return this.#thread.ask({ ask: 'column', file: this.#file, values });
  }

  end(): Promise<Uint8Array> {
    return this.#thread.ask({ ask: 'end', file: this.#file });
  }

  discard(): void {
    this.#thread.ask({ ask: 'discard', file: this.#file }).catch(() => undefined);
  }
}

interface Waiting {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

class EncoderThread {
  static #shared: EncoderThread | undefined;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #ended: Error | undefined;

  /** The process's thread, started at the first file; a thread that died is replaced. */
  static get(): EncoderThread {
    EncoderThread.#shared ??= new EncoderThread();
    return EncoderThread.#shared;
  }

  private constructor() {
    this.#worker = startWorker();
    this.#worker.unref();
    this.#worker.on('message', (reply: EncoderReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', (code) => this.#end(new Error(`The Parquet thread ended with code ${code}`)));
  }

  ask(request: EncoderRequest): Promise<Uint8Array> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      // While an answer is awaited the thread keeps the process alive, and only then.
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(request.file, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  #settle(reply: EncoderReply): void {
    const waiting = this.#waiting.get(reply.file);
    this.#waiting.delete(reply.file);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('bytes' in reply) waiting?.resolve(reply.bytes);
    else if ('misfit' in reply) waiting?.reject(new CellError('TypeCastError', reply.misfit));
    else waiting?.reject(new Error(reply.error));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    if (EncoderThread.#shared === this) EncoderThread.#shared = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function startWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./parquet-worker.js', import.meta.url));
  // Sources: a thread reads TypeScript only through the loader, and Node takes no `--import` for a thread's first file.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const source = new URL('./parquet-worker.ts', import.meta.url).href;
  const start = `import('${loader}').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(start, { eval: true, execArgv: [] });
}
