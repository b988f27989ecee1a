import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/errors.ts';
import { openSeedSource, type ReadSource, type SeedSource } from '../../../src/seeds/seed-source.ts';
import { findSeeds, writeSeeds } from '../../../src/seeds/stored-seeds.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import { MemoryWorld } from '../../../src/store/files/memory.ts';
import type { StoreFiles } from '../../../src/store/files/port.ts';
import { hooked } from '../../support/hooked-files.ts';

let folder: string;
let dataset: FolderFiles;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowloom-stored-'));
  await mkdir(join(folder, 'dataset'));
  dataset = new FolderFiles(join(folder, 'dataset'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function open(name: string, content: string | Uint8Array): Promise<ReadSource> {
  return openSeedSource([await write(name, content)]);
}

const storedRows = async ({ contentHash, rowCount }: ReadSource) =>
  (await findSeeds(dataset, contentHash))?.readRows(0, rowCount);
const pathOf = ({ contentHash }: ReadSource, name: string) =>
  join(folder, 'dataset', 'seeds', contentHash, name);

it('keeps the rows, whatever becomes of the file', async () => {
  const source = await open('s.csv', 'n,name\n1,Ann\n2,007\n');
  await writeSeeds(dataset, source);
  await write('s.csv', 'n,name\n1,Bob\n2,008\n');
  const rows = [
    { n: 1n, name: 'Ann' },
    { n: 2n, name: '007' },
  ];
  expect(await storedRows(source)).toEqual(rows);
  await rm(join(folder, 's.csv'));
  expect(await storedRows(source)).toEqual(rows);
  // What is there is not read again.
  await writeSeeds(dataset, source);
});

it('tells columns, types and counts as the file does', async () => {
  const source = await open('s.jsonl', '{"n": 1, "who": {"b": 1.0, "a": null}}\n{"n": null}\n');
  await writeSeeds(dataset, source);
  const { readRows, readBytes, ...content } = source;
  expect(await findSeeds(dataset, source.contentHash)).toMatchObject(content);
});

it('gives any range of rows of any length', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5_000 });
  const rows = fc.array(fc.record({ a: fc.option(text), n: fc.bigInt() }), { minLength: 1, maxLength: 150 });
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), fc.nat(), async (all, start, length) => {
      const first = start % all.length;
      const count = Math.min(length, all.length - first);
      const lines = all.map(({ a, n }) => `{"n": ${n}, "a": ${JSON.stringify(a)}}\n`);
      const source = await open('s.jsonl', lines.join(''));
      await writeSeeds(dataset, source);
      const stored = await findSeeds(dataset, source.contentHash);
      expect(await stored?.readRows(first, count)).toEqual(all.slice(first, first + count));
    }),
    { numRuns: 30 },
  );
});

it('has cells as deep as cells of files may be', async () => {
  const deep = `${'['.repeat(199)}1${']'.repeat(199)}`;
  const source = await open('s.jsonl', `{"n": ${deep}}\n`);
  await writeSeeds(dataset, source);
  expect(await storedRows(source)).toEqual(await source.readRows(0, 1));
});

it('tells the order of the fields inside a cell, which prompts print, and not that of the columns', async () => {
  const hashOf = async (line: string) => (await open('s.jsonl', line)).contentHash;
  const hash = await hashOf('{"n": 1, "who": {"a": 1, "b": 2}}');
  expect(await hashOf('{"n": 1, "who": {"b": 2, "a": 1}}')).not.toBe(hash);
  const [one, other] = ['{"a": 1, "b": 2}\n', '{"b": 2, "a": 1}\n'];
  expect((await open('s.jsonl', one + other)).blocks).toEqual((await open('s.jsonl', one + one)).blocks);
});

it('may be written by two processes at once', async () => {
  const lines = Array.from({ length: 1_000 }, (_, row) => `${row},"line ${row}"\n`);
  const source = await open('s.csv', `n,text\n${lines.join('')}`);
  await Promise.all([writeSeeds(dataset, source), writeSeeds(dataset, source)]);
  expect(await storedRows(source)).toEqual(await source.readRows(0, 1_000));
});

describe('a writer', () => {
  const lines = Array.from({ length: 100 }, (_, row) => `{"n": ${row}}\n`);
  const rows = lines.map((_, row) => ({ n: BigInt(row) }));
  const readFrom = async (files: StoreFiles, { contentHash }: ReadSource) =>
    (await findSeeds(files, contentHash))?.readRows(0, 100);

  it('that is killed at any step leaves nothing or all of it, and the next one goes on', async () => {
    const source = await open('s.jsonl', lines.join(''));
    for (let last = 0, isKilled = true; isKilled; last += 1) {
      const files = new MemoryWorld().files();
      let steps = 0;
      isKilled = false;
      const mortal = hooked(files, () => {
        steps += 1;
        isKilled ||= steps > last;
        if (isKilled) throw new Error('Killed');
      });
      await writeSeeds(mortal, source).catch(() => undefined);
      expect([undefined, rows]).toContainEqual(await readFrom(files, source));
      await writeSeeds(files, source);
      expect(await readFrom(files, source)).toEqual(rows);
    }
  });

  it('that was held up before it published harms nobody who reads what another one wrote', async () => {
    const source = await open('s.jsonl', lines.join(''));
    for (const step of ['append', 'publish', 'replace']) {
      const files = new MemoryWorld().files();
      let reader: SeedSource | undefined;
      const late = hooked(files, async (operation) => {
        if (operation !== step || reader !== undefined) return;
        await writeSeeds(files, source);
        reader = await findSeeds(files, source.contentHash);
      });
      await writeSeeds(late, source);
      expect(await reader!.readRows(0, 100)).toEqual(rows);
      expect(await readFrom(files, source)).toEqual(rows);
    }
  });
});

describe('seed rows in a dataset', () => {
  it('are refused where a byte of them is another', async () => {
    const lines = Array.from({ length: 200 }, (_, row) => `${row}\n`);
    const source = await open('s.csv', `n\n${lines.join('')}`);
    await writeSeeds(dataset, source);
    const path = pathOf(source, 'rows.jsonl');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"150"', '"151"'));
    const stored = await findSeeds(dataset, source.contentHash);
    expect(await stored!.readRows(0, 64)).toHaveLength(64);
    const refused = `Cannot read "${path}": it is damaged. Remove the folder "${join(path, '..')}" and run the same command again`;
    await expect(stored!.readRows(150, 1)).rejects.toThrow(new StoreError(refused));
  });

  it('are refused where their index is another', async () => {
    const source = await open('s.csv', 'n\n1\n');
    await writeSeeds(dataset, source);
    const path = pathOf(source, 'index.json');
    const text = await readFile(path, 'utf8');
    for (const damaged of ['', text.slice(0, 50), text.replace('"int"', '"text"')]) {
      await writeFile(path, damaged);
      await expect(findSeeds(dataset, source.contentHash)).rejects.toThrow(`Cannot read "${path}"`);
    }
  });

  it('are written again where their file was cut or is gone', async () => {
    const source = await open('s.csv', 'n\n1\n2\n');
    await writeSeeds(dataset, source);
    for (const damage of [(path: string) => writeFile(path, '{'), (path: string) => rm(path)]) {
      await damage(pathOf(source, 'rows.jsonl'));
      await writeSeeds(dataset, source);
      expect(await storedRows(source)).toEqual([{ n: 1n }, { n: 2n }]);
    }
  });
});
