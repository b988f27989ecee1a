// The calls that a process has in flight, for whoever comes after it was killed: `flights/000007.<nonce>.jsonl`, one
// file for a process and build. The process removes it however it ends but by a crash, so a file whose process is gone
// tells of one, and of the cells that were in flight then.
//
//   V1. A cell stands there before its call is sent and until the answer is in its part: while it is read, too.
//   V2. Lines have one length and are written over, so that the file stays as small as the calls in flight are few. The
//       line of a call that has ended is emptied a turn of the event loop later, unless the next call has taken it.
//   V3. The file is a scratch file: written in the calling thread and not synced. A power cut is no cell's doing.

import { randomBytes } from 'node:crypto';
import { StoreError } from '../errors.ts';
import {
  isRunning,
  ownIdentity,
  ownPlace,
  type ProcessIdentity,
  type ProcessPlace,
} from '../server/processes.ts';
import type { DatasetStore } from './dataset-store.ts';
import { checkVersion } from './documents.ts';
import type { ScratchFile, StoreFiles } from './files/port.ts';
import { formatLine, readLines } from './lines.ts';
import { columnFolder, flightsName } from './names.ts';

const FLIGHTS_VERSION = 1;
const FOLDER = 'flights';
/** Characters, all of them ASCII: room for the longest folder's name of a column. */
const JSON_LENGTH = 310;

const SUSPICIOUS_CRASHES = 2;
const MAX_CRASHES_ALONE = 3;

/** A cell under the input that it is made from. */
export interface FlyingCell {
  readonly column: string;
  readonly row: number;
  /** Digest of its exact input. */
  readonly in: string;
}

interface FlightsHeader {
  readonly v: typeof FLIGHTS_VERSION;
  readonly epoch: number;
  readonly owner: ProcessPlace & ProcessIdentity;
}

/** One line; the column as its folder is named. */
interface Flight extends FlyingCell {
  /** A crash is this cell's doing: nothing else was in flight. */
  readonly alone?: true;
}

const NO_FLIGHT = lineOf(null);

/** The logs whose files this process removes when it ends. A second Ctrl-C is no crash; an error that nobody caught is. */
const ownLogs = new Set<FlightLog>();
process.once('exit', () => {
  for (const log of ownLogs) log.dispose();
});
process.once('uncaughtExceptionMonitor', () => ownLogs.clear());

export class FlightLog {
  readonly #files: StoreFiles;
  readonly #path: string;
  readonly #header: string;
  readonly #freeLines: number[] = [];
  /** Those of calls that have ended, not emptied yet. */
  readonly #endedLines: number[] = [];
  #lineCount = 0;
  #file: ScratchFile | undefined;
  #isDisposed = false;

  /** Touches no disk before the first flight. */
  constructor({ files }: DatasetStore, epoch: number) {
    this.#files = files;
    this.#path = pathOf(flightsName({ epoch, nonce: randomBytes(8).toString('hex') }));
    this.#header = lineOf({ v: FLIGHTS_VERSION, epoch, owner: { ...ownPlace(), ...ownIdentity() } });
  }

