import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { ownIdentity, ownPlace } from '../../../src/server/processes.ts';
import type { DatasetRecord } from '../../../src/store/dataset-store.ts';
import type { FileSystem } from '../../../src/store/files/file-system.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import { openStore } from '../../../src/store/store.ts';
import { diskError, faultyFileSystem, startOf, temporaryFolder, testDataset, textPlan } from './support.ts';

const NEW = { seed: 'tickets', rowGroupSize: 10 };

/** Every file below a folder with its content. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')])),
  );
}

async function editJson(path: string, change: object): Promise<void> {
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change }));
}

describe('a store', () => {
  it('is made when it is opened for building, and found again', async () => {
    const directory = join(await temporaryFolder(), 'artifacts');
    const made = await openStore(directory, { access: 'build' });
    const found = await openStore(directory, { access: 'build' });
    expect(found.id).toBe(made.id);
    expect(made.id).toMatch(/^[0-9a-f]{12}$/);
  });

  it('gets one id when several commands make it at once', async () => {
    const directory = join(await temporaryFolder(), 'artifacts');
    const stores = await Promise.all([1, 2, 3, 4, 5].map(() => openStore(directory, { access: 'build' })));
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1);
    expect((await readdir(directory)).sort()).toEqual(['.store', 'store.json']);
  });

  it('is not made by looking', async () => {
    const directory = await temporaryFolder();
    await expect(openStore(directory, { access: 'look' })).rejects.toThrow('Cannot find datasets');
    expect(await readdir(directory)).toEqual([]);
  });

  it('is refused by name when a newer Rowloom wrote it', async () => {
    const directory = dirname((await testDataset()).directory);
    await editJson(join(directory, 'store.json'), { formatVersion: 4 });
    for (const access of ['look', 'build'] as const) {
      await expect(openStore(directory, { access })).rejects.toThrow(
        'written by a newer Rowloom (format 4): update',
      );
    }
  });

  it('is refused by name when an older Rowloom wrote it, and left as it is', async () => {
    const directory = await temporaryFolder();
    const record = { storeId: 'b0b0b0b0b0b0', formatVersion: 1, inode: '5' };
    await writeFile(join(directory, 'store.json'), JSON.stringify(record));
    const untouched = await snapshot(directory);
    for (const access of ['look', 'build'] as const) {
      await expect(openStore(directory, { access })).rejects.toThrow(
        `Cannot use "${directory}": an earlier Rowloom wrote it (format 1), and until its first release this one reads its own format only (3). Nothing in it was changed. Build under another --out`,
      );
    }
    expect(await snapshot(directory)).toEqual(untouched);
  });

  it('stays the same store when store.json is replaced by a copy of itself', async () => {
    const directory = join(await temporaryFolder(), 'artifacts');
    const { id } = await openStore(directory, { access: 'build' });
    const path = join(directory, 'store.json');
    const text = await readFile(path);
    await writeFile(`${path}.other`, text);
    await rename(`${path}.other`, path);
    expect((await openStore(directory, { access: 'build' })).id).toBe(id);
  });

  it('stays the same store when all of it is put back while a process of this machine builds in it', async () => {
    const dataset = await testDataset({ directory: join(await temporaryFolder(), 'artifacts') });
    const directory = dirname(dataset.directory);
    const { id: datasetId, storeId } = await dataset.read();
    const own = { ...ownPlace(), pid: process.pid, processStart: ownIdentity().start };
    await dataset.takeEpoch(0, startOf({ datasetId, ...own }));
    const putBack = async () => {
      await cp(directory, `${directory}-backup`, { recursive: true });
      await rm(directory, { recursive: true });
      await cp(`${directory}-backup`, directory, { recursive: true });
      await writeFile(join(directory, '.store.other'), '');
      await rename(join(directory, '.store.other'), join(directory, '.store'));
    };
    await putBack();
    const store = await openStore(directory, { access: 'build' });
    expect(store.id).toBe(storeId);
    expect(await (await store.openDataset('tickets')).read()).toMatchObject({ id: datasetId });
    // A copy beside it is one, though that process builds in what it was made of.
    expect((await openStore(`${directory}-backup`, { access: 'build' })).id).not.toBe(storeId);

    await dataset.leaveEpoch(1);
    await putBack();
    expect((await openStore(directory, { access: 'build' })).id).not.toBe(storeId);
  });

  it('says why it cannot be written', async () => {
    const fileSystem = faultyFileSystem(() => diskError('EROFS'));
    await expect(openStore(await temporaryFolder(), { access: 'build', fileSystem })).rejects.toThrow(
      'the file system is read-only',
    );
  });

  it('can be looked at on a disk that cannot be written', async () => {
    const directory = dirname((await testDataset()).directory);
    const fileSystem = faultyFileSystem(() => diskError('EROFS'));
    const store = await openStore(directory, { access: 'look', fileSystem });
    expect(await store.listDatasets()).toEqual(['tickets']);
    expect((await (await store.openDataset('tickets')).read()).name).toBe('tickets');
  });

  it('lists its datasets and nothing else', async () => {
    const directory = await temporaryFolder();
    const store = await openStore(directory, { access: 'build' });
    for (const name of ['zebra', 'Ant', 'bee.2']) await store.createDataset(name, NEW);
    await mkdir(join(directory, 'other'));
    await writeFile(join(directory, 'file'), '');
    expect(await store.listDatasets()).toEqual(['Ant', 'bee.2', 'zebra']);
  });
});

describe('a dataset', () => {
  it.each(['', '.x', '-x', 'a/b', '..', 'a'.repeat(81), 'ä', 'a b'])('cannot be named %j', async (name) => {
    const store = await openStore(await temporaryFolder(), { access: 'build' });
    await expect(store.createDataset(name, NEW)).rejects.toThrow(StoreError);
    expect((await readdir(store.directory)).sort()).toEqual(['.store', 'store.json']);
  });

  it('is not made in a folder that holds something else', async () => {
    const store = await openStore(await temporaryFolder(), { access: 'build' });
    await mkdir(join(store.directory, 'mine'));
    await writeFile(join(store.directory, 'mine', 'thesis.doc'), '');
    await expect(store.createDataset('mine', NEW)).rejects.toThrow('the folder is not empty');
    expect(await readdir(join(store.directory, 'mine'))).toEqual(['thesis.doc']);
  });

  it('is made in an empty folder', async () => {
    const store = await openStore(await temporaryFolder(), { access: 'build' });
    await mkdir(join(store.directory, 'mine'));
    expect(await (await store.createDataset('mine', NEW)).findState()).toBe('new');
  });

  it('is made once when several commands make it at once', async () => {
    const store = await openStore(await temporaryFolder(), { access: 'build' });
    const made = await Promise.allSettled([1, 2, 3, 4].map(() => store.createDataset('tickets', NEW)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('names the others when it is not there', async () => {
    const store = await openStore(dirname((await testDataset()).directory), { access: 'look' });
    await expect(store.openDataset('ticket')).rejects.toThrow('Cannot find the dataset "ticket"');
    await expect(store.openDataset('ticket')).rejects.toThrow('there is "tickets"');
  });

  it('is refused by name when a newer Rowloom wrote it', async () => {
    const dataset = await testDataset();
    await editJson(dataset.path('dataset.json'), { v: 3 });
    await expect(dataset.read()).rejects.toThrow('written by a newer Rowloom (format 3): update');
  });

  it('is refused by name when an earlier Rowloom wrote it, and left as it is', async () => {
    const dataset = await testDataset();
    await editJson(dataset.path('dataset.json'), { v: 1 });
    await expect(dataset.read()).rejects.toThrow('an earlier Rowloom wrote it (format 1)');
  });

  it('keeps plans with numbers as they are', async () => {
    const dataset = await testDataset();
    const plan = {
      ...textPlan(['body']),
      models: {
        writer: {
          model: 'm',
          providerType: 'simulated' as const,
          temperature: 1,
          topP: 0.5,
          maxTokens: 100,
          extraBody: { whole: 9_007_199_254_740_993n, float: 12 },
        },
      },
    };
    await dataset.writePlan('abc', plan);
    await dataset.writePlan('abc', plan);
    expect(await dataset.readPlan('abc')).toEqual(plan);
    await expect(dataset.readPlan('other')).rejects.toThrow(StoreError);
    await dataset.writePlan('newer', { ...plan, v: 4 as 3 });
    await expect(dataset.readPlan('newer')).rejects.toThrow('written by a newer Rowloom (format 4): update');
  });
});

describe('a copy', () => {
  it('of a store gets new ids before anything starts, agreed on by all who open it', async () => {
    const dataset = await testDataset();
    const original = await openStore(dirname(dataset.directory), { access: 'build' });
    const { id } = await dataset.read();
    const epoch = await dataset.takeEpoch(0, startOf({ datasetId: id }));
    const copyPath = join(await temporaryFolder(), 'copy');
    await cp(original.directory, copyPath, { recursive: true });

    const untouched = await snapshot(copyPath);
    const look = await openStore(copyPath, { access: 'look' });
    await (await look.openDataset('tickets')).read();
    expect(await snapshot(copyPath)).toEqual(untouched);

    const copies = await Promise.all([1, 2, 3].map(() => openStore(copyPath, { access: 'build' })));
    expect(new Set(copies.map((copy) => copy.id)).size).toBe(1);
    expect(copies[0]?.id).not.toBe(original.id);
    const opened = await Promise.all(copies.map((copy) => copy.openDataset('tickets')));
    const ids = await Promise.all(opened.map(async (copy) => (await copy.read()).id));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).not.toBe(id);

    expect(await opened[0]?.findNewestStart()).toBeUndefined();
    expect(await opened[0]?.newestEpoch()).toBe(epoch?.epoch);
    expect((await dataset.findNewestStart())?.epoch).toBe(epoch?.epoch);
    expect((await openStore(copyPath, { access: 'build' })).id).toBe(copies[0]?.id);
    expect((await openStore(original.directory, { access: 'build' })).id).toBe(original.id);
  });

  it('of a dataset gets one id though one command looks at it while another puts it right', async () => {
    const dataset = await testDataset();
    const directory = dirname(dataset.directory);
    await cp(dataset.directory, join(directory, 'again'), { recursive: true });
    const first = await openStore(directory, { access: 'build' });
    let made: DatasetRecord | undefined;
    const fileSystem: FileSystem = {
      ...faultyFileSystem(() => undefined),
      readFile: (async (path: string) => {
        const bytes = await readFile(path);
        if (made === undefined && path.endsWith('again/dataset.json')) {
          made = await (await first.openDataset('again')).read();
        }
        return bytes;
      }) as FileSystem['readFile'],
    };
    const second = await openStore(directory, { access: 'build', fileSystem });
    expect(await (await second.openDataset('again')).read()).toEqual(made);
    expect(made).toMatchObject({ name: 'again' });
  });

  it('of a dataset beside the original gets an id of its own; a moved store keeps its ids', async () => {
    const dataset = await testDataset();
    const { id, storeId } = await dataset.read();
    const directory = dirname(dataset.directory);
    await cp(dataset.directory, join(directory, 'again'), { recursive: true });
    const store = await openStore(directory, { access: 'build' });
    const copy = await (await store.openDataset('again')).read();
    expect(copy).toMatchObject({ name: 'again', storeId });
    expect(copy.id).not.toBe(id);
    const moved = join(await temporaryFolder(), 'moved');
    await rename(directory, moved);
    const after = await openStore(moved, { access: 'build' });
    expect(after.id).toBe(storeId);
    expect((await (await after.openDataset('tickets')).read()).id).toBe(id);
  });
});

describe('an epoch', () => {
  it('is taken by one of many who want it, and is whole as soon as it is seen', async () => {
    const dataset = await testDataset();
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, pid) => dataset.takeEpoch(0, startOf({ pid }))),
    );
    const [winner, ...others] = taken.filter((record) => record !== undefined);
    expect(others).toEqual([]);
    expect(await dataset.readEpoch(1)).toEqual(winner);
    expect((await stat(dataset.path('epochs/000001.json'))).nlink).toBe(1);
  });

  it('is not taken over one that came after the newest judged', async () => {
    const dataset = await testDataset();
    await dataset.takeEpoch(0, startOf());
    expect(await dataset.takeEpoch(0, startOf())).toBeUndefined();
    expect((await dataset.takeEpoch(1, startOf()))?.epoch).toBe(2);
  });

  it('is known to be old once there is a newer one', async () => {
    const dataset = await testDataset();
    await dataset.takeEpoch(0, startOf());
    expect(await dataset.hasNewerEpoch(1)).toBe(false);
    await dataset.takeEpoch(1, startOf());
    expect(await dataset.hasNewerEpoch(1)).toBe(true);
    expect(await dataset.newestEpoch()).toBe(2);
  });

  it('notes how its build ended, and that its process has let go of it', async () => {
    const dataset = await testDataset();
    await dataset.takeEpoch(0, startOf({ datasetId: (await dataset.read()).id }));
    expect(await dataset.findState()).toBe('building');
    await dataset.endBuild(1, { isComplete: false, reason: 'stopped', at: 77 });
    expect(await dataset.findState()).toBe('incomplete');
    expect(await dataset.findEnd(1)).toMatchObject({ isComplete: false, reason: 'stopped', at: 77 });
    expect(await dataset.findNewestStart()).toMatchObject({ epoch: 1, endedAt: null });
    await dataset.leaveEpoch(1);
    expect((await dataset.findNewestStart())?.endedAt).toBeGreaterThan(0);
  });

  it('goes on counting past the digits of its name', async () => {
    const dataset = await testDataset();
    for (const name of ['999999', '1000000']) await writeFile(dataset.path(`epochs/${name}.json`), '{}');
    expect(await dataset.newestEpoch()).toBe(1_000_000);
    expect((await dataset.takeEpoch(1_000_000, startOf()))?.epoch).toBe(1_000_001);
  });
});

it('a new start sweeps away what crashes left, and nothing that is being written', async () => {
  const dataset = await testDataset();
  const folder = dataset.path('plans');
  const [old, young, plan] = ['.a.json.0.tmp', '.b.json.0.tmp', 'c.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const path of [old, young, plan]) await writeFile(path, '');
  const yesterday = Date.now() / 1_000 - 86_400;
  for (const path of [old, plan]) await utimes(path, yesterday, yesterday);
  const alive = await dataset.files.start('plans/d.json');
  await alive.append('half of it');
  await killedWhileWriting(folder, 'e.json');
  await dataset.takeEpoch(0, startOf({ at: Date.now() }));
  expect((await readdir(folder)).sort()).toEqual([
    '.b.json.0.tmp',
    expect.stringMatching(/^\.d\.json\..*\.tmp$/),
    'c.json',
  ]);
  await alive.discard();
});

/** A process that dies of SIGKILL in the middle of a file. */
async function killedWhileWriting(folder: string, name: string): Promise<void> {
  const child = spawn(process.execPath, [
    ...['--import', 'tsx', '--input-type=module', '-e'],
    `import { FolderFiles } from '${import.meta.resolve('../../../src/store/files/folder.ts')}';
     const file = await new FolderFiles(${JSON.stringify(folder)}).start(${JSON.stringify(name)});
     await file.append('half of it');
     process.kill(process.pid, 'SIGKILL');`,
  ]);
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect((await readdir(folder)).filter((found) => found.startsWith(`.${name}.`))).toHaveLength(1);
}

it('a disk that does not tell its free space has enough of it', async () => {
  const folder = await temporaryFolder();
  const silent = (code: string) =>
    new FolderFiles(folder, {
      ...faultyFileSystem(() => undefined),
      statfs: () => Promise.reject<never>(diskError(code)),
    });
  for (const code of ['ENOSYS', 'ESTALE', 'EIO', 'ENOENT']) {
    expect(await silent(code).freeBytes()).toBe(Number.POSITIVE_INFINITY);
  }
  expect(await new FolderFiles(folder).freeBytes()).toBeLessThan(Number.POSITIVE_INFINITY);
});
