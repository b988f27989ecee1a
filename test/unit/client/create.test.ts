import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { takeEpoch } from '../../../src/client/build/start-build.ts';
import { nameToCreate, type ResumeMode } from '../../../src/client/wish/resume.ts';
import { acceptWish, openWish } from '../../../src/client/wish/wish.ts';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

const DOCUMENT = 'columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n';
const NEW_NAME = 'dataset_03-09-2026_070501';

let cwd: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
});

function wishFor(rows: number) {
  return {
    ...{ target: 'config.yaml', name: 'dataset', rows, cwd, home: join(cwd, 'home'), environment: {} },
    ...{ isSimulated: false, isNew: false, keep: false, redo: [] },
  };
}

function nameFor(mode: ResumeMode, { rows = 10 } = {}) {
  return nameToCreate({ ...wishFor(rows), mode, now: new Date('2026-03-09T07:05:01Z') });
}

/** A dataset of 10 rows that was started. */
async function startDataset(): Promise<void> {
  const wish = await acceptWish(await openWish(wishFor(10)));
  const server = {
    namespace: 'default',
    isEmbedded: false,
    connectionOptions: { address: 'localhost:7233' },
  };
  const connected = { server } as Parameters<typeof takeEpoch>[0]['connected'];
  await takeEpoch({ wish, connected, newest: 0, kind: 'run' });
}

describe('the dataset that create makes', () => {
  it('has the name that was asked for where it is free', async () => {
    for (const mode of ['never', 'if_possible'] as const)
      expect(await nameFor(mode)).toEqual({ name: 'dataset', isResumed: false, why: null });
    await expect(nameFor('always')).rejects.toThrow('Cannot go on with "dataset": there is none.');
  });

  it('goes on for the same document, with as many rows or more', async () => {
    await startDataset();
    for (const rows of [10, 12])
      for (const mode of ['if_possible', 'always'] as const)
        expect(await nameFor(mode, { rows })).toEqual({ name: 'dataset', isResumed: true, why: null });
    expect(await nameFor('never')).toMatchObject({ name: NEW_NAME, isResumed: false });
  });

  it('is another one for another document, and always refuses', async () => {
    await startDataset();
    await writeFile(join(cwd, 'config.yaml'), DOCUMENT.replace('id', 'key'));
    const why = 'it was made from another document or other seed data';
    expect(await nameFor('if_possible')).toEqual({ name: NEW_NAME, isResumed: false, why });
    await expect(nameFor('always')).rejects.toThrow(`Cannot go on with "dataset": ${why}`);
  });

  it('is another one for fewer rows, and where the folder holds something else', async () => {
    await startDataset();
    const why = 'it was asked for 10 rows, now for 3';
    expect(await nameFor('if_possible', { rows: 3 })).toEqual({ name: NEW_NAME, isResumed: false, why });
    await mkdir(join(cwd, 'artifacts/other'));
    await writeFile(join(cwd, 'artifacts/other/notes.txt'), '');
    const other = { ...wishFor(10), name: 'other', mode: 'if_possible', now: new Date(0) } as const;
    expect(await nameToCreate(other)).toMatchObject({ why: 'its folder holds no dataset' });
  });
});

it('--version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(await cli(['--version'], { cwd })).toEqual({ output: [version], talk: [], code: 0 });
});
