import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateSeedFiles } from '../../../src/seeds/seed-paths.ts';

describe('a seed path', () => {
  let cwd: string;
  let folder: string;

  beforeEach(async () => {
    cwd = await mkdtemp(path.join(tmpdir(), 'rowloom-paths-'));
    folder = path.join(cwd, 'configs');
    await mkdir(folder);
  });
  afterEach(() => rm(cwd, { recursive: true }));

  const locate = (written: string) => locateSeedFiles(written, { cwd, folder });

  it('is taken from the working directory, else from beside the document', async () => {
    await writeFile(path.join(folder, 'a.csv'), 'beside');
    expect(await locate('a.csv')).toEqual({ files: [path.join(folder, 'a.csv')] });
    await writeFile(path.join(cwd, 'b.csv'), 'here');
    expect(await locate('b.csv')).toEqual({ files: [path.join(cwd, 'b.csv')] });
  });

  it('may be found in both places if both hold the same', async () => {
    await writeFile(path.join(cwd, 'a.csv'), 'same');
    await writeFile(path.join(folder, 'a.csv'), 'same');
    await writeFile(path.join(cwd, 'b.csv'), 'one');
    await symlink(path.join(cwd, 'b.csv'), path.join(folder, 'b.csv'));
    expect(await locate('*.csv')).toEqual({ files: [path.join(cwd, 'a.csv'), path.join(cwd, 'b.csv')] });
  });

  it('is refused where both places hold something else, of the same length too', async () => {
    await writeFile(path.join(cwd, 'a.csv'), 'one');
    await writeFile(path.join(folder, 'a.csv'), 'two');
    expect(await locate('a.csv')).toHaveProperty('problem');
    await writeFile(path.join(cwd, 'b.csv'), 'one');
    expect(await locate('*.csv')).toHaveProperty('problem');
  });

  it('names nothing but files', async () => {
    expect(await locate('configs')).toHaveProperty('problem');
    expect(await locate(path.join(cwd, 'gone.csv'))).toHaveProperty('problem');
  });
});
