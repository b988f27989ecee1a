import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { outputPath } from '../../../src/store/groups.ts';
import {
  baseOf,
  discardNext,
  findNext,
  finishSwap,
  openNext,
  readingBase,
  swapNext,
} from '../../../src/store/swap.ts';
import { crashingFileSystem, temporaryFolder, testDataset } from './support.ts';

async function put(dataset: DatasetStore, name: string, text: string): Promise<void> {
  await mkdir(dirname(dataset.path(name)), { recursive: true });
  await writeFile(dataset.path(name), text);
}

async function content(dataset: DatasetStore, name: string): Promise<string> {
  return readFile(dataset.path(name), 'utf8');
}

async function readOutput(dataset: DatasetStore, name: string): Promise<string> {
  const base = await readingBase(dataset, name.split('/')[0]!);
  return readFile(outputPath(dataset, base, name), 'utf8');
}

/** In place: files of columns that the new plan drops, and no builder config. Coming: processors' files. */
async function datasetWithNext(): Promise<DatasetStore> {
  const dataset = await testDataset();
  await dataset.update({ planDigest: 'of the build that finishes the swap' });
  await put(dataset, 'parquet-files/batch_00000.parquet', 'old');
  await put(dataset, 'dropped-columns-parquet-files/batch_00000.parquet', 'old');
  await put(dataset, 'groups/rg-00000.json', 'old');
  await put(dataset, 'metadata.json', 'old');
  await put(dataset, 'cells/body/part', 'cells');
  await openNext(dataset, 'new');
  await put(dataset, 'next/parquet-files/batch_00000.parquet', 'new');
  await put(dataset, 'next/processors-files/p/batch_00000.parquet', 'new');
  await put(dataset, 'next/groups/rg-00000.json', 'new');
  await put(dataset, 'next/metadata.json', 'new');
  await put(dataset, 'next/builder_config.json', 'new');
  return dataset;
}

const OLD = ['dropped-columns-parquet-files', 'groups', 'metadata.json', 'parquet-files'];

async function expectSwapped(dataset: DatasetStore): Promise<void> {
  const names = await readdir(dataset.directory);
  expect(names.filter((name) => !name.startsWith('.')).sort()).toEqual(
    [
      'builder_config.json',
      'cells',
      'dataset.json',
      'groups',
      'metadata.json',
      'parquet-files',
      'processors-files',
      'versions',
    ].sort(),
  );
  expect(await content(dataset, 'parquet-files/batch_00000.parquet')).toBe('new');
  expect(await content(dataset, 'metadata.json')).toBe('new');
  expect((await readdir(dataset.path('versions', '1'))).sort()).toEqual(OLD);
  for (const name of ['groups/rg-00000.json', 'dropped-columns-parquet-files/batch_00000.parquet']) {
    expect(await content(dataset, `versions/1/${name}`)).toBe('old');
  }
  expect(await content(dataset, 'cells/body/part')).toBe('cells');
  expect((await dataset.read()).planDigest).toBe('of the build that finishes the swap');
}

describe('a swap', () => {
  it('puts the new output in place and keeps the old one', async () => {
    const dataset = await datasetWithNext();
    expect(await baseOf(dataset, 'new')).toBe('next');
    expect(await swapNext(dataset, 'new')).toBe(1);
    await expectSwapped(dataset);
    expect(await baseOf(dataset, 'new')).toBe('place');
  });

  it('is finished by the next writer after a crash at any step, and readers see all old or all new all the time', async () => {
    const artifacts = dirname((await datasetWithNext()).directory);
    const calm = crashingFileSystem(Number.POSITIVE_INFINITY);
    const watched = await testDataset({ directory: await copyOf(artifacts), fileSystem: calm.fileSystem });
    const before = calm.count();
    await swapNext(watched, 'new');
    const steps = calm.count() - before;
    expect(steps).toBeGreaterThan(20);
    for (let step = 1; step <= steps; step += 1) {
      const directory = await copyOf(artifacts);
      await testDataset({ directory });
      const { fileSystem } = crashingFileSystem(step);
      await expect(swapNext(await testDataset({ directory, fileSystem }), 'new')).rejects.toThrow('dead');

      const dataset = await testDataset({ directory });
      const files = ['parquet-files/batch_00000.parquet', 'groups/rg-00000.json', 'metadata.json'];
      const seen = await Promise.all(files.map((name) => readOutput(dataset, name)));
      expect([Array(3).fill('old'), Array(3).fill('new')]).toContainEqual(seen);

      await finishSwap(dataset);
      if ((await findNext(dataset)) === 'new') await swapNext(dataset, 'new');
      await expectSwapped(dataset);
    }
  });

  it('is nothing without an output in the making, and does not put another plan in place', async () => {
    const dataset = await testDataset();
    await finishSwap(dataset);
    expect(await swapNext(dataset, 'new')).toBeNull();
    await openNext(dataset, 'another');
    expect(await swapNext(dataset, 'new')).toBeNull();
    expect(await findNext(dataset)).toBe('another');
  });

  it('numbers what it replaces', async () => {
    const dataset = await datasetWithNext();
    await swapNext(dataset, 'new');
    for (const version of [2, 3]) {
      await openNext(dataset, `plan ${version}`);
      await put(dataset, 'next/parquet-files/batch_00000.parquet', `output ${version}`);
      expect(await swapNext(dataset, `plan ${version}`)).toBe(version);
    }
    expect(await content(dataset, 'versions/3/parquet-files/batch_00000.parquet')).toBe('output 2');
  });
});

describe('the output in the making', () => {
  it('goes on for its own plan and is deleted for another', async () => {
    const dataset = await datasetWithNext();
    await openNext(dataset, 'new');
    expect(await content(dataset, 'next/metadata.json')).toBe('new');
    await openNext(dataset, 'other');
    expect(await readdir(dataset.path('next'))).toEqual(['next.json']);
    expect(await baseOf(dataset, 'new')).toBe('place');
    await discardNext(dataset);
    expect(await readdir(dataset.directory)).not.toContain('next');
    expect(await content(dataset, 'cells/body/part')).toBe('cells');
  });

  it('belongs to no plan once its deletion has begun', async () => {
    const artifacts = dirname((await datasetWithNext()).directory);
    for (let step = 1; step <= 2; step += 1) {
      const directory = await copyOf(artifacts);
      await testDataset({ directory });
      const { fileSystem } = crashingFileSystem(step);
      await expect(discardNext(await testDataset({ directory, fileSystem }))).rejects.toThrow('dead');
      const dataset = await testDataset({ directory });
      expect(await findNext(dataset)).toBe(step === 1 ? 'new' : undefined);
      await openNext(dataset, 'new');
      expect(await findNext(dataset)).toBe('new');
    }
  });
});

async function copyOf(artifacts: string): Promise<string> {
  const directory = join(await temporaryFolder(), 'artifacts');
  await cp(artifacts, directory, { recursive: true });
  return directory;
}
