import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSeedFiles } from '../../../src/seeds/seed-files.ts';

describe('findSeedFiles', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rowloom-files-'));
    for (const name of ['a', 'b', '.hidden', 'b/deep']) await mkdir(join(folder, name));
    const files = [
      'a/2.csv',
      'a/1.csv',
      'a/10.csv',
      'a/x.json',
      'a/.secret.csv',
      'b/1.csv',
      '.hidden/1.csv',
      'odd[1]*.csv',
    ];
    for (const file of [...files, 'b/deep/1.csv']) await writeFile(join(folder, file), '');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['a/1.csv', ['a/1.csv']],
    ['a/*.csv', ['a/1.csv', 'a/10.csv', 'a/2.csv']],
    ['a/1*.csv', ['a/1.csv', 'a/10.csv']],
    ['*/1.csv', ['a/1.csv', 'b/1.csv']],
    ['*/*', ['a/1.csv', 'a/10.csv', 'a/2.csv', 'a/x.json', 'b/1.csv']],
    ['.h*/1.csv', ['.hidden/1.csv']],
    ['a/.*', ['a/.secret.csv']],
    ['b/../a/x.*', ['a/x.json']],
    ['odd[1]*.csv', ['odd[1]*.csv']],
    ['a/3.csv', []],
    ['c/*.csv', []],
    ['a/1.csv/*', []],
    ['a', []],
  ])('finds the files of %s', async (pattern, files) => {
    expect(await findSeedFiles(join(folder, pattern))).toEqual(files.map((file) => join(folder, file)));
  });

  it('takes relative paths from the working directory', async () => {
    expect(await findSeedFiles('package*.json')).toContain(join(process.cwd(), 'package.json'));
  });
});
