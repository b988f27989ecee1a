// Parts: what one attempt at a slice wrote, line by line as its calls ended. One writer, ever.
//
//   P1. A line is written as soon as it is appended, in order; a killed process loses no line that was appended.
//   P2. Lines are synced in rounds, shared by all parts of the process: the next begins SYNC_EVERY_MS after the last has
//       ended. A power cut loses the lines of the last round and what came since: of about 50 ms where syncs are fast.
//   P3. A part exists from its first line on; an attempt that makes nothing leaves nothing.
//   P4. What cannot be written breaks the writer: every append after it fails at once, so that nothing is paid for
//       that cannot be kept, or that no name leads to any more: nothing makes its folder again.
//   P5. A reader takes the whole lines and ignores a torn last one. What its name says (column, rows, nonce) holds
//       even where its header is damaged.
//   P6. The last line of a part that was closed says so. Another process may be in the middle of a part without it, and
//       what it appends would be lost with the file: nobody removes that one.
//   P7. A part accounts for the calls with its own nonce; copies of records keep the ids of their calls.

import { randomBytes } from 'node:crypto';
import type { PartName, RowRange } from '../graph/types.ts';
import type { DatasetStore } from './dataset-store.ts';
import type { PartFile, StoreFiles } from './files/port.ts';
import { formatLine } from './lines.ts';
import { partName } from './names.ts';
import { formatHeader, formatRecord, PART_END } from './record-text.ts';
import { type CellRecord, type PartHeader, RECORD_VERSION } from './records.ts';

const SYNC_EVERY_MS = 50;
/** Syncs at once: file system calls share a few threads with DNS and gzip. */
const SYNCS_AT_ONCE = 4;
/** A line of a large answer has megabytes, and one string holds half a gigabyte. */
const LINES_A_WRITE = 16;

export interface NewPart {
  readonly column: string;
  readonly rows: RowRange;
  readonly rowGroup: number;
  readonly epoch: number;
  /** `base` for what `openRowGroup` folds. */
  readonly kind?: 'part' | 'base';
}

/** Starts a part under a fresh nonce. Touches no disk before the first line. */
export function createPart(dataset: DatasetStore, part: NewPart): PartWriter {
  const { column, rows, rowGroup, epoch, kind = 'part' } = part;
  const nonce = randomBytes(8).toString('hex');
  const header: PartHeader = { v: RECORD_VERSION, kind, column, epoch, rowGroup, rows, nonce };
  return new PartWriter(dataset.files, header);
}

interface PendingLine {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class PartWriter {
  readonly name: PartName;
  readonly nonce: string;
  readonly #files: Pick<StoreFiles, 'openPart'>;
  readonly #header: PartHeader;
  #pending: PendingLine[] = [];
  #draining: Promise<void> | undefined;
  #file: PartFile | undefined;
  #broken: unknown;
  #callCount = 0;
  #isEmpty = true;
  #isDirty = false;
  #syncing: Promise<void> | undefined;

  constructor(files: Pick<StoreFiles, 'openPart'>, header: PartHeader) {
    this.name = partName(header);
    this.nonce = header.nonce;
    this.#files = files;
    this.#header = header;
  }

  /** No line was appended: there is no such file. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** The id of the next call that this part accounts for. */
  nextCallId(): string {
    this.#callCount += 1;
    return `${this.nonce}:${this.#callCount}`;
  }

  /** Resolves when the lines are written, in one write. Throws `StoreError`, then and for every line after it. */
  append(...records: readonly CellRecord[]): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const line = records.map((record) => formatLine(formatRecord(record))).join('');
    this.#isEmpty = false;
    return new Promise((resolve, reject) => {
      this.#pending.push({ line, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Makes all lines durable. Throws `StoreError` if any was not written. */
  async close(): Promise<void> {
    await this.#draining;
    const file = this.#file;
    if (file !== undefined) {
      await this.#end(file);
      await this.sync();
      this.#file = undefined;
      await file.close();
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  async #end(file: PartFile): Promise<void> {
    if (this.#broken !== undefined) return;
    try {
      // Not synced by itself: a part that loses this line in a power cut is folded and never removed, which costs its room.
      await file.append(formatLine(PART_END));
    } catch (error) {
      this.#broken = error;
    }
  }

  /** Makes the lines written so far durable. A failure breaks the writer. */
  async sync(): Promise<void> {
    const file = this.#file;
    if (this.#isDirty && file !== undefined) {
      this.#isDirty = false;
      this.#syncing = this.#syncAfter(this.#syncing, file);
    }
    return this.#syncing;
  }

  /** One after the other: an earlier one that is overtaken would find the file closed. */
  async #syncAfter(earlier: Promise<void> | undefined, file: PartFile): Promise<void> {
    await earlier;
    try {
      await file.sync();
    } catch (error) {
      this.#broken ??= error;
    }
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const lines = this.#pending.splice(0, LINES_A_WRITE);
      try {
        if (this.#broken !== undefined) throw this.#broken;
        await this.#write(lines.map(({ line }) => line).join(''));
        this.#isDirty = true;
        for (const { resolve } of lines) resolve();
        groupSync.add(this);
      } catch (error) {
        this.#broken = error;
        for (const { reject } of lines) reject(error);
      }
    }
    this.#draining = undefined;
  }

  async #write(text: string): Promise<void> {
    let lines = text;
    if (this.#file === undefined) {
      this.#file = await this.#files.openPart(this.name);
      lines = formatLine(formatHeader(this.#header)) + text;
    }
    await this.#file.append(lines);
  }
}

/** Syncs every part with new lines, in rounds. */
class GroupSync {
  #dirty = new Set<PartWriter>();
  #isWaiting = false;

  add(part: PartWriter): void {
    this.#dirty.add(part);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => this.#round(), SYNC_EVERY_MS);
  }

  async #round(): Promise<void> {
    const parts = [...this.#dirty];
    this.#dirty.clear();
    while (parts.length > 0) {
      await Promise.all(parts.splice(0, SYNCS_AT_ONCE).map((part) => part.sync()));
    }
    this.#isWaiting = false;
    const [first] = this.#dirty;
    if (first !== undefined) this.add(first);
  }
}

const groupSync = new GroupSync();
