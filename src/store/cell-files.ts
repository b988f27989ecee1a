// The files of cells: parts and settled files, in a folder for each column and row group, so that a listing costs what a
// group has and never what the dataset has. A commit folds files away at any time; what they held stands in a file that
// was there before, so whoever misses one lists its folder again.

import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { breathe } from '../breathe.ts';
import { StoreError } from '../errors.ts';
import type { PartName } from '../graph/types.ts';
import { type CallUsage, UsageSum } from './call-usage.ts';
import type { DatasetStore } from './dataset-store.ts';
import { checkVersion } from './documents.ts';
import { rowsOfRanges } from './groups.ts';
import { type Line, readLinesOf } from './lines.ts';
import { type CellFileName, type CellPlace, cellFolder, parseCellFileName } from './names.ts';
import { isHeader, PART_END, parseRecord } from './record-text.ts';
import { type PartHeader, RECORD_VERSION, type StoredRecord } from './records.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface CellFile extends CellFileName {
  /** Below the dataset's folder. */
  readonly name: PartName;
}

/** A file of cells that is not there: it was folded after it was listed, or somebody removed it. */
export class MissingCellFile extends StoreError {}

/** The columns that have ever had cells, those that the plan no longer has too. */
export async function listCellColumns(dataset: DatasetStore): Promise<string[]> {
  return (await dataset.files.list('cells')).map(decodeURIComponent).sort();
}

/** The files of one column of a group, by name. */
export async function listCellFiles(dataset: DatasetStore, place: CellPlace): Promise<CellFile[]> {
  const folder = cellFolder(place);
  return (await dataset.files.list(folder)).sort().flatMap((name) => {
    const file = parseCellFileName(name);
    return file === undefined ? [] : [{ ...file, name: `${folder}/${name}` }];
  });
}

/** Runs what reads files that are listed, again from a new listing as long as one of them was folded meanwhile. */
export async function withCellFiles<Result>(
  dataset: DatasetStore,
  place: CellPlace,
  read: (files: readonly CellFile[]) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await read(await listCellFiles(dataset, place));
    } catch (error) {
      if (!(error instanceof MissingCellFile)) throw error;
    }
  }
}

/** Makes the folder of a column's cells of a group. Throws `StoreError` when the dataset's folder is gone. */
export async function makeCellFolder(dataset: DatasetStore, place: CellPlace): Promise<void> {
  const folder = cellFolder(place);
  if (await dataset.files.has(folder)) return;
  await dataset.files.makeFolder(folder.slice(0, folder.lastIndexOf('/')));
  await dataset.files.makeFolder(folder);
}

/** Of each part that was folded into a settled file, by nonce. */
export type FoldedUsage = { readonly [nonce: string]: CallUsage };

/** Inclusive numbers of lines. */
export type LineRange = readonly [first: number, last: number];

/** The lines of a settled file that tell what no record tells; they stand before the records. */
export type SettledHead =
  | {
      readonly kind: 'settled';
      readonly v: typeof RECORD_VERSION;
      readonly column: string;
      readonly rowGroup: number;
      readonly epoch: number;
      readonly usage: FoldedUsage;
    }
  /** The records that are the output of a start, by its number. */
  | { readonly kind: 'chosen'; readonly by: { readonly [epoch: string]: readonly LineRange[] } };

export interface ScannedFile {
  /** A line of it is not what was written. */
  readonly isDamaged: boolean;
  /** Nobody appends to it any more. */
  readonly isEnded: boolean;
  /** What its calls cost, by the nonce of the part that wrote them first. */
  readonly usage: ReadonlyMap<string, CallUsage>;
}

/**
 * Reads a file of cells, a piece at a time. `onRecord` gets each record with the number of its line. Throws `MissingCellFile`, and `StoreError` for a file of another Rowloom.
 */
export async function scanCellFile(
  dataset: DatasetStore,
  file: CellFile,
  onRecord: (record: StoredRecord, line: number) => void,
): Promise<ScannedFile> {
  const scan = new Scan(dataset, file, onRecord);
  for await (const lines of readCellLines(dataset, file)) {
    for (const line of lines) {
      await breathe();
      scan.take(line);
    }
  }
  return scan.result();
}

