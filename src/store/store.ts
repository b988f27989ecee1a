// A store: a folder of datasets with `store.json`.
//
//   S1. Looking never writes. Opening for building makes what is missing and gives a copy its own ids.
//   S2. `store.json` records its own inode, `dataset.json` its store's id and its folder's name. Where one does not
//       match, the folder is a copy: it gets a new id before anything starts, so that it shares no workflow and no
//       task queue with what it was copied from. A new id follows from the old one and the copied file, so that two
//       commands that find the copy at once agree.
//   S3. An older Rowloom refuses a newer store by name.

import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { DATASET_VERSION, type DatasetRecord, DatasetStore } from './dataset-store.ts';
import { checkVersion, formatDocument, parseDocument } from './documents.ts';
import { type FileStat, type FileSystem, Files, fail } from './files.ts';
import { isDatasetName } from './names.ts';

const STORE_FORMAT_VERSION = 1;

interface StoreRecord {
  readonly storeId: string;
  readonly formatVersion: number;
  readonly inode: string;
}

export interface OpenStoreOptions {
  /** `look` writes nothing and throws where there is no store; `build` makes one and repairs ids. */
  readonly access: 'look' | 'build';
  readonly fileSystem?: FileSystem;
}

/** What a new dataset starts with. */
export type NewDataset = Pick<DatasetRecord, 'seed' | 'rowGroupSize' | 'rows' | 'document'>;

/** Opens a store. Throws `StoreError` where there is none to look at, or one that a newer Rowloom wrote. */
export async function openStore(directory: string, options: OpenStoreOptions): Promise<Store> {
  const files = new Files(options.fileSystem);
  const path = join(resolve(directory), 'store.json');
  if (options.access === 'build' && (await files.findStat(path)) === undefined) {
    await writeStoreRecord(files, { path, storeId: newId(), isNew: true });
  }
  const found = await files.findWithStat(path);
  if (found === undefined)
    return fail(
      `Cannot find datasets in "${resolve(directory)}": make one with \`rowloom run CONFIG\`, or name the folder that has some with --out`,
    );
  const record = parseDocument(found.bytes, path) as unknown as StoreRecord;
  checkVersion(record.formatVersion, { path: resolve(directory), version: STORE_FORMAT_VERSION });
  let id = record.storeId;
  if (record.inode !== found.stat.inode && options.access === 'build') {
    id = copyId(record.storeId, found.stat);
    await writeStoreRecord(files, { path, storeId: id, isNew: false });
  }
  return new Store({ directory: resolve(directory), id, access: options.access, files });
}

export class Store {
  readonly directory: string;
  readonly id: string;
  readonly access: 'look' | 'build';
  readonly files: Files;

  constructor(of: { directory: string; id: string; access: 'look' | 'build'; files: Files }) {
    this.directory = of.directory;
    this.id = of.id;
    this.access = of.access;
    this.files = of.files;
  }

  /** Names of the datasets, sorted. */
  async listDatasets(): Promise<string[]> {
    const names = (await this.files.list(this.directory)).filter(isDatasetName).sort();
    const found = await Promise.all(names.map((name) => this.#has(name)));
    return names.filter((_, index) => found[index]);
  }

  /** Undefined if there is no such dataset. Opened for building, a copy gets its own id first. */
  async findDataset(name: string): Promise<DatasetStore | undefined> {
    if (!isDatasetName(name)) return undefined;
    const dataset = this.#dataset(name);
    const record = await dataset.find();
    if (record === undefined) return undefined;
    const isCopy = record.storeId !== this.id || record.name !== name;
    if (isCopy && this.access === 'build') {
      const stat =
        (await this.files.findStat(dataset.path('dataset.json'))) ?? fail(`Lost "${dataset.directory}"`);
      const id = copyId(`${record.id}/${this.id}/${name}`, stat);
      await dataset.update({ id, storeId: this.id, name });
    }
    return dataset;
  }

  /** Throws `StoreError` if there is no such dataset. */
  async openDataset(name: string): Promise<DatasetStore> {
    const others = async () => (await this.listDatasets()).map((other) => `"${other}"`).join(', ') || 'none';
    return (
      (await this.findDataset(name)) ??
      fail(`Cannot find the dataset "${name}" in "${this.directory}": there is ${await others()}`)
    );
  }

  /** Makes a dataset. Throws `StoreError` for a bad name, a name that is taken, a folder with anything in it. */
  async createDataset(name: string, start: NewDataset): Promise<DatasetStore> {
    if (!isDatasetName(name)) {
      fail(`Cannot name a dataset "${name}": letters, digits, ".", "_" and "-", at most 80, no "." first`);
    }
    const dataset = this.#dataset(name);
    const names = await this.files.list(dataset.directory);
    if (names.includes('dataset.json')) fail(`Cannot make the dataset "${name}": it is there already`);
    if (names.some((found) => !found.startsWith('.dataset.json.'))) {
      fail(`Cannot make a dataset in "${dataset.directory}": the folder is not empty and holds no dataset`);
    }
    const record: DatasetRecord = {
      v: DATASET_VERSION,
      id: newId(),
      storeId: this.id,
      name,
      ...start,
      documentDigest: null,
      planDigest: null,
      state: 'new',
      reason: null,
      answer: null,
      createdAt: Date.now(),
    };
    const isOurs = await this.files.createWhole(dataset.path('dataset.json'), formatDocument(record));
    if (!isOurs) fail(`Cannot make the dataset "${name}": another command has just made it`);
    return dataset;
  }

  #dataset(name: string): DatasetStore {
    return new DatasetStore({ name, directory: join(this.directory, name), files: this.files });
  }

  async #has(name: string): Promise<boolean> {
    return (await this.files.findStat(join(this.directory, name, 'dataset.json'))) !== undefined;
  }
}

/** Where a dataset's folder is: its store's folder and its name. */
export function splitDatasetPath(folder: string): { readonly directory: string; readonly name: string } {
  const path = resolve(folder);
  return { directory: dirname(path), name: basename(path) };
}

async function writeStoreRecord(
  files: Files,
  of: { path: string; storeId: string; isNew: boolean },
): Promise<void> {
  const file = await files.start(of.path);
  try {
    const record: StoreRecord = {
      storeId: of.storeId,
      formatVersion: STORE_FORMAT_VERSION,
      inode: await file.inode(),
    };
    await file.append(formatDocument(record));
    await file.sync();
    if (of.isNew) await file.publishIfAbsent();
    else await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

const ID_LENGTH = 12;

function newId(): string {
  return randomBytes(ID_LENGTH / 2).toString('hex');
}

function copyId(old: string, { inode, changedNs }: FileStat): string {
  return createHash('sha256').update(`${old}/${inode}/${changedNs}`).digest('hex').slice(0, ID_LENGTH);
}
