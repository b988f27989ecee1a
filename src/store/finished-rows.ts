// What processors after generation made of all rows of an edition. The groups' own files stay beside it, in a folder of
// their own: so a dataset can be extended, and an edit of such a processor opens no group.
//
//   F1. It is made once, at the end of a build. The record comes last and is never replaced: without one, files that are there
//       are what a killed attempt left.
//       An attempt that finds the record of another one, which a lost worker may still be at, leaves its files alone.
//   F2. An edition takes it over from another one that has the same groups and processors, as the key tells.

import { digestOf } from '../digest.ts';
import { findOwn } from '../own-keys.ts';
import { finishedColumns, type Plan } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import type { DatasetStore } from './dataset-store.ts';
import { findDocument, formatDocument } from './documents.ts';
import { type OutputFile, readGroups, readOutputFile } from './groups.ts';
import { batchName, editionFolder, GENERATED_FOLDER, OUTPUT_FOLDER } from './names.ts';
import { nestedRow, parseParquet } from './read-parquet.ts';
import { writeRowGroup } from './row-group-writer.ts';

const VERSION = 1;

export interface FinishedRows {
  readonly v: typeof VERSION;
  readonly key: string;
  readonly rows: number;
  /** In the order of the rows, `row_group_size` in each but the last. */
  readonly files: readonly OutputFile[];
}

/** Of an edition; undefined where no processor after generation has made them. Throws `StoreError`. */
export async function findFinishedRows(
  dataset: DatasetStore,
  epoch: number,
): Promise<FinishedRows | undefined> {
  return findDocument(dataset.files, { path: recordPath(epoch), version: VERSION });
}

/** Whether an edition has them, with all files in their size. */
export async function hasFinishedRows(dataset: DatasetStore, epoch: number | undefined): Promise<boolean> {
  const found = epoch === undefined ? undefined : await findFinishedRows(dataset, epoch);
  if (found === undefined) return false;
  for (const { name, sizeBytes } of found.files) {
    const stat = await dataset.files.findStat(`${editionFolder(epoch!)}/${name}`);
    if (stat?.sizeBytes !== sizeBytes) return false;
  }
  return true;
}

/** Names what they are made from. */
export async function finishedKey(dataset: DatasetStore, epoch: number, plan: Plan): Promise<string> {
  let groups = '';
  for await (const { files } of readGroups(dataset, epoch))
    for (const { name, sha256 } of files) if (isGenerated(name)) groups = digestOf([groups, name, sha256]);
  return digestOf({ groups, processors: plan.afterGeneration ?? [], seed: plan.seed });
}

/** Links those of another edition, where they were made from the same. True if the edition has them then. */
export async function takeFinishedRows(
  dataset: DatasetStore,
  { from, to, key }: { readonly from: number | undefined; readonly to: number; readonly key: string },
): Promise<boolean> {
  if (await hasFinishedRows(dataset, to)) return true;
  if (from === undefined || !(await hasFinishedRows(dataset, from))) return false;
  const found = await findFinishedRows(dataset, from);
  if (found?.key !== key) return false;
  await clear(dataset, to);
  const [source, own] = [editionFolder(from), editionFolder(to)];
  for (const { name } of found.files) await dataset.files.link(`${source}/${name}`, `${own}/${name}`);
  await dataset.files.syncFolder(`${own}/${OUTPUT_FOLDER}`);
  await dataset.files.link(recordPath(from), recordPath(to));
  return true;
}

/** The rows of an edition as its groups have them, a group at a time. */
export async function* readGeneratedRows(
  dataset: DatasetStore,
  epoch: number,
  plan: Plan,
): AsyncGenerator<readonly ValueObject[], void> {
  const columns = finishedColumns({ ...plan, afterGeneration: [] });
  for await (const { files } of readGroups(dataset, epoch))
    for (const file of files.filter(({ name }) => isGenerated(name))) {
      const rows = await parseParquet(await readOutputFile(dataset, epoch, file), file.name);
      yield rows.map((row) => nestedRow(row, columns));
    }
}

export interface RowsToFinish {
  readonly epoch: number;
  readonly plan: Plan;
  readonly key: string;
  readonly rows: AsyncIterable<readonly ValueObject[]>;
  /** Called before each file; it throws where a newer build has begun. */
  readonly check: () => Promise<void>;
}

/** Writes them in files of `rowGroupSize` rows, one at least. Throws what the rows throw, `FencedError`, and `StoreError`. */
export async function writeFinishedRows(
  dataset: DatasetStore,
  { epoch, plan, key, rows, check }: RowsToFinish,
): Promise<void> {
  const columns = finishedColumns(plan);
  const files: OutputFile[] = [];
  let count = 0;
  await check();
  await clear(dataset, epoch);
  for await (const batch of inBatches(rows, plan.rowGroupSize)) {
    await check();
    if ((await findFinishedRows(dataset, epoch)) !== undefined) return;
    const name = `${OUTPUT_FOLDER}/${batchName(files.length)}`;
    const path = `${editionFolder(epoch)}/${name}`;
    const valuesOf = (column: string) => batch.map((row) => findOwn(row, column) ?? null);
    const file = { path, columns, rowCount: batch.length, valuesOf };
    files.push({ name, ...(await writeRowGroup(dataset.files, file)) });
    count += batch.length;
  }
  await check();
  const record: FinishedRows = { v: VERSION, key, rows: count, files };
  await dataset.files.create(recordPath(epoch), formatDocument(record));
}

async function* inBatches(
  rows: AsyncIterable<readonly ValueObject[]>,
  size: number,
): AsyncGenerator<readonly ValueObject[], void> {
  let batch: ValueObject[] = [];
  let isFirst = true;
  for await (const piece of rows)
    for (const row of piece) {
      batch.push(row);
      if (batch.length < size) continue;
      yield batch;
      [batch, isFirst] = [[], false];
    }
  // As in Data Designer: where no row is left, a file says which columns there would be.
  if (batch.length > 0 || isFirst) yield batch;
}

/** Removes what a killed attempt left. */
async function clear(dataset: DatasetStore, epoch: number): Promise<void> {
  const folder = `${editionFolder(epoch)}/${OUTPUT_FOLDER}`;
  for (const name of await dataset.files.list(folder)) await dataset.files.remove(`${folder}/${name}`);
}

function isGenerated(name: string): boolean {
  return name.startsWith(`${GENERATED_FOLDER}/`);
}

function recordPath(epoch: number): string {
  return `${editionFolder(epoch)}/finished.json`;
}
