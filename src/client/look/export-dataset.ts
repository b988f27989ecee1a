// `export`: the finished rows as one file or one stream, a row group in memory at a time.
//
//   json   one object a line; nested values nested, whole numbers of any size
//   csv    a header, RFC 4180 quotes, nested values as JSON text; null is an empty field, empty text is ""
//   parquet  one row group a batch, under the schema of the dataset
//
// Pictures that the rows name are copied beside a file, into `images/`.
//
// The rows are those of the output: dropped ones are not among them. With row numbers the first column says which each
// one is, as `show` and `failures` count: the position of a row in a file is less than its number once rows were dropped.

import { basename, dirname } from 'node:path';
import { RefusedError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import { outputColumns } from '../../plan.ts';
import { FolderFiles } from '../../store/files/folder.ts';
import { writeFile } from '../../store/files/port.ts';
import { readOutputFile, rowsOfRanges } from '../../store/groups.ts';
import { editionFolder, imageFolder } from '../../store/names.ts';
import { ParquetEncoder } from '../../store/parquet.ts';
import { nestedRow, parseParquet } from '../../store/read-parquet.ts';
import { formatJson, type ValueObject } from '../../values.ts';
import type { DatasetPlace } from '../wish/find-dataset.ts';
import { csvLine, csvText } from './csv-line.ts';
import { copyPictures } from './export-pictures.ts';
import { checkExportPlace, type ExportFormat } from './export-target.ts';
import { type DatasetTable, openTable } from './open-table.ts';

export type LineFormat = Exclude<ExportFormat, 'parquet'>;

/** The finished rows of a version of a dataset, with the pictures that their columns name. */
export interface ExportSource extends Omit<DatasetTable, 'plan' | 'asked'> {
  /** The first column is the number of the row. */
  readonly hasRowNumbers: boolean;
}

/** The column of {@link ExportOptions.hasRowNumbers}. */
const ROW_NUMBER = 'row_number';

export interface ExportOptions {
  /** A first column `row_number`: the numbers that `show` and `failures` know the rows by. */
  readonly hasRowNumbers?: boolean;
  /** The records that this `schema_transform` makes of the rows, instead of the rows. */
  readonly processor?: string;
}

/**
 * Opens what there is to export. Throws `StoreError` where no row is finished, and `RefusedError` for row numbers beside
 * a column of that name.
 */
export async function openExport(
  place: DatasetPlace,
  { hasRowNumbers = false, processor }: ExportOptions = {},
): Promise<ExportSource> {
  const table = await openTable(place, 'export', { processor });
  const { dataset, epoch, files, pictures, rows, missing, asRecord } = table;
  const columns = [...table.columns];
  if (hasRowNumbers) {
    if (columns.some(({ name }) => name === ROW_NUMBER)) {
      throw new RefusedError(
        `Cannot number the rows of "${dataset.name}": it has a column "${ROW_NUMBER}" of its own. Leave --with-row-number away`,
      );
    }
    if (files.some(({ rowsInFiles }) => rowsInFiles === null)) {
      throw new RefusedError(
        `Cannot number the rows of "${dataset.name}": a processor after generation made them of others. Leave --with-row-number away`,
      );
    }
    columns.unshift({ name: ROW_NUMBER, type: { kind: 'int' } });
  }
  // A record may name any of them.
  const named = processor === undefined ? columns : outputColumns(table.plan);
  const folders = named.map(({ name }) => imageFolder(name));
  return {
    ...{ dataset, epoch, columns, files, rows, missing, hasRowNumbers },
    ...(asRecord === undefined ? {} : { asRecord }),
    pictures: pictures.filter(({ name }) => folders.includes(name.slice(0, name.lastIndexOf('/')))),
  };
}

/** The rows as lines without their ends. Throws `StoreError`. */
export async function* exportLines(source: ExportSource, format: LineFormat): AsyncGenerator<string> {
  const { columns, asRecord = (row) => row } = source;
  if (format === 'csv') yield columns.map(({ name }) => csvText(name)).join(',');
  for await (const batch of readBatches(source)) {
    for (const row of batch)
      yield format === 'csv' ? csvLine(row, columns) : formatJson({ ...row, ...asRecord(row) });
  }
}

export interface ExportFileOptions {
  /** Absolute path. */
  readonly path: string;
  readonly format: ExportFormat;
  readonly isOverwriting: boolean;
  readonly stopSignal?: AbortSignal;
}

/**
 * Writes the rows to a file that is whole when it is seen. Returns its size, or null when it was stopped: nothing is
 * left of it then. Throws `StoreError`, and `RefusedError` for what is no plain file or not to be replaced.
 */
export async function exportFile(source: ExportSource, options: ExportFileOptions): Promise<number | null> {
  const { path, format, isOverwriting, stopSignal } = options;
  await checkExportPlace(path, isOverwriting);
  const folder = new FolderFiles(dirname(path));
  await folder.makeRoot();
  return writeFile(folder, basename(path), async (file) => {
    let sizeBytes = 0;
    const chunks = format === 'parquet' ? parquetChunks(source) : textChunks(source, format);
    for await (const chunk of chunks) {
      if (stopSignal?.aborted) {
        await file.discard();
        return null;
      }
      sizeBytes += chunk.length;
      await file.append(chunk);
    }
    const { dataset, epoch, pictures } = source;
    await copyPictures(pictures, { dataset, epoch, to: folder, stopSignal });
    // Checked again: writing took a while, and another command may have made a file of that name meanwhile.
    await checkExportPlace(path, isOverwriting);
    await file.publish();
    return sizeBytes;
  });
}

async function* readBatches(source: ExportSource): AsyncGenerator<ValueObject[]> {
  const { dataset, epoch, columns, files, hasRowNumbers } = source;
  for (const file of files) {
    const path = dataset.path(`${editionFolder(epoch)}/${file.name}`);
    const rows = await parseParquet(await readOutputFile(dataset, epoch, file), path);
    const numbers = hasRowNumbers ? rowsOfRanges(file.rowsInFiles ?? []) : [];
    yield rows.map((row, position) =>
      nestedRow(hasRowNumbers ? { ...row, [ROW_NUMBER]: BigInt(numbers[position] as number) } : row, columns),
    );
  }
}

const CHUNK_CHARACTERS = 256 * 1024;

/** Lines joined into texts of about 256 k characters: one write for many. */
export async function* joinLines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let joined: string[] = [];
  let length = 0;
  for await (const line of lines) {
    joined.push(line);
    length += line.length;
    if (length < CHUNK_CHARACTERS) continue;
    yield joined.join('\n');
    joined = [];
    length = 0;
  }
  if (joined.length > 0) yield joined.join('\n');
}

async function* textChunks(source: ExportSource, format: LineFormat): AsyncGenerator<Uint8Array> {
  for await (const text of joinLines(exportLines(source, format))) yield Buffer.from(`${text}\n`);
}

async function* parquetChunks(source: ExportSource): AsyncGenerator<Uint8Array> {
  const { columns } = source;
  const encoder = new ParquetEncoder(columns);
  for await (const batch of readBatches(source)) {
    encoder.rowGroup(batch.length, (name) => batch.map((row) => findOwn(row, name) ?? null));
    yield encoder.takeBytes();
  }
  yield encoder.end();
}
