// A store: a folder of datasets with `store.json`.
//
//   S1. Looking never writes. Opening for building makes what is missing and gives a copy its own ids.
//   S2. `store.json` records which file `.store` beside it is, `dataset.json` its store's id and its folder's name. Where
//       one does not match, the folder is a copy: it gets a new id before anything starts, so that it shares no workflow and
//       no task queue with what it was copied from. A new id follows from the old one and the copied file, so that two
//       commands that find the copy at once agree.
//   S3. A store that was replaced where it stood, by a restore or a tool that keeps folders in step, is no copy while a
//       process of this machine builds in it: that one would not be found under another id.
//   S4. A store of another format, older or newer, is refused by name and left as it is.

import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { DATASET_FOLDERS, DATASET_VERSION, type DatasetRecord, DatasetStore } from './dataset-store.ts';
import { checkVersion, formatDocument, parseDocument } from './documents.ts';
import { fail } from './fail.ts';
import type { FileSystem } from './files/file-system.ts';
import { FolderFiles } from './files/folder.ts';
import type { FileStat, StoreFiles } from './files/port.ts';
import { livenessOf } from './liveness.ts';
import { isDatasetName } from './names.ts';

const STORE_FORMAT_VERSION = 3;

const RECORD = 'store.json';
/** Made once and never written again: its identity tells this store from a copy, however often `store.json` is replaced. */
const ANCHOR = '.store';
const ANCHOR_TEXT = 'This file tells the store from its copies. Please leave it here.\n';

interface StoreRecord {
  readonly storeId: string;
  readonly formatVersion: number;
  /** The identity of `.store`. */
  readonly anchor: string;
  /** The folder as the command that wrote this called it. */
  readonly place: string;
}

export interface OpenStoreOptions {
  /** `look` writes nothing and throws where there is no store; `build` makes one and repairs ids. */
  readonly access: 'look' | 'build';
  readonly fileSystem?: FileSystem;
}

/** What a new dataset starts with. */
export type NewDataset = Pick<DatasetRecord, 'seed' | 'rowGroupSize'>;

/** Opens a store. Throws `StoreError` where there is none to look at, or one of another format. */
export async function openStore(directory: string, options: OpenStoreOptions): Promise<Store> {
  const { access, fileSystem } = options;
  const files = new FolderFiles(directory, fileSystem);
  if (access === 'build' && !(await files.has(RECORD))) {
    await files.makeRoot();
    await writeRecord(files, { storeId: newId(), isNew: true });
  }
  const bytes =
    (await files.find(RECORD)) ??
    fail(
      `Cannot find datasets in "${files.place()}": make one with \`rowloom run CONFIG\`, or name the folder that has some with --out`,
    );
  const record = parseDocument(bytes, files.place(RECORD)) as unknown as StoreRecord;
  checkVersion(record.formatVersion, { path: files.place(), version: STORE_FORMAT_VERSION });
  const found = new Store({ id: record.storeId, access: 'look', files });
  if (access === 'look') return found;
  return new Store({ id: await repairId(found, record), access, files });
}

export class Store {
  readonly directory: string;
  readonly id: string;
  readonly access: 'look' | 'build';
  readonly files: StoreFiles;

  constructor(of: { readonly id: string; readonly access: 'look' | 'build'; readonly files: StoreFiles }) {
    this.directory = of.files.place();
    this.id = of.id;
    this.access = of.access;
    this.files = of.files;
  }

