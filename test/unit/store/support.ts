// A store in a temporary folder, records and plans of a few words, and file systems that fail.

import { existsSync } from 'node:fs';
import nodeFs, { type FileHandle, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ColumnType, Plan } from '../../../src/plan.ts';
import { type ScannedFile, scanCellFile } from '../../../src/store/cell-files.ts';
import { DatasetStore, type EpochRecord } from '../../../src/store/dataset-store.ts';
import type { FileSystem } from '../../../src/store/files/file-system.ts';
import { MemoryWorld } from '../../../src/store/files/memory.ts';
import { parseCellFileName } from '../../../src/store/names.ts';
import type { StoredRecord } from '../../../src/store/records.ts';
import { openStore, Store } from '../../../src/store/store.ts';
import { type Hook, hooked } from '../../support/hooked-files.ts';
import { planWith, textColumn } from '../../support/plans.ts';

/** In memory where there is such a place: the tests sync thousands of files. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(PARENT, 'rowloom-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestDatasetOptions {
  readonly fileSystem?: FileSystem;
  readonly directory?: string;
  readonly rowGroupSize?: number;
}

/** The dataset `tickets` in a folder, made where it is not there yet. */
export async function testDataset(options: TestDatasetOptions = {}): Promise<DatasetStore> {
  const { fileSystem, directory = await temporaryFolder(), rowGroupSize = 10 } = options;
  const store = await openStore(directory, { access: 'build', ...(fileSystem && { fileSystem }) });
  const found = await store.findDataset('tickets');
  return found ?? store.createDataset('tickets', { seed: 'tickets', rowGroupSize });
}

/** The dataset `tickets` in memory, new. */
export async function memoryDataset({ rowGroupSize = 10 } = {}): Promise<DatasetStore> {
  const store = new Store({ id: 'memory', access: 'build', files: new MemoryWorld().files() });
  return store.createDataset('tickets', { seed: 'tickets', rowGroupSize });
}

/** The same dataset as another process has it: a hook comes before each of its steps. */
export function hookedDataset({ name, files }: DatasetStore, before: Hook): DatasetStore {
  return new DatasetStore({ name, files: hooked(files, before) });
}

export { answerTurn, call, cellRecord } from './records.ts';

/** A plan of text columns; names with `!` are dropped ones. */
export function textPlan(names: readonly string[], types: { [name: string]: ColumnType } = {}): Plan {
  const columns = names.map((name) => {
    const plain = name.replace('!', '');
    return textColumn(plain, { drop: name.endsWith('!'), type: types[plain] ?? { kind: 'text' } });
  });
  return planWith(columns, { models: {}, seed: 'tickets', rowGroupSize: 10 });
}

type NewStart = Omit<EpochRecord, 'v' | 'epoch' | 'endedAt'>;

export function startOf(change: Partial<NewStart> = {}): NewStart {
  return {
    datasetId: 'none',
    kind: 'run',
    host: 'here',
    machine: 'boot/1',
    pid: 1,
    processStart: '1',
    isEmbedded: true,
    address: 'localhost:7233',
    namespace: 'default',
    workflowId: 'dataset/tickets~none',
    settings: {
      rows: 10,
      providers: [],
      models: {},
      maxConcurrentRowGroups: null,
      sliceSize: null,
      maxConversationRestarts: 5,
      maxConversationCorrectionSteps: 0,
      shutdownErrorRate: 0.5,
      shutdownErrorWindow: 20,
      isEarlyShutdownDisabled: false,
    },
    rows: 10,
    planDigest: 'plan',
    document: '../tickets.yaml',
    documentDigest: 'document',
    answer: null,
    at: 1,
    ...change,
  };
}

class Crash extends Error {}

type Fault = (
  operation: string,
  path: string,
) => undefined | Error | { readonly writeAtMost: number } | Promise<undefined>;

/** The real file system, with a fault asked for before every operation that changes something. */
export function faultyFileSystem(fault: Fault): FileSystem {
  const check = async (operation: string, path: string): Promise<number> => {
    const found = await fault(operation, path);
    if (found instanceof Error) throw found;
    return found?.writeAtMost ?? Number.POSITIVE_INFINITY;
  };
  const handleOf = (handle: FileHandle, path: string): FileHandle =>
    new Proxy(handle, {
      get(target, name) {
        const member = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          if (name === 'write') {
            const [bytes, offset, length] = args as [Uint8Array, number, number];
            return target.write(bytes, offset, Math.min(length, await check('write', path)));
          }
          if (name === 'sync' || name === 'datasync') await check(name, path);
          return Reflect.apply(member, target, args);
        };
      },
    });
  const changing = <Name extends 'rename' | 'link' | 'unlink' | 'mkdir' | 'rm'>(name: Name) =>
    (async (path: string, ...rest: unknown[]) => {
      await check(name, path);
      return Reflect.apply(nodeFs[name], nodeFs, [path, ...rest]);
    }) as FileSystem[Name];
  return {
    ...nodeFs,
    rename: changing('rename'),
    link: changing('link'),
    unlink: changing('unlink'),
    mkdir: changing('mkdir'),
    rm: changing('rm'),
    symlink: async (target, path) => {
      await check('symlink', String(path));
      return nodeFs.symlink(target, path);
    },
    open: (async (path: string, flags: string) => {
      if (flags !== 'r') await check('open', path);
      return handleOf(await nodeFs.open(path, flags), path);
    }) as FileSystem['open'],
  };
}

/** Dies at the nth change, for good: nothing is tidied up after a crash. */
export function crashingFileSystem(at: number): {
  readonly fileSystem: FileSystem;
  readonly count: () => number;
} {
  let count = 0;
  const fileSystem = faultyFileSystem((operation) => {
    count += 1;
    if (count > at) return new Crash('dead');
    // A write at the moment of death may have put down half of its bytes.
    if (count < at) return undefined;
    return operation === 'write' ? { writeAtMost: 1 } : new Crash('dead');
  });
  return { fileSystem, count: () => count };
}

export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** A part or settled file as it stands in the store. */
export async function readCellFile(
  dataset: DatasetStore,
  name: string,
): Promise<ScannedFile & { readonly records: readonly StoredRecord[] }> {
  const file = parseCellFileName(name.slice(name.lastIndexOf('/') + 1));
  if (file === undefined) throw new TypeError(`"${name}" is no file of cells`);
  const records: StoredRecord[] = [];
  const scanned = await scanCellFile(dataset, { ...file, name }, (record) => records.push(record));
  return { ...scanned, records };
}
