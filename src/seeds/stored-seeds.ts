// The seed rows of a dataset as they were read, once: what every worker reads, whatever becomes of the user's files.
//
//   seeds/<content hash>/rows.jsonl    all rows, a line each; text cells of a CSV file as they were written
//   seeds/<content hash>/index.json    columns with their types, and of each block its rows, byte range and hash
//
//   S1. The index is written last: where it is, the rows are whole.
//   S2. The hash tells every byte of both files, so that two processes may write them at once, each over the other's.

import { StoreError } from '../errors.ts';
import type { StoreFiles } from '../store/files/port.ts';
import { hashOf, parseRows, type RowBlock } from './row-blocks.ts';
import { makeRowReader } from './row-reader.ts';
import type { ReadSource, SeedSource } from './seed-source.ts';
import { contentHashOf, type SeedContent } from './source-content.ts';

const FOLDER = 'seeds';
const INDEX_VERSION = 1;

/** Keeps a source in a dataset, whose `files` these are. Throws `StoreError`. */
export async function writeSeeds(files: StoreFiles, source: ReadSource): Promise<void> {
  const { columns, rowCount, isText, blocks, contentHash } = source;
  const { folder, rows, index } = namesOf(contentHash);
  const [isIndexed, stat] = await Promise.all([files.findStat(index), files.findStat(rows)]);
  if (isIndexed !== undefined && stat?.sizeBytes === blocks.at(-1)?.end) return;
  await files.makeFolder(FOLDER);
  await files.makeFolder(folder);
  const file = await files.start(rows);
  try {
    for await (const bytes of source.readBytes()) await file.append(bytes);
    await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
  const content: SeedContent = { contentHash, rowCount, isText, columns, blocks };
  await files.replace(index, `${JSON.stringify({ v: INDEX_VERSION, ...content })}\n`);
}

/** Undefined where the dataset has no such seed rows. Throws `StoreError` for damaged ones, also when rows are read. */
export async function findSeeds(files: StoreFiles, contentHash: string): Promise<SeedSource | undefined> {
  const { folder, rows, index } = namesOf(contentHash);
  const bytes = await files.find(index);
  if (bytes === undefined) return undefined;
  const damaged = (path: string) =>
    new StoreError(
      `Cannot read "${files.place(path)}": it is damaged. Remove the folder "${files.place(folder)}" and run the same command again`,
    );
  const content = parseIndex(bytes);
  if (content === undefined || contentHashOf(content) !== contentHash) throw damaged(index);

  async function load({ start, end, hash }: RowBlock) {
    const lines = await files.find(rows, { start, end });
    if (lines === undefined || hashOf(lines) !== hash) throw damaged(rows);
    return parseRows(lines, content!.isText);
  }

  return { ...content, readRows: makeRowReader(content, load) };
}

function namesOf(contentHash: string) {
  const folder = `${FOLDER}/${contentHash}`;
  return { folder, rows: `${folder}/rows.jsonl`, index: `${folder}/index.json` };
}

function parseIndex(bytes: Buffer): SeedContent | undefined {
  try {
    const { v, ...content } = JSON.parse(bytes.toString('utf8')) as { v: number } & SeedContent;
    return v === INDEX_VERSION ? content : undefined;
  } catch {
    return undefined;
  }
}
