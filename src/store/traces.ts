// Task traces: when each cell and slice was dispatched, waited, and ended, for who asks where a build's time goes. While it
// goes on each process adds lines of plain JSON to `traces/000007.<nonce>.jsonl`, a file of its own for each start; the end of
// a build writes all starts as Parquet into its edition.
//
//   T1. Nothing depends on a trace: what cannot be written is lost, and ends no call.
//   T2. A line that a killed process left half-written is passed over.

import { randomBytes } from 'node:crypto';
import { fromPlain, type Value } from '../values.ts';
import type { DatasetStore } from './dataset-store.ts';
import type { PartFile } from './files/port.ts';
import { batchName, flightsName, parseNumbers } from './names.ts';
import type { ParquetColumn } from './parquet-values.ts';
import { writeRowGroup } from './row-group-writer.ts';

const FOLDER = 'traces';
const FLUSH_MS = 1_000;
const ROWS_A_FILE = 50_000;
const CHUNK_BYTES = 1024 * 1024;

/** Times are milliseconds since the epoch, UTC; null for what did not happen. */
export interface TaskTrace {
  readonly column: string;
  readonly rowGroup: number;
  /** Of the slice. */
  readonly firstRow: number;
  readonly lastRow: number;
  /** The cell's; null where the trace is the slice's. */
  readonly row: number | null;
  /** When the workflow handed the slice out. */
  readonly dispatched: number;
  /** When a worker began with it. */
  readonly started: number;
  readonly permitAsked: number | null;
  readonly permitAcquired: number | null;
  readonly completed: number;
  /** Of a call: of the record that it left, else how it failed. Of a slice: `ok`, `leftover`, `elsewhere` or `failed`. */
  readonly status: string;
  readonly error: string | null;
  /** The limiter's key. */
  readonly model: string | null;
  /** The cells that the call was for: each of them has a trace of it. Of a slice: its rows. */
  readonly cells: number;
}

/** A trace with the number of the start that it is from. */
export interface StoredTrace extends TaskTrace {
  readonly start: number;
}

/** What a process adds to a start's traces. Touches no disk before the first one. */
export class TraceLog {
  readonly #dataset: DatasetStore;
  readonly #path: string;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #file: PartFile | undefined;
  #isBroken = false;

  constructor(dataset: DatasetStore, epoch: number) {
    this.#dataset = dataset;
    this.#path = `${FOLDER}/${flightsName({ epoch, nonce: randomBytes(8).toString('hex') })}`;
  }

  add(trace: TaskTrace): void {
    if (this.#isBroken) return;
    this.#lines.push(`${JSON.stringify(trace)}\n`);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what was added. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#lines.splice(0).join('');
    if (text !== '') this.#writing = this.#writing.then(() => this.#write(text));
    return this.#writing;
  }

  /** The same, and takes no more. */
  async close(): Promise<void> {
    await this.flush();
    this.#isBroken = true;
    await this.#file?.close().catch(() => undefined);
  }

  async #write(text: string): Promise<void> {
    try {
      if (this.#file === undefined) {
        await this.#dataset.files.makeFolder(FOLDER);
        this.#file = await this.#dataset.files.openPart(this.#path);
      }
      await this.#file.append(text);
    } catch {
      this.#isBroken = true;
    }
  }
}

/** The traces of all starts, those of a start together, in the order in which its processes wrote them. */
export async function* readTraces(dataset: DatasetStore): AsyncGenerator<StoredTrace> {
  for (const name of (await dataset.files.list(FOLDER)).sort()) {
    const [start] = parseNumbers([name.split('.')[0] ?? '']);
    if (start === undefined) continue;
    for await (const line of readLines(dataset, `${FOLDER}/${name}`)) {
      const trace = parseTrace(line);
      if (trace !== undefined) yield { start, ...trace };
    }
  }
}

/** The lines that end, a piece of the file in memory at a time: that of a long build is more than a string can hold. */
async function* readLines({ files }: DatasetStore, path: string): AsyncGenerator<string> {
  let begun = Buffer.alloc(0);
  for (let start = 0; ; start += CHUNK_BYTES) {
    const chunk = await files.find(path, { start, end: start + CHUNK_BYTES });
    if (chunk === undefined || chunk.length === 0) return;
    const bytes = Buffer.concat([begun, chunk]);
    const end = bytes.lastIndexOf('\n') + 1;
    begun = bytes.subarray(end);
    yield* bytes.toString('utf8', 0, end).split('\n');
  }
}

function parseTrace(line: string): TaskTrace | undefined {
  try {
    return line === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}

const TEXT_FIELDS = ['column', 'status', 'error', 'model'] as const;
const NUMBER_FIELDS = [
  ...(['start', 'rowGroup', 'firstRow', 'lastRow', 'row'] as const),
  ...(['dispatched', 'started', 'permitAsked', 'permitAcquired', 'completed', 'cells'] as const),
];

/** The columns of the Parquet files: `permitAsked` is `permit_asked` there. */
const FIELDS = new Map<string, keyof StoredTrace>(
  [...NUMBER_FIELDS, ...TEXT_FIELDS].map((field) => [
    field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    field,
  ]),
);
const COLUMNS = [...FIELDS].map(([name, field]): ParquetColumn => {
  return { name, type: { kind: NUMBER_FIELDS.some((number) => number === field) ? 'int' : 'text' } };
});

/** Writes the traces of all starts as Parquet into a folder that this makes; no folder where there are none. */
export async function writeTraces(dataset: DatasetStore, folder: string): Promise<void> {
  let [traces, files]: [StoredTrace[], number] = [[], 0];
  const write = async () => {
    if (files === 0) await dataset.files.makeFolder(folder);
    const valuesOf = (column: string): Value[] => {
      const field = FIELDS.get(column)!;
      return traces.map((trace) => fromPlain(trace[field]));
    };
    const path = `${folder}/${batchName(files)}`;
    await writeRowGroup(dataset.files, { path, columns: COLUMNS, rowCount: traces.length, valuesOf });
    files += 1;
    traces = [];
  };
  for await (const trace of readTraces(dataset)) {
    traces.push(trace);
    if (traces.length === ROWS_A_FILE) await write();
  }
  if (traces.length > 0) await write();
}