  /** Names of the datasets, sorted. */
  async listDatasets(): Promise<string[]> {
    const names = (await this.files.list('')).filter(isDatasetName).sort();
    const found = await Promise.all(names.map((name) => this.#has(name)));
    return names.filter((_, index) => found[index]);
  }

  /** Undefined if there is no such dataset. Opened for building, a copy gets its own id first. */
  async findDataset(name: string): Promise<DatasetStore | undefined> {
    if (!isDatasetName(name)) return undefined;
    const dataset = this.#dataset(name);
    const path = recordPath(name);
    for (;;) {
      const before = await this.files.findStat(path);
      const record = await dataset.find();
      if (record === undefined) return undefined;
      const isCopy = record.storeId !== this.id || record.name !== name;
      if (!isCopy || this.access === 'look') return dataset;
      const stat = await this.files.findStat(path);
      // Another command has put it right between these looks: an id made from what is there now would be a third one.
      if (before === undefined || stat?.identity !== before.identity) continue;
      const id = copyId(`${record.id}/${this.id}/${name}`, stat);
      const repaired: DatasetRecord = { ...record, id, storeId: this.id, name };
      await this.files.replace(path, formatDocument(repaired));
      return dataset;
    }
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
    const names = await this.files.list(name);
    if (names.includes('dataset.json')) fail(`Cannot make the dataset "${name}": it is there already`);
    if (names.some((found) => !DATASET_FOLDERS.includes(found))) {
      fail(
        `Cannot make a dataset in "${this.files.place(name)}": the folder is not empty and holds no dataset`,
      );
    }
    const record: DatasetRecord = {
      v: DATASET_VERSION,
      id: newId(),
      storeId: this.id,
      name,
      ...start,
      createdAt: Date.now(),
    };
    const dataset = this.#dataset(name);
    await this.files.makeFolder(name);
    await dataset.makeFolders();
    const isOurs = await this.files.create(recordPath(name), formatDocument(record));
    if (!isOurs) fail(`Cannot make the dataset "${name}": another command has just made it`);
    return dataset;
  }

  #dataset(name: string): DatasetStore {
    return new DatasetStore({ name, files: this.files.below(name) });
  }

  async #has(name: string): Promise<boolean> {
    return this.files.has(recordPath(name));
  }
}

function recordPath(dataset: string): string {
  return `${dataset}/dataset.json`;
}

/** Where a dataset's folder is: its store's folder and its name. */
export function splitDatasetPath(folder: string): { readonly directory: string; readonly name: string } {
  const path = resolve(folder);
  return { directory: dirname(path), name: basename(path) };
}

/** The store's id; first a new one for a copy. */
async function repairId(store: Store, { storeId, anchor, place }: StoreRecord): Promise<string> {
  const { files } = store;
  const stat = await findAnchor(files);
  if (stat.identity === anchor) return storeId;
  const isReplaced = place === files.place() && (await hasBuildOfThisMachine(store));
  const id = isReplaced ? storeId : copyId(storeId, stat);
  await writeRecord(files, { storeId: id, isNew: false });
  return id;
}

async function writeRecord(
  files: StoreFiles,
  { storeId, isNew }: { readonly storeId: string; readonly isNew: boolean },
): Promise<void> {
  const record: StoreRecord = {
    storeId,
    formatVersion: STORE_FORMAT_VERSION,
    anchor: (await findAnchor(files)).identity,
    place: files.place(),
  };
  await files[isNew ? 'create' : 'replace'](RECORD, formatDocument(record));
}

/** Made where it is missing: a copy of all that is not hidden. */
async function findAnchor(files: StoreFiles): Promise<FileStat> {
  const found = await files.findStat(ANCHOR);
  if (found !== undefined) return found;
  await files.create(ANCHOR, ANCHOR_TEXT);
  return (await files.findStat(ANCHOR)) ?? fail(`Cannot find "${files.place(ANCHOR)}": it was just made`);
}

/** Whether a process that was started here builds one of the datasets. Those that cannot be read are passed over. */
async function hasBuildOfThisMachine(store: Store): Promise<boolean> {
  const starts = await Promise.allSettled(
    (await store.listDatasets()).map(async (name) => (await store.openDataset(name)).findNewestStart()),
  );
  return starts.some(
    (found) => found.status === 'fulfilled' && found.value !== undefined && livenessOf(found.value) === true,
  );
}

const ID_LENGTH = 12;

function newId(): string {
  return randomBytes(ID_LENGTH / 2).toString('hex');
}

function copyId(old: string, { identity, modifiedMs }: FileStat): string {
  return createHash('sha256').update(`${old}/${identity}/${modifiedMs}`).digest('hex').slice(0, ID_LENGTH);
}
