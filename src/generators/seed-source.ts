// The rows of seed files: csv, json, jsonl, parquet. Opening reads all of them once, for types, row count, a hash of the
// content, and all that is wrong with them. After that rows are read block by block, and few blocks stay in memory.

import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { ConfigError, type Violation } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import { BlockCache } from './seeds/block-cache.ts';
import { scanCsv } from './seeds/csv-file.ts';
import { scanJson, scanJsonLines } from './seeds/json-file.ts';
import { scanParquet } from './seeds/parquet-file.ts';
import { isDiskError, Problems, problemOf, reasonOf } from './seeds/problems.ts';
import type { ScanFile, ScannedFile, SeedBlock } from './seeds/seed-file.ts';
import { SourceContent } from './seeds/source-content.ts';
import { EncodingError } from './seeds/utf8.ts';

interface SeedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Rows of the source that have nothing in it. */
  readonly emptyCells: number;
}

export interface SeedSource {
  /** In the order of the first file. */
  readonly columns: readonly SeedColumn[];
  readonly rowCount: number;
  /** Hash of columns, types, and cells in row order; how the files write them does not matter. */
  readonly contentHash: string;
  /** Rows [first, first + count), each with every column. Throws `ConfigError` once a file is not what was opened. */
  readRows(first: number, count: number): Promise<readonly ValueObject[]>;
}

const SCANS: { readonly [extension: string]: ScanFile } = {
  '.csv': scanCsv,
  '.json': scanJson,
  '.jsonl': scanJsonLines,
  '.parquet': scanParquet,
};

/** Bytes of blocks, as they are in the files, that stay parsed. */
const CACHE_BYTES = 32 * 1024 * 1024;
const CHANGED = 'has changed since the build started: run again';

interface OpenFile {
  readonly path: string;
  /** Another one tells that the file was written. */
  readonly version: string;
  readonly scanned: ScannedFile;
}

/**
 * The source that was opened last. A `run` opens it for its plan and its worker, in the same process, once more: reading
 * a gigabyte takes most of a minute.
 */
let latest: { readonly versions: string; readonly source: SeedSource } | undefined;

/**
 * Opens files of one kind and with the same columns as one source; the same one again while nobody has written the files.
 * Throws `ConfigError` with all that is wrong.
 */
export async function openSeedSource(files: readonly string[]): Promise<SeedSource> {
  const versions = await versionsOf(files);
  if (versions !== undefined && versions === latest?.versions) return latest.source;
  const { opened, source } = await scanSource(files);
  latest = { versions: formatVersions(opened), source };
  return source;
}

/** Undefined when a file is not there: opening it says why. */
async function versionsOf(files: readonly string[]): Promise<string | undefined> {
  try {
    const states = await Promise.all(files.map(stateOf));
    return formatVersions(states.map(({ version }, index) => ({ path: files[index]!, version })));
  } catch {
    return undefined;
  }
}

function formatVersions(files: readonly Pick<OpenFile, 'path' | 'version'>[]): string {
  return JSON.stringify(files.map(({ path, version }) => [path, version]));
}

interface ScannedSource {
  readonly opened: readonly OpenFile[];
  readonly source: SeedSource;
}

async function scanSource(files: readonly string[]): Promise<ScannedSource> {
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
  return { opened, source: sourceOf(opened, content) };
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

interface PlacedBlock {
  readonly file: OpenFile;
  readonly block: SeedBlock;
  /** Its first row in the source. */
  readonly first: number;
}

function sourceOf(files: readonly OpenFile[], content: SourceContent): SeedSource {
  const columns = files[0]!.scanned.columns.map((name) => ({ name, type: content.typeOf(name) }));
  const cache = new BlockCache(CACHE_BYTES);
  const blocks: PlacedBlock[] = [];
  let rowCount = 0;
  for (const file of files) {
    for (const block of file.scanned.blocks) {
      blocks.push({ file, block, first: rowCount });
      rowCount += block.rows;
    }
  }

  async function load({ file, block }: PlacedBlock): Promise<readonly ValueObject[]> {
    const rows = await readUnchanged(file, block);
    return rows.map((row) =>
      Object.fromEntries(
        columns.map(({ name, type }) => [name, content.cellOf(findOwn(row, name) ?? null, type)]),
      ),
    );
  }

  return {
    columns: columns.map((column) => ({ ...column, emptyCells: content.emptyCellsOf(column.name) })),
    rowCount,
    contentHash: content.hashWith(columns),
    async readRows(first, count) {
      if (first < 0 || count < 0 || first + count > rowCount) {
        throw new RangeError(`Cannot read ${count} seed rows from ${first}: the source has ${rowCount}`);
      }
      const rows: ValueObject[] = [];
      for (let index = lastIndexUpTo(blocks, first); rows.length < count; index++) {
        const placed = blocks[index]!;
        const loaded = await cache.read(placed.block, () => load(placed));
        const wanted = loaded.slice(Math.max(0, first - placed.first), first + count - placed.first);
        for (const row of wanted) rows.push(row);
      }
      return rows;
    },
  };
}

async function readUnchanged(file: OpenFile, block: SeedBlock): Promise<readonly ValueObject[]> {
  try {
    // What a changed file gives, rows or an error, is worth nothing.
    const [read] = await Promise.allSettled([file.scanned.readBlock(block)]);
    if ((await stateOf(file.path)).version !== file.version)
      throw new ConfigError([problemOf(file.path, CHANGED)]);
    if (read.status === 'rejected') throw read.reason;
    return read.value;
  } catch (error) {
    if (!isDiskError(error)) throw error;
    throw new ConfigError([problemOf(file.path, `cannot be read: ${reasonOf(error)}`)]);
  }
}

/** The last block that starts at or before a row. */
function lastIndexUpTo(blocks: readonly PlacedBlock[], row: number): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (blocks[middle]!.first <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function stateOf(path: string): Promise<{ readonly version: string; readonly isEmpty: boolean }> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return { version: [ino, size, mtimeNs].join(':'), isEmpty: size === 0n };
}
