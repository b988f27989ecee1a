// Seed files of Parquet. A block is a row group of the file. Dates and times become ISO text, decimals floats, and a
// float that is not finite is null, as pandas takes it.

import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { findOwn } from '../../own-keys.ts';
import { cellReaderOf, PARSERS, readCell } from './parquet-cells.ts';
import type { ScanFile, SeedBlock } from './seed-file.ts';

export const scanParquet: ScanFile = async (file, listener) => {
  const buffer = await asyncBufferFromFile(file);
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const columns = parquetSchema(metadata).children.map((tree) => ({
      name: tree.element.name,
      reader: cellReaderOf(tree),
    }));
    const blocks: SeedBlock[] = [];
    for (const group of metadata.row_groups) {
      const start = blocks.at(-1)?.end ?? 0;
      const rows = Number(group.num_rows);
      if (rows > 0) blocks.push({ rows, start, end: start + rows, sizeBytes: Number(group.total_byte_size) });
    }
    const readBlock = async ({ start, end }: SeedBlock) => {
      const objects = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        parsers: PARSERS,
        rowStart: start,
        rowEnd: end,
      });
      return objects.map((object) =>
        Object.fromEntries(
          columns.map(({ name, reader }) => [name, readCell(reader, findOwn(object, name))]),
        ),
      );
    };
    for (const block of blocks) for (const row of await readBlock(block)) listener.onRow(row);
    const types = new Map(columns.map(({ name, reader }) => [name, reader.type]));
    return { columns: [...types.keys()], types, blocks, readBlock };
  } catch (error) {
    listener.onProblem(`cannot be read as Parquet: ${(error as Error).message}`);
    return { columns: [], blocks: [], readBlock: async () => [] };
  }
};