  /** Puts a cell down; returns what to `end`. Throws `StoreError`. */
  begin({ column, row, in: digest }: FlyingCell, { isAlone }: { readonly isAlone: boolean }): number {
    if (this.#isDisposed) return 0;
    const file = this.#open();
    const line = this.#endedLines.pop() ?? this.#freeLines.pop() ?? this.#lineCount++;
    const flight: Flight = { column: columnFolder(column), row, in: digest };
    writeLine(file, line, lineOf(isAlone ? { ...flight, alone: true } : flight));
    return line;
  }

  end(line: number): void {
    this.#endedLines.push(line);
    if (this.#endedLines.length === 1) setImmediate(() => this.#emptyLines());
  }

  /** Removes the file, and writes nothing from now on. */
  dispose(): void {
    this.#isDisposed = true;
    ownLogs.delete(this);
    this.#file?.dispose();
    this.#file = undefined;
  }

  #emptyLines(): void {
    if (this.#file === undefined) return;
    try {
      for (const line of this.#endedLines.splice(0)) {
        writeLine(this.#file, line, NO_FLIGHT);
        this.#freeLines.push(line);
      }
    } catch {
      // A line that is not emptied makes its cell a suspect after a crash: it is then called with nothing else in flight, which takes a moment.
    }
  }

  #open(): ScratchFile {
    if (this.#file === undefined) {
      this.#file = this.#files.scratch(this.#path);
      ownLogs.add(this);
      writeLine(this.#file, this.#lineCount++, this.#header);
    }
    return this.#file;
  }
}

/** At how many crashes a cell was in flight, and at how many of them it alone can have been the cause. */
export interface Crashes {
  readonly inFlight: number;
  readonly alone: number;
}

const NO_CRASHES: Crashes = { inFlight: 0, alone: 0 };

/** To be called with nothing else in flight: another crash then tells whether it was this cell's doing. */
export function isSuspect({ inFlight, alone }: Crashes): boolean {
  return inFlight >= SUSPICIOUS_CRASHES && alone < MAX_CRASHES_ALONE;
}

/** To be given up. */
export function isGuilty({ alone }: Crashes): boolean {
  return alone >= MAX_CRASHES_ALONE;
}

/** The cells that were in flight at crashes. */
export class CrashedFlights {
  readonly #cells = new Map<string, FlyingCell & Crashes>();

  static async read(dataset: DatasetStore): Promise<CrashedFlights> {
    const crashed = new CrashedFlights();
    for await (const { flights } of readCrashed(dataset)) {
      for (const flight of flights) crashed.#add(flight);
    }
    return crashed;
  }

  of({ column, row, in: digest }: FlyingCell): Crashes {
    if (this.#cells.size === 0) return NO_CRASHES;
    return this.#cells.get(keyOf({ column: columnFolder(column), row, in: digest })) ?? NO_CRASHES;
  }

  /** The rows of a column with a suspect cell. */
  suspectRows(column: string): readonly number[] {
    const folder = columnFolder(column);
    const suspects = [...this.#cells.values()].filter((cell) => cell.column === folder && isSuspect(cell));
    return [...new Set(suspects.map(({ row }) => row))];
  }

  #add({ alone, ...cell }: Flight): void {
    const before = this.#cells.get(keyOf(cell)) ?? NO_CRASHES;
    this.#cells.set(keyOf(cell), {
      ...cell,
      inFlight: before.inFlight + 1,
      alone: before.alone + (alone === true ? 1 : 0),
    });
  }
}

/** Removes what killed processes left in a dataset that is complete, as far as the disk lets it. */
export async function removeLeftovers(dataset: DatasetStore): Promise<void> {
  try {
    await forgetCrashes(dataset);
    await dataset.sweep();
  } catch (error) {
    // A store that cannot be written is as good to look at with them.
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Forgets the crashes there were: all cells are made, or have failed with a record. */
export async function forgetCrashes(dataset: DatasetStore): Promise<void> {
  for await (const { path } of readCrashed(dataset)) await dataset.files.remove(path);
}

/** Throws `StoreError` for a file that a newer Rowloom wrote. */
async function* readCrashed(
  dataset: DatasetStore,
): AsyncGenerator<{ readonly path: string; readonly flights: readonly Flight[] }> {
  const { files } = dataset;
  for (const path of (await files.list(FOLDER)).map(pathOf)) {
    const bytes = await files.find(path);
    if (bytes === undefined) continue;
    const lines = readLines(bytes).flatMap((line): (FlightsHeader | Flight | null)[] =>
      line.state === 'whole' ? [JSON.parse(line.text)] : [],
    );
    const header = lines.find((line) => line !== null && 'owner' in line);
    if (header !== undefined) checkVersion(header.v, { path: files.place(path), version: FLIGHTS_VERSION });
    if (header !== undefined && !(await isGone(dataset, header))) continue;
    yield { path, flights: lines.filter((line) => line !== null && 'in' in line) };
  }
}

/** Of a process on another machine nobody here knows: once a newer build has begun it counts as gone. */
async function isGone(dataset: DatasetStore, { owner, epoch }: FlightsHeader): Promise<boolean> {
  const runs = isRunning(owner);
  return runs === undefined ? dataset.hasNewerEpoch(epoch) : !runs;
}

function keyOf({ column, row, in: digest }: FlyingCell): string {
  return `${column} ${row} ${digest}`;
}

function pathOf(name: string): string {
  return `${FOLDER}/${name}`;
}

function writeLine(file: ScratchFile, line: number, text: string): void {
  file.write(line * NO_FLIGHT.length, text);
}

function lineOf(content: FlightsHeader | Flight | null): string {
  return formatLine(JSON.stringify(content).padEnd(JSON_LENGTH));
}