class Scan {
  readonly #path: string;
  readonly #file: CellFile;
  readonly #onRecord: (record: StoredRecord, line: number) => void;
  readonly #usage = new Map<string, CallUsage>();
  readonly #chosenBy = new Map<number, number[]>();
  readonly #own = new UsageSum();
  #isDamaged = false;
  #isEnded: boolean;
  #number = 0;

  constructor(dataset: DatasetStore, file: CellFile, onRecord: (record: StoredRecord, line: number) => void) {
    this.#path = dataset.path(file.name);
    this.#file = file;
    this.#isEnded = file.kind === 'settled';
    this.#onRecord = onRecord;
  }

  take(line: Line): void {
    if (line.state === 'damaged') this.#isDamaged = true;
    else if (line.state === 'whole' && line.text === PART_END) this.#isEnded = true;
    else if (line.state === 'whole' && isHeader(line.text)) this.#takeHead(JSON.parse(line.text));
    else if (line.state === 'whole') this.#takeRecord(parseRecord(line.text));
    this.#number += 1;
  }

  result(): ScannedFile {
    if (this.#file.kind === 'part') this.#usage.set(this.#file.nonce, this.#own.usage);
    return { isDamaged: this.#isDamaged, isEnded: this.#isEnded, usage: this.#usage };
  }

  #takeHead(head: SettledHead | PartHeader): void {
    if (head.kind === 'chosen') {
      for (const [epoch, ranges] of Object.entries(head.by)) {
        for (const line of rowsOfRanges(ranges.map(([first, last]) => ({ first, last })))) {
          this.#chosenBy.set(line, [...(this.#chosenBy.get(line) ?? []), Number(epoch)]);
        }
      }
      return;
    }
    checkVersion(head.v, { path: this.#path, version: RECORD_VERSION });
    if (head.kind !== 'settled') return;
    for (const [nonce, usage] of Object.entries(head.usage)) this.#usage.set(nonce, usage);
  }

  #takeRecord(record: StoredRecord): void {
    checkVersion(record.v, { path: this.#path, version: RECORD_VERSION });
    for (const call of record.calls) if (call.id.startsWith(`${this.#file.nonce}:`)) this.#own.addCall(call);
    const chosenBy = this.#chosenBy.get(this.#number);
    this.#onRecord(chosenBy === undefined ? record : { ...record, chosenBy }, this.#number);
  }
}

/** What the calls of a file of cells had cost. Of a settled file only the start is read. */
export async function readFileUsage(dataset: DatasetStore, file: CellFile): Promise<ScannedFile> {
  const scan = new Scan(dataset, file, () => undefined);
  for await (const lines of readCellLines(dataset, file)) {
    for (const line of lines.slice(0, file.kind === 'settled' ? 1 : lines.length)) {
      await breathe();
      scan.take(line);
    }
    if (file.kind === 'settled') break;
  }
  return scan.result();
}

/** The lines of a file of cells; a settled file that is damaged ends with a damaged line. Throws `MissingCellFile`. */
export async function* readCellLines(dataset: DatasetStore, file: CellFile): AsyncGenerator<readonly Line[]> {
  const chunks = readChunks(dataset, file);
  if (file.kind === 'part') {
    yield* readLinesOf(chunks);
    return;
  }
  try {
    yield* readLinesOf(unpack(chunks));
  } catch (error) {
    if (!isZlibError(error)) throw error;
    yield [{ state: 'damaged', bytes: Buffer.alloc(0) }];
  }
}

async function* readChunks({ files }: DatasetStore, { name }: CellFile): AsyncGenerator<Buffer> {
  for (let start = 0; ; start += CHUNK_BYTES) {
    const chunk = await files.find(name, { start, end: start + CHUNK_BYTES });
    if (chunk === undefined)
      throw new MissingCellFile(`Cannot read "${files.place(name)}": there is no such file`);
    if (chunk.length > 0) yield chunk;
    if (chunk.length < CHUNK_BYTES) return;
  }
}

function unpack(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // What one of them meets comes out of the reading below.
  return pipeline(Readable.from(chunks), createGunzip(), () => undefined);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
