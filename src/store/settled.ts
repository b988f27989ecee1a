// Settled files: one for each column of a committed row group, gzip of the lines of parts. Written whole by a commit.
//
//   T1. It holds all accepted records of the group, of any input, until a prune; the last failure of rows without a later one; the
//       tries that led to either; and the conversations that still go on.
//   T2. Lines are copied as they were written, checksum and all, in two passes over the files: no group is too large.
//   T3. Its head says which records are the output of which start, and what each part that it folds had cost.

import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { picturesIn } from '../turns.ts';
import { addUsage, type CallUsage, isPaid, mergeUsage } from './call-usage.ts';
import {
  type CellFile,
  type FoldedUsage,
  type LineRange,
  readCellLines,
  type SettledHead,
  scanCellFile,
  withCellFiles,
} from './cell-files.ts';
import type { DatasetStore } from './dataset-store.ts';
import { failedCells } from './failures.ts';
import { writeFile } from './files/port.ts';
import { rangesOf } from './groups.ts';
import { formatLine } from './lines.ts';
import { type CellPlace, settledName } from './names.ts';
import {
  conversationOf,
  hasToolTurn,
  identityOf,
  openTurns,
  RECORD_VERSION,
  type StoredRecord,
} from './records.ts';

/** Heads stand in the first two lines. */
const HEAD_LINES = 2;

export interface SettleOptions extends CellPlace {
  readonly epoch: number;
  readonly nonce: string;
  /** The cells that are the output, by row: what `identityOf` gives for them. */
  readonly chosen: ReadonlyMap<number, string>;
  /** The starts that made the outputs that are kept: their marks are carried on. */
  readonly editions: readonly number[];
  /** Rows whose failures are asked for. */
  readonly failedRows: ReadonlySet<number>;
  readonly pruning?: Pruning;
}

/** What goes: accepted cells that are in no output that is kept, and were made from another input. */
export interface Pruning {
  readonly rows: ReadonlySet<number>;
  /** An output that is kept has the column: a row whose cell there is not known keeps all. */
  readonly isInOutput: boolean;
}

export interface SettledColumn {
  /** All files of the column that can cost no more, itself too. */
  readonly covers: readonly string[];
  /** The files that it holds all of, and that nobody writes any more. */
  readonly folded: readonly string[];
  readonly usage: CallUsage;
  /** The last failure of each such row, with all calls that its input cost. */
  readonly failed: readonly StoredRecord[];
}

/** Writes the settled file of a column, whole and durably. Safe to repeat: each try writes a file of its own. */
export async function settleColumn(dataset: DatasetStore, options: SettleOptions): Promise<SettledColumn> {
  return withCellFiles(dataset, options, async (files) => {
    const index = await readIndex(dataset, files, options);
    const kept = keptEntries(index.entries, options.pruning);
    const names = files.map(({ name }) => name);
    const covers = names.filter((name) => !index.open.has(name));
    const folded = covers.filter((name) => !index.damaged.has(name));
    const usage = addUsage(index.usage.values());
    const failed = failedCells(index.ofFailed.sort(byRowAndAge));
    if (files.length === 0) return { covers, folded: [], usage, failed };
    const name = settledName(options);
    await writeSettled(dataset, { name, kept, files, heads: headsOf(options, kept, index.usage) });
    return { covers: [...covers, name], folded, usage, failed };
  });
}

/**
 * How many cells a pruning would take away, and how many of them were paid for, and the pictures of those that stay. Writes
 * nothing.
 */
export async function countPruned(
  dataset: DatasetStore,
  options: SettleOptions,
): Promise<{ readonly paid: number; readonly all: number; readonly pictures: readonly string[] }> {
  return withCellFiles(dataset, options, async (files) => {
    const { entries, damaged, open } = await readIndex(dataset, files, options);
    const kept = new Set(keptEntries(entries, options.pruning));
    const pictures = [...kept].flatMap((entry) => entry.pictures);
    // Damaged files stay, and those that may still grow, with all that can be read of them.
    const isStaying = (name: string) => damaged.has(name) || open.has(name);
    const pruned = entries.filter(
      (entry) => entry.status === 'ok' && !kept.has(entry) && !isStaying(files[entry.file]!.name),
    );
    const paid = new Set(pruned.filter(({ host }) => host !== null).map(conversationOf));
    const staying = entries.filter(({ file }) => isStaying(files[file]!.name));
    pictures.push(...staying.flatMap((entry) => entry.pictures));
    return { paid: paid.size, all: pruned.length, pictures };
  });
}

/** Where a record stands, and what decides whether it is kept. */
interface Entry extends Pick<StoredRecord, 'row' | 'in' | 'status' | 'at' | 'error' | 'host'> {
  readonly file: number;
  readonly line: number;
  /** It has what a tool gave. */
  readonly isOfTool: boolean;
  /** Names of files. */
  readonly pictures: readonly string[];
  /** The starts whose output it is. */
  readonly chosenBy: Set<number>;
}

interface CellsIndex {
  readonly entries: readonly Entry[];
  readonly usage: ReadonlyMap<string, CallUsage>;
  readonly damaged: ReadonlySet<string>;
  /** Parts that their writers may not be done with. */
  readonly open: ReadonlySet<string>;
  /** The records of rows whose failures are asked for. */
  readonly ofFailed: StoredRecord[];
}

