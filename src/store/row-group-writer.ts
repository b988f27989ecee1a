// Writes one Parquet file of a row group: encoded in a worker thread, one column at a time, so that neither the event
// loop nor memory notices the size of a group. One thread serves all files of the process.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Value } from '../values.ts';
import type { StoreFiles } from './files/port.ts';
import type { OutputFile } from './groups.ts';
import type { ParquetColumn } from './parquet.ts';

/** What is asked about a file: it is opened, then its columns come in their order, then its end. */
type EncoderQuestion =
  | { ask: 'open'; columns: readonly ParquetColumn[]; rowCount: number }
  | { ask: 'column'; values: readonly Value[] }
  | { ask: 'end' }
  | { ask: 'discard' };

export type EncoderRequest = EncoderQuestion & { readonly file: number };

/** The file's next bytes, or why there are none. */
export type EncoderReply = { file: number; bytes: Uint8Array } | { file: number; error: string };

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
  const file = await files.start(path);
  const ask = EncoderThread.get().newFile();
  async function append(question: EncoderQuestion): Promise<void> {
    const bytes = await ask(question);
    hash.update(bytes);
    sizeBytes += bytes.length;
    await file.append(bytes);
  }
  try {
    await append({ ask: 'open', columns, rowCount });
    for (const { name } of columns) await append({ ask: 'column', values: await valuesOf(name) });
    await append({ ask: 'end' });
    await file.publish();
  } catch (error) {
    ask({ ask: 'discard' }).catch(() => undefined);
    await file.discard();
    throw error;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

interface Waiting {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

class EncoderThread {
  static #shared: EncoderThread | undefined;
  #fileCount = 0;
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

  /** What asks about a file of its own: one question at a time. */
  newFile(): (question: EncoderQuestion) => Promise<Uint8Array> {
    this.#fileCount += 1;
    const file = this.#fileCount;
    return (question) => this.#ask({ ...question, file });
  }

  #ask(request: EncoderRequest): Promise<Uint8Array> {
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
