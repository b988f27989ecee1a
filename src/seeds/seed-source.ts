// The rows of seed files: separated values, JSON, JSON Lines and Parquet. They are read once, all of them, for types, row
// count, a hash of the content, and all that is wrong with them. What becomes of the files after that changes nothing: a
// client counts from the rows that it read, and hands them to the dataset (`stored-seeds.ts`).

import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { ConfigError, type Violation } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { scanCsv } from './csv-file.ts';
import { scanJson, scanJsonLines } from './json-file.ts';
import { scanParquet } from './parquet-file.ts';
import { isDiskError, Problems, problemOf, reasonOf } from './problems.ts';
import { parseRows, type WrittenRow } from './row-blocks.ts';
import { makeRowReader, type ReadRows } from './row-reader.ts';
import type { ScanFile } from './seed-file.ts';
import { type SeedContent, SourceContent } from './source-content.ts';
import { StagedRows } from './staged-rows.ts';
import { EncodingError, plainName } from './text-file.ts';

export interface SeedSource extends SeedContent {
  /** Rows [first, first + count), each with every column. Throws `StoreError` for a dataset's damaged copy. */
  readonly readRows: ReadRows;
}

/** A source that no dataset has yet. */
export interface ReadSource extends SeedSource {
  /** The bytes of all `blocks`. */
  readBytes(): AsyncGenerator<Buffer, void>;
}

interface Format {
  readonly scan: ScanFile;
  /** Cells are text until the types of all are known. */
  readonly isText?: true;
  /** Files need not have the same columns: what a row does not have is null. */
  readonly isUnited?: true;
}

const CSV: Format = { scan: scanCsv, isText: true };
const FORMATS: { readonly [extension: string]: Format } = {
  '.csv': CSV,
  '.tsv': CSV,
  '.json': { scan: scanJson, isUnited: true },
  '.jsonl': { scan: scanJsonLines, isUnited: true },
  '.ndjson': { scan: scanJsonLines, isUnited: true },
  '.parquet': { scan: scanParquet },
};

/** Opens files of one kind as one source. Throws `ConfigError` with all that is wrong, and `StoreError`. */
export async function openSeedSource(files: readonly string[]): Promise<ReadSource> {
  const { scan, isText = false, isUnited = false } = formatOf(files);
  const reading = new Reading(isText);
  const columns: string[] = [];
  const violations: Violation[] = [];
  for (const path of files) {
    const problems = new Problems(path);
    const own = await reading.readFile(path, { scan, problems });
    if (own !== null && problems.isEmpty) {
      checkColumns(own, problems);
      if (columns.length > 0 && !isUnited) checkSame(own, { columns, first: files[0]!, problems });
    }
    for (const column of own ?? []) if (!columns.includes(column)) columns.push(column);
    violations.push(...problems.list());
  }
  if (violations.length > 0) throw new ConfigError(violations);
  return reading.finish(columns);
}

/** Makes a source of rows that come from anywhere, null for a place without one. Throws `ConfigError` about `name` where there is no row or no column. */
export async function sourceOfRows(rows: AsyncIterable<WrittenRow>, name: string): Promise<ReadSource> {
  const reading = new Reading(false);
  const problems = new Problems(name);
  const columns = new Set<string>();
  for await (const row of rows) {
    for (const column of Object.keys(row ?? {})) columns.add(column);
    await reading.addRow(row);
  }
  if (reading.rowCount === 0) problems.add('has no rows');
  else checkColumns([...columns], problems);
  if (!problems.isEmpty) throw new ConfigError(problems.list());
  return reading.finish([...columns]);
}

function formatOf(files: readonly string[]): Format {
  const kindOf = (file: string) => extname(plainName(file)).toLowerCase();
  const [first] = files;
  if (first === undefined) throw new RangeError('Cannot open a seed source without files');
  const format = findOwn(FORMATS, kindOf(first));
  const violations = files.flatMap((file) => {
    const own = findOwn(FORMATS, kindOf(file));
    if (own === undefined) {
      return problemOf(
        file,
        'is no seed file: its name has to end in .csv, .tsv, .json, .jsonl or .parquet; .gz or .zst may follow all but the last',
      );
    }
    return format === undefined || own.scan === format.scan
      ? []
      : problemOf(file, `is not of the same kind as ${first}`);
  });
  if (violations.length > 0) throw new ConfigError(violations);
  return format!;
}

class Reading {
  readonly #content: SourceContent;
  readonly #staged = new StagedRows();

  constructor(isText: boolean) {
    this.#content = new SourceContent(isText);
  }

  get rowCount(): number {
    return this.#content.rowCount;
  }

  /** The columns of a file; null where it could not be read. */
  async readFile(
    path: string,
    { scan, problems }: { readonly scan: ScanFile; readonly problems: Problems },
  ): Promise<readonly string[] | null> {
    const content = this.#content;
    const rowsBefore = content.rowCount;
    try {
      const { version, isEmpty } = await stateOf(path);
      if (isEmpty) {
        problems.add('is empty');
        return null;
      }
      const columns = await scan(path, {
        addRow: (row) => content.addRow(row),
        addPlainRow: (row) => content.addPlainRow(row),
        addLine: (line) => content.addLine(line),
        addFilled: (column, rows) => content.addFilled(column, rows),
        addType: (column, type) => content.addType(column, type),
        observerOf: (column) => content.observerOf(column),
        addProblem: (message, line) => problems.add(message, line),
        drain: () => this.#drain(),
      });
      if (content.rowCount === rowsBefore && problems.isEmpty) problems.add('has no rows');
      if ((await stateOf(path)).version !== version) {
        problems.add('has changed while it was read: run the same command again');
      }
      return columns;
    } catch (error) {
      if (error instanceof EncodingError) problems.add(error.message, error.line);
      else if (isDiskError(error)) problems.add(`cannot be read: ${reasonOf(error)}`);
      else throw error;
      return null;
    }
  }

  async addRow(row: WrittenRow): Promise<void> {
    if (row === null) this.#content.addHole();
    else this.#content.addRow(row);
    await this.#drain();
  }

  async finish(columns: readonly string[]): Promise<ReadSource> {
    const content = this.#content.finish(columns);
    const staged = this.#staged;
    staged.add(this.#content.takeBytes());
    await staged.flush();
    return {
      ...content,
      readRows: makeRowReader(content, async (block) => parseRows(await staged.read(block), content.isText)),
      readBytes: () => staged.readAll(),
    };
  }

  async #drain(): Promise<void> {
    this.#staged.add(this.#content.takeBytes());
    if (this.#staged.isFull) await this.#staged.flush();
  }
}

function checkColumns(columns: readonly string[], problems: Problems): void {
  if (columns.length === 0) problems.add('has no columns');
  if (columns.includes('')) problems.add('has a column without a name');
}

function checkSame(
  own: readonly string[],
  { columns, first, problems }: { columns: readonly string[]; first: string; problems: Problems },
): void {
  for (const column of columns) {
    if (!own.includes(column)) problems.add(`has no column "${column}", unlike ${first}`);
  }
  for (const column of own) {
    if (!columns.includes(column)) problems.add(`has a column "${column}", unlike ${first}`);
  }
}

/** Another version tells that the file was written. */
async function stateOf(path: string): Promise<{ readonly version: string; readonly isEmpty: boolean }> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { version: [ino, size, mtimeNs, ctimeNs].join(':'), isEmpty: size === 0n };
}
