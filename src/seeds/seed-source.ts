// The rows of seed files: csv, json, jsonl, parquet. Opening reads all of them once, for types, row count, a hash of the
// content, and all that is wrong with them. A client reads rows here to count what a plan would make, and once more all of
// them to hand them to the dataset (`stored-seeds.ts`); nobody else reads files of users.

import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { createBreather } from '../breathe.ts';
import { ConfigError, type Violation } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { ValueObject } from '../values.ts';
import { scanCsv } from './csv-file.ts';
import { scanJson, scanJsonLines } from './json-file.ts';
import { scanParquet } from './parquet-file.ts';
import { isDiskError, Problems, problemOf, reasonOf } from './problems.ts';
import { BlockCutter, type CutBlock } from './row-blocks.ts';
import { makeRowReader, type ReadRows } from './row-reader.ts';
import type { ScanFile, ScannedFile, SeedBlock } from './seed-file.ts';
import { type SeedContent, SourceContent } from './source-content.ts';
import { EncodingError } from './utf8.ts';

export interface SeedSource extends SeedContent {
  /**
   * Rows [first, first + count), each with every column. Throws once what was opened is not there any more: `ConfigError`
   * of a file, `StoreError` of a dataset's copy.
   */
  readonly readRows: ReadRows;
}

export interface FileSource extends SeedSource {
  /**
   * Reads all rows again and gives the bytes of each of `blocks`. Throws `ConfigError` at the first that is not what it
   * was, so that rows of two versions of a file never stand in one dataset: not even where its time and size were kept.
   */
  readBlocks(): AsyncGenerator<Buffer, void>;
}

const SCANS: { readonly [extension: string]: ScanFile } = {
  '.csv': scanCsv,
  '.json': scanJson,
  '.jsonl': scanJsonLines,
  '.parquet': scanParquet,
};

const CHANGED = 'has changed since this command first read it: run the same command again';

interface OpenFile {
  readonly path: string;
  /** Another one tells that the file was written. */
  readonly version: string;
  readonly scanned: ScannedFile;
}

/** Opens files of one kind and with the same columns as one source. Throws `ConfigError` with all that is wrong. */
export async function openSeedSource(files: readonly string[]): Promise<FileSource> {
  const kind = kindOf(files);
  const content = new SourceContent(kind === '.csv');
  const opened: OpenFile[] = [];
  const violations: Violation[] = [];
  for (const path of files) {
    const problems = new Problems(path);
    const file = await openFile(path, { scan: findOwn(SCANS, kind)!, content, problems });
    if (file !== null) {
      opened.push(file);
      if (problems.isEmpty) checkColumns(file, opened[0]!, problems);
    }
    violations.push(...problems.list());
  }
  if (violations.length > 0) throw new ConfigError(violations);
  return sourceOf(opened, content.finish(opened[0]!.scanned.columns));
}

function kindOf(files: readonly string[]): string {
  const [first] = files;
  if (first === undefined) throw new RangeError('Cannot open a seed source without files');
  const kind = extname(first).toLowerCase();
  const violations = files.flatMap((file) => {
    const own = extname(file).toLowerCase();
    if (findOwn(SCANS, own) === undefined) {
      return problemOf(file, 'is no seed file: its name has to end in .csv, .json, .jsonl or .parquet');
    }
    return own === kind ? [] : problemOf(file, `is not of the same kind as ${first}`);
  });
  if (violations.length > 0) throw new ConfigError(violations);
  return kind;
}

async function openFile(
  path: string,
  { scan, content, problems }: { scan: ScanFile; content: SourceContent; problems: Problems },
): Promise<OpenFile | null> {
  let rows = 0;
  try {
    const { version, isEmpty } = await stateOf(path);
    if (isEmpty) {
      problems.add('is empty');
      return null;
    }
    const scanned = await scan(path, {
      onRow(row) {
        rows += 1;
        content.addRow(row);
      },
      onProblem: (message, line) => problems.add(message, line),
    });
    content.addTypes(scanned);
    if (rows === 0 && problems.isEmpty) problems.add('has no rows');
    if ((await stateOf(path)).version !== version) problems.add(CHANGED);
    return { path, version, scanned };
  } catch (error) {
    if (error instanceof EncodingError) problems.add(error.message, error.line);
    else if (isDiskError(error)) problems.add(`cannot be read: ${reasonOf(error)}`);
    else throw error;
    return null;
  }
}

function checkColumns({ path, scanned }: OpenFile, first: OpenFile, problems: Problems): void {
  const expected = first.scanned.columns;
  if (scanned.columns.length === 0) problems.add('has no columns');
  if (scanned.columns.includes('')) problems.add('has a column without a name');
  if (path === first.path) return;
  for (const column of expected) {
    if (!scanned.columns.includes(column)) problems.add(`has no column "${column}", unlike ${first.path}`);
  }
  for (const column of scanned.columns) {
    if (!expected.includes(column)) problems.add(`has a column "${column}", unlike ${first.path}`);
  }
}

/** A block of a file, with its file. */
interface FileBlock extends SeedBlock {
  readonly file: OpenFile;
}

function sourceOf(files: readonly OpenFile[], content: SeedContent): FileSource {
  const blocks = files.flatMap((file) => file.scanned.blocks.map((block): FileBlock => ({ ...block, file })));
  return {
    ...content,
    readRows: makeRowReader(content, { blocks, load: readUnchanged }),
    readBlocks: () => readBlocks(blocks, content),
  };
}

async function* readBlocks(
  fileBlocks: readonly FileBlock[],
  { isText, blocks }: SeedContent,
): AsyncGenerator<Buffer, void> {
  const cutter = new BlockCutter(isText);
  const breathe = createBreather();
  /** The files that the next block has rows of. */
  const paths = new Set<string>();
  let index = 0;

  function checked({ block, bytes }: CutBlock): Buffer {
    if (block.hash !== blocks[index]?.hash) throw changed([...paths]);
    index += 1;
    paths.clear();
    return bytes;
  }

  for (const fileBlock of fileBlocks) {
    for (const row of await readUnchanged(fileBlock)) {
      await breathe();
      paths.add(fileBlock.file.path);
      const cut = cutter.add(row);
      if (cut !== undefined) yield checked(cut);
    }
  }
  const rest = cutter.finish();
  if (rest !== undefined) yield checked(rest);
  if (index < blocks.length) throw changed(fileBlocks.slice(-1).map(({ file }) => file.path));
}

async function readUnchanged(block: FileBlock): Promise<readonly ValueObject[]> {
  const { file } = block;
  try {
    // What a changed file gives, rows or an error, is worth nothing.
    const [read] = await Promise.allSettled([file.scanned.readBlock(block)]);
    if ((await stateOf(file.path)).version !== file.version) throw changed([file.path]);
    if (read.status === 'fulfilled') return read.value;
    // The first reading found nothing wrong.
    throw isDiskError(read.reason) ? read.reason : changed([file.path]);
  } catch (error) {
    if (!isDiskError(error)) throw error;
    throw new ConfigError([problemOf(file.path, `cannot be read: ${reasonOf(error)}`)]);
  }
}

function changed(paths: readonly string[]): ConfigError {
  return new ConfigError([problemOf(paths.join(' or '), CHANGED)]);
}

async function stateOf(path: string): Promise<{ readonly version: string; readonly isEmpty: boolean }> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return { version: [ino, size, mtimeNs].join(':'), isEmpty: size === 0n };
}
