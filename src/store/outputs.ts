// What an edition holds, for each row group and for the whole. A new output is one entry here, with its writer: commits write
// it, starts take it over, looks, exports, metadata and versions find it by these lists.
//
//   O1. The files of a group stand in its record with size and checksum: so they are linked when a start takes the group over,
//       held against the record at the end of a build, and counted by versions, whatever they are.
//   O2. What describes the whole is written at the end of a build. Until then that of the edition before holds, under the
//       same plan.

import { findOwn, setOwn } from '../own-keys.ts';
import { outputColumns, type Plan } from '../plan.ts';
import type { Value, ValueObject } from '../values.ts';
import type { DatasetStore } from './dataset-store.ts';
import { type FailedCell, writeFailures } from './failures.ts';
import type { Drop, GroupRecord, OutputFile } from './groups.ts';
import { type FinishedBuild, writeBuilderConfig, writeMetadata } from './metadata.ts';
import {
  batchName,
  columnFolder,
  DROPPED_FOLDER,
  editionFolder,
  failuresName,
  GENERATED_FOLDER,
  IMAGES_FOLDER,
  OUTPUT_FOLDER,
} from './names.ts';
import type { ParquetColumn } from './parquet-values.ts';
import { writeRowGroup } from './row-group-writer.ts';
import { writeTraces } from './traces.ts';

/** What a commit has of a group for the writers of its outputs. */
export interface GroupToWrite {
  readonly plan: Plan;
  readonly epoch: number;
  readonly rowGroup: number;
  /** The attempt's own: for what two attempts may make differently. */
  readonly nonce: string;
  /** Ascending. */
  readonly completeRows: readonly number[];
  readonly drops: readonly Drop[];
  /** Failed cells that count as made, with null. Those of dropped rows are left out. */
  readonly nulls: readonly Drop[];
  /** What is known of all these cells. */
  readonly failed: readonly FailedCell[];
  /** The values of a column of the output, one for each complete row. Asked for twice, column by column. */
  readonly valuesOf: (column: string) => readonly Value[] | Promise<readonly Value[]>;
  readonly processed: readonly ProcessedRows[];
  /** The files of the dataset that the complete rows name. */
  readonly pictures: readonly OutputFile[];
}

/** What a processor made of a group's rows, for files of its own. */
export interface ProcessedRows {
  /** The processor's. */
  readonly name: string;
  /** Of the whole dataset, not just of these rows. */
  readonly columns: readonly ParquetColumn[];
  readonly rows: readonly ValueObject[];
}

export interface GroupOutput {
  /** Below an edition's; its files stand in it, or in folders of it. */
  readonly folder: string;
  /** Its tables have a line for each row of the group, and columns of the plan. */
  readonly isTable?: true;
  /** Its tables are the rows without dropped columns, as they were generated. */
  readonly isGenerated?: true;
  /** Not every plan has it: who writes it makes its folder. */
  readonly isOptional?: true;
  /** Its files stand in the dataset's folder, whatever edition they belong to. */
  readonly isOfAllEditions?: true;
  /** Data Designer has the same folder in a dataset's: a link leads there. */
  readonly isLinked?: true;
  /** In `metadata.json`, as Data Designer lists them: its files as they are, or, where it has some, by the folders in it. */
  readonly listed?: 'files' | 'folders';
  readonly write: (dataset: DatasetStore, group: GroupToWrite) => Promise<readonly OutputFile[]>;
}

const PROCESSORS_FOLDER = 'processors-files';

/** The folder of a processor's own files. */
export function processorFolder(name: string): string {
  return `${PROCESSORS_FOLDER}/${columnFolder(name)}`;
}

/** As Data Designer spells it in `metadata.json`. */
const PROCESSOR_KEY = 'processor-files';

export const GROUP_OUTPUTS: readonly GroupOutput[] = [
  {
    folder: OUTPUT_FOLDER,
    isTable: true,
    isGenerated: true,
    isLinked: true,
    listed: 'files',
    write: async (dataset, group) =>
      group.plan.afterGeneration === undefined
        ? writeTable(dataset, group, { folder: OUTPUT_FOLDER, isDropped: false })
        : [],
  },
  {
    folder: GENERATED_FOLDER,
    isTable: true,
    isGenerated: true,
    isOptional: true,
    async write(dataset, group) {
      if (group.plan.afterGeneration === undefined) return [];
      await dataset.files.makeFolder(`${editionFolder(group.epoch)}/${GENERATED_FOLDER}`);
      return writeTable(dataset, group, { folder: GENERATED_FOLDER, isDropped: false });
    },
  },
  {
    folder: DROPPED_FOLDER,
    isTable: true,
    isLinked: true,
    write: async (dataset, group) =>
      group.plan.preservesDropped === false
        ? []
        : writeTable(dataset, group, { folder: DROPPED_FOLDER, isDropped: true }),
  },
  {
    folder: PROCESSORS_FOLDER,
    isLinked: true,
    listed: 'folders',
    write: writeProcessed,
  },
  // They are there since their cells were made: the record names them, so that a start sees when one is gone.
  { folder: IMAGES_FOLDER, isOfAllEditions: true, write: async (_, { pictures }) => pictures },
  {
    folder: 'failures',
    async write(dataset, group) {
      const name = failuresName(group);
      const written = await writeFailures(dataset, `${editionFolder(group.epoch)}/${name}`, group);
      return written === undefined ? [] : [{ name, ...written }];
    },
  },
];

