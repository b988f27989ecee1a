// The rows of a Parquet file. A block is a row group of the file. Dates and times become ISO text, decimals whole numbers
// or floats. What the metadata says of the rest of the file is checked against the rest: the decoder trusts it.

import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type RowGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getPhysicalColumns } from 'hyparquet/src/schema.js';
import { compressors } from 'hyparquet-compressors';
import { findOwn } from '../own-keys.ts';
import type { ValueObject } from '../values.ts';
import { cellReaderOf, isDecimal, PARSERS, ParquetProblem, readCell } from './parquet-cells.ts';
import { isDiskError, reasonOf } from './problems.ts';
import type { ScannedFile, SeedBlock } from './seed-file.ts';

/** Opens a file without reading its rows. Throws; {@link parquetProblemOf} says why. */
export async function openParquet(path: string): Promise<ScannedFile> {
  const buffer = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
  const tree = parquetSchema(metadata);
  checkNames(tree);
  checkGroups(metadata, tree);
  const columns = tree.children.map((column) => ({
    name: column.element.name,
    reader: cellReaderOf(column),
    // Of others the decoder may leave out a null.
    isFlat: column.children.length === 0 && column.element.repetition_type !== 'REPEATED',
  }));
  const blocks: SeedBlock[] = [];
  const groupAt = new Map<number, RowGroup>();
  for (const group of metadata.row_groups) {
    const start = blocks.at(-1)?.end ?? 0;
    const rows = Number(group.num_rows);
    groupAt.set(start, group);
    if (rows > 0) blocks.push({ rows, start, end: start + rows, sizeBytes: Number(group.total_byte_size) });
  }

  function rowOf(object: { readonly [column: string]: unknown }): ValueObject {
    return Object.fromEntries(
      columns.map(({ name, reader, isFlat }) => {
        const cell = findOwn(object, name);
        if (isFlat && cell === undefined) throw new RangeError(`Too few cells in column "${name}"`);
        return [name, readCell(reader, cell)];
      }),
    );
  }

  return {
    columns: columns.map(({ name }) => name),
    types: new Map(columns.map(({ name, reader }) => [name, reader.type])),
    blocks,
    async readBlock({ start, end }) {
      await checkPages(buffer, groupAt.get(start)!);
      const objects = await parquetReadObjects({
        file: buffer,
        metadata: { ...metadata, schema: metadata.schema.map(asRaw) },
        compressors,
        parsers: PARSERS,
        rowStart: start,
        rowEnd: end,
      });
      return objects.map((object, index) => {
        try {
          return rowOf(object);
        } catch (error) {
          if (!(error instanceof ParquetProblem)) throw error;
          throw new ParquetProblem(`${error.message} (first in row ${start + index})`);
        }
      });
    },
  };
}

/** Why a file cannot be read, after its name. */
export function parquetProblemOf(error: unknown): string {
  if (error instanceof ParquetProblem) return error.message;
  if (isDiskError(error)) return `cannot be read: ${reasonOf(error)}`;
  return 'is damaged, or is no Parquet file: write it again with the program that made it';
}

/** The decoder makes floats of decimals; what is marked as JSON it hands over as it is. */
function asRaw(element: SchemaElement): SchemaElement {
  if (!isDecimal(element)) return element;
  const { logical_type: _, ...plain } = element;
  return { ...plain, converted_type: 'JSON' };
}

function checkNames({ children, path }: SchemaTree): void {
  const seen = new Set<string>();
  for (const child of children) {
    const { name } = child.element;
    if (seen.has(name)) {
      const where = path.length === 0 ? '' : ` in column "${path.join('.')}"`;
      const word = path.length === 0 ? 'column' : 'field';
      throw new ParquetProblem(`has ${word} "${name}" twice${where}: rename one`);
    }
    seen.add(name);
    checkNames(child);
  }
}

/** Throws `RangeError` where the metadata contradicts itself. */
function checkGroups(metadata: FileMetaData, tree: SchemaTree): void {
  const leaves = getPhysicalColumns(tree);
  let rows = 0n;
  for (const { columns, num_rows } of metadata.row_groups) {
    rows += num_rows;
    const paths = columns.map(({ meta_data, file_path }) =>
      file_path === undefined ? meta_data?.path_in_schema.join('.') : undefined,
    );
    if (num_rows < 0n || paths.join('\n') !== leaves.join('\n')) throw new RangeError('Other columns');
  }
  if (rows !== metadata.num_rows) throw new RangeError('Other rows');
}

/** Throws `RangeError` where the pages of a column have other cells than the metadata says: the decoder would loop. */
async function checkPages(buffer: AsyncBuffer, { columns }: RowGroup): Promise<void> {
  for (const { meta_data: meta } of columns) {
    const start = Number(meta!.dictionary_page_offset || meta!.data_page_offset);
    const view = new DataView(await buffer.slice(start, start + Number(meta!.total_compressed_size)));
    const reader = { view, offset: 0 };
    let cells = 0;
    while (reader.offset < view.byteLength - 1) {
      const {
        compressed_page_size: size,
        data_page_header: first,
        data_page_header_v2: second,
      } = parquetHeader(reader);
      const numbers = [size, first?.num_values ?? 0];
      if (second !== undefined) {
        numbers.push(second.num_values, second.num_nulls, second.num_rows);
        numbers.push(second.definition_levels_byte_length, second.repetition_levels_byte_length);
      }
      // One that is missing is undefined.
      if (!numbers.every((number) => number >= 0)) throw new RangeError('Other pages');
      cells += first?.num_values ?? second?.num_values ?? 0;
      reader.offset += size;
    }
    if (cells !== Number(meta!.num_values)) throw new RangeError('Other cells');
  }
}