async function readIndex(
  dataset: DatasetStore,
  files: readonly CellFile[],
  { chosen, epoch, editions, failedRows }: SettleOptions,
): Promise<CellsIndex> {
  const entries = new Map<string, Entry>();
  const usage = new Map<string, CallUsage>();
  const damaged = new Set<string>();
  const open = new Set<string>();
  const ofFailed: StoredRecord[] = [];
  for (const [file, cellFile] of files.entries()) {
    const scanned = await scanCellFile(dataset, cellFile, (record, line) => {
      const { row, in: digest, status, at, error, host, turns, chosenBy = [] } = record;
      const identity = identityOf(record);
      let entry = entries.get(identity);
      if (entry === undefined) {
        const pictures = picturesIn(turns).map((file) => file.name);
        entry = {
          row,
          in: digest,
          status,
          at,
          error,
          host,
          file,
          line,
          pictures,
          isOfTool: hasToolTurn(record),
          chosenBy: new Set(),
        };
        entries.set(identity, entry);
        if (chosen.get(row) === identity) entry.chosenBy.add(epoch);
        if (failedRows.has(row)) ofFailed.push(record);
      }
      for (const start of chosenBy) if (editions.includes(start)) entry.chosenBy.add(start);
    });
    mergeUsage(usage, scanned.usage);
    if (scanned.isDamaged) damaged.add(cellFile.name);
    if (!scanned.isEnded) open.add(cellFile.name);
  }
  return { entries: [...entries.values()].sort(byRowAndAge), usage, damaged, open, ofFailed };
}

function keptEntries(entries: readonly Entry[], pruning?: Pruning): Entry[] {
  const chosen = entries.filter(({ chosenBy }) => chosenBy.size > 0);
  const output = new Set(chosen.map(conversationOf));
  const known = new Set(chosen.map(({ row }) => row));
  const isPruned = (entry: Entry) =>
    pruning?.rows.has(entry.row) === true &&
    (known.has(entry.row) || !pruning.isInOutput) &&
    !output.has(conversationOf(entry));
  const isMade = (entry: Entry) => entry.status === 'ok' && !isPruned(entry);
  const open = new Set(openTurns(entries, ({ isOfTool }) => isOfTool));
  const lastOfRow = new Map<number, Entry>();
  for (const entry of entries) {
    if (entry.status === 'ok' || entry.status === 'failed') lastOfRow.set(entry.row, entry);
  }
  const isEnd = (entry: Entry) =>
    isMade(entry) || (entry.status === 'failed' && lastOfRow.get(entry.row) === entry);
  const ended = new Set(entries.filter(isEnd).map(conversationOf));
  return entries
    .filter(({ status }) => status !== 'skip')
    .filter((entry) => isMade(entry) || open.has(entry) || ended.has(conversationOf(entry)))
    .sort((left, right) => left.file - right.file || left.line - right.line);
}

function headsOf(
  { column, rowGroup, epoch }: SettleOptions,
  kept: readonly Entry[],
  usage: ReadonlyMap<string, CallUsage>,
): readonly SettledHead[] {
  const by = new Map<number, number[]>();
  for (const [index, { chosenBy }] of kept.entries()) {
    const line = HEAD_LINES + index;
    for (const start of chosenBy) {
      const lines = by.get(start);
      if (lines === undefined) by.set(start, [line]);
      else lines.push(line);
    }
  }
  const ranges = [...by].map(([start, lines]) => [
    start,
    rangesOf(lines).map(({ first, last }): LineRange => [first, last]),
  ]);
  const folded: FoldedUsage = Object.fromEntries([...usage].filter(([, paid]) => isPaid(paid)));
  return [
    { kind: 'settled', v: RECORD_VERSION, column, rowGroup, epoch, usage: folded },
    { kind: 'chosen', by: Object.fromEntries(ranges) },
  ];
}

async function writeSettled(
  dataset: DatasetStore,
  settled: {
    readonly name: string;
    readonly heads: readonly SettledHead[];
    readonly kept: readonly Entry[];
    readonly files: readonly CellFile[];
  },
): Promise<void> {
  await writeFile(dataset.files, settled.name, async (file) => {
    await pipeline(linesOf(dataset, settled), createGzip(), async (packed: AsyncIterable<Buffer>) => {
      for await (const bytes of packed) await file.append(bytes);
    });
    await file.publish();
  });
}

const NEWLINE = Buffer.from('\n');

async function* linesOf(
  dataset: DatasetStore,
  { heads, kept, files }: Parameters<typeof writeSettled>[1],
): AsyncGenerator<Buffer> {
  yield Buffer.from(heads.map((head) => formatLine(JSON.stringify(head))).join(''));
  let next = 0;
  for (const [index, file] of files.entries()) {
    let number = 0;
    if (kept[next]?.file !== index) continue;
    for await (const lines of readCellLines(dataset, file)) {
      const chunk: Buffer[] = [];
      for (const line of lines) {
        const entry = kept[next];
        if (entry?.file === index && entry.line === number) {
          chunk.push(line.bytes, NEWLINE);
          next += 1;
        }
        number += 1;
      }
      if (chunk.length > 0) yield Buffer.concat(chunk);
    }
  }
  if (next < kept.length) throw new RangeError(`Cannot settle: ${kept.length - next} records are gone`);
}

function byRowAndAge<Item extends Pick<StoredRecord, 'row' | 'at'>>(left: Item, right: Item): number {
  return left.row - right.row || left.at - right.at;
}