/** What describes an edition as a whole. */
export interface EditionOutput {
  readonly name: string;
  /** A file that Data Designer has in a dataset's folder, too: a link leads there, and it holds until it is written anew. */
  readonly isLinked?: true;
  readonly write: (dataset: DatasetStore, build: FinishedBuild, path: string) => Promise<void>;
}

export const EDITION_OUTPUTS: readonly EditionOutput[] = [
  {
    name: 'metadata.json',
    isLinked: true,
    write: (dataset, build, path) => writeMetadata(dataset, build, { path, filePathsOf }),
  },
  { name: 'builder_config.json', isLinked: true, write: writeBuilderConfig },
  { name: 'traces', write: (dataset, _build, path) => writeTraces(dataset, path) },
];

/** The folders that every edition has: nothing but its start makes one, so that who is fenced finds them gone. */
export const EDITION_FOLDERS: readonly string[] = [
  'groups',
  ...GROUP_OUTPUTS.filter((output) => !output.isOfAllEditions && !output.isOptional).map(
    ({ folder }) => folder,
  ),
];

/** What is linked into the dataset's folder, under Data Designer's names. */
export const LINKED_FOLDERS: readonly string[] = GROUP_OUTPUTS.filter(({ isLinked }) => isLinked).map(
  ({ folder }) => folder,
);
export const LINKED_FILES: readonly string[] = EDITION_OUTPUTS.filter(({ isLinked }) => isLinked).map(
  ({ name }) => name,
);
export const LINKED_NAMES: readonly string[] = [...LINKED_FOLDERS, ...LINKED_FILES];

/** The files of a group's outputs of one sort. */
export function filesOf(
  { files }: GroupRecord,
  sort: 'isTable' | 'isGenerated' | 'isOfAllEditions',
): readonly OutputFile[] {
  return files.filter(({ name }) => GROUP_OUTPUTS.some((output) => output[sort] && isIn(output, name)));
}

/** Writes what describes an edition as a whole. */
export async function describeEdition(dataset: DatasetStore, build: FinishedBuild): Promise<void> {
  for (const { name, write } of EDITION_OUTPUTS) {
    await write(dataset, build, `${editionFolder(build.epoch)}/${name}`);
  }
}

/** The names of files as `metadata.json` lists them. */
function filePathsOf(names: readonly string[]): { readonly [key: string]: unknown } {
  const paths: Record<string, unknown> = {};
  for (const output of GROUP_OUTPUTS) {
    const own = names.filter((name) => isIn(output, name));
    if (output.listed === 'files') setOwn(paths, output.folder, own);
    if (output.listed === 'folders' && own.length > 0) setOwn(paths, PROCESSOR_KEY, byFolder(own));
  }
  return paths;
}

function byFolder(names: readonly string[]): { readonly [folder: string]: readonly string[] } {
  const folders: Record<string, string[]> = {};
  for (const name of names) {
    const folder = decodeURIComponent(name.split('/')[1] ?? '');
    const own = findOwn(folders, folder);
    if (own === undefined) setOwn(folders, folder, [name]);
    else own.push(name);
  }
  return folders;
}

function isIn({ folder }: GroupOutput, name: string): boolean {
  return name.startsWith(`${folder}/`);
}

/** No file where no row is left, or there are no such columns. */
async function writeTable(
  { files }: DatasetStore,
  { plan, epoch, rowGroup, completeRows, valuesOf }: GroupToWrite,
  { folder, isDropped }: { readonly folder: string; readonly isDropped: boolean },
): Promise<OutputFile[]> {
  const columns = outputColumns(plan).filter(({ drop }) => drop === isDropped);
  const rowCount = completeRows.length;
  if (columns.length === 0 || rowCount === 0) return [];
  const name = `${folder}/${batchName(rowGroup)}`;
  const path = `${editionFolder(epoch)}/${name}`;
  return [{ name, ...(await writeRowGroup(files, { path, columns, rowCount, valuesOf })) }];
}

/** `processors-files/<name>/batch_00042.parquet` for each processor that keeps rows of its own. */
async function writeProcessed(
  { files }: DatasetStore,
  { epoch, rowGroup, processed }: GroupToWrite,
): Promise<OutputFile[]> {
  const written: OutputFile[] = [];
  for (const { name: processor, columns, rows } of processed) {
    const folder = processorFolder(processor);
    const name = `${folder}/${batchName(rowGroup)}`;
    await files.makeFolder(`${editionFolder(epoch)}/${folder}`);
    const path = `${editionFolder(epoch)}/${name}`;
    const valuesOf = (column: string) => rows.map((row) => findOwn(row, column) ?? null);
    const file = await writeRowGroup(files, { path, columns, rowCount: rows.length, valuesOf });
    written.push({ name, ...file });
  }
  return written;
}
