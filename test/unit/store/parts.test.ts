import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FolderGoneError, StoreError } from '../../../src/errors.ts';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { formatLine } from '../../../src/store/lines.ts';
import { settledName } from '../../../src/store/names.ts';
import { PartCache } from '../../../src/store/part-cache.ts';
import { createPart, type PartWriter } from '../../../src/store/parts.ts';
import { formatRecord } from '../../../src/store/record-text.ts';
import { type CellRecord, RECORD_VERSION } from '../../../src/store/records.ts';
import { settleColumn } from '../../../src/store/settled.ts';
import {
  call,
  cellRecord,
  diskError,
  faultyFileSystem,
  hookedDataset,
  readCellFile,
  testDataset,
} from './support.ts';

const NEWER = (RECORD_VERSION + 1) as typeof RECORD_VERSION;

async function newPart(dataset: DatasetStore, column = 'body'): Promise<PartWriter> {
  await makeCellFolder(dataset, { column, rowGroup: 0 });
  return createPart(dataset, { column, rows: { first: 0, last: 9 }, rowGroup: 0, epoch: 1 });
}

async function writtenPart(dataset: DatasetStore, records: readonly CellRecord[]): Promise<PartWriter> {
  const part = await newPart(dataset);
  await Promise.all(records.map((record) => part.append(record)));
  await part.close();
  return part;
}

describe('a part', () => {
  it('holds its header and its records in the order in which they were appended', async () => {
    const dataset = await testDataset();
    const records = [
      cellRecord({ row: 2, value: 12 }),
      cellRecord({ row: 0, value: 12n }),
      cellRecord({ row: 1 }),
    ];
    const part = await writtenPart(dataset, records);
    expect(part.name).toBe(`cells/body/00000/r000000-000009.000001.${part.nonce}.jsonl`);
    expect(await readCellFile(dataset, part.name)).toMatchObject({
      records,
      isDamaged: false,
      isEnded: true,
    });
    const [header = ''] = (await readFile(dataset.path(part.name), 'utf8')).split('\n');
    expect(JSON.parse(header.slice(9))).toEqual({
      v: RECORD_VERSION,
      kind: 'part',
      column: 'body',
      epoch: 1,
      rowGroup: 0,
      rows: { first: 0, last: 9 },
      nonce: part.nonce,
    });
  });

  it('is at its end only when it was closed', async () => {
    const dataset = await testDataset();
    const part = await newPart(dataset);
    await part.append(cellRecord({ row: 0 }));
    expect((await readCellFile(dataset, part.name)).isEnded).toBe(false);
    await part.close();
    expect((await readCellFile(dataset, part.name)).isEnded).toBe(true);
  });

  it('leaves no file when nothing was appended', async () => {
    const dataset = await testDataset();
    const part = await writtenPart(dataset, []);
    expect(part.isEmpty).toBe(true);
    expect(await dataset.files.list('cells/body/00000')).toEqual([]);
  });

  it('numbers its calls', async () => {
    const part = await newPart(await testDataset());
    expect([part.nextCallId(), part.nextCallId()]).toEqual([`${part.nonce}:1`, `${part.nonce}:2`]);
  });

  it('keeps odd column names apart and inside the folder', async () => {
    const dataset = await testDataset();
    // The last one is the longest that a document may name.
    const columns = ['..', '.hidden', 'a/b', 'a%2Fb', 'Größe', 'a b*', `.${'*'.repeat(66)}`];
    const parts = await Promise.all(columns.map((column) => newPart(dataset, column)));
    const names = parts.map(({ name }) => name);
    expect(new Set(names.map((name) => dirname(name))).size).toBe(columns.length);
    for (const name of names) {
      expect(join('cells', name.split('/')[1] ?? '', '00000')).toBe(dirname(name));
      expect(name).not.toMatch(/\/\./);
      expect(Math.max(...name.split('/').map((item) => Buffer.byteLength(item)))).toBeLessThan(256);
    }
  });

  it('loses only the torn line wherever its file is cut', async () => {
    const dataset = await testDataset();
    const records = [cellRecord({ row: 0 }), cellRecord({ row: 1, value: 'ü\n' }), cellRecord({ row: 2 })];
    const part = await writtenPart(dataset, records);
    const path = dataset.path(part.name);
    const bytes = await readFile(path);
    for (let size = bytes.length; size >= 0; size -= 1) {
      await truncate(path, size);
      const newlines = bytes.subarray(0, size).toString('latin1').split('\n').length - 1;
      // A line without only its newline is whole: its CRC says so.
      const whole = newlines + (bytes[size] === 0x0a ? 1 : 0);
      const found = await readCellFile(dataset, part.name);
      expect(found.records).toEqual(records.slice(0, Math.max(0, whole - 1)));
      expect(found).toMatchObject({ isDamaged: false, isEnded: whole === records.length + 2 });
    }
  });

  it('reports a damaged line in the middle and keeps the others, the header aside too', async () => {
    const dataset = await testDataset();
    const records = [0, 1, 2].map((row) => cellRecord({ row }));
    for (const damagedLine of [0, 2]) {
      const part = await writtenPart(dataset, records);
      const lines = (await readFile(dataset.path(part.name), 'utf8')).split('\n');
      lines[damagedLine] = (lines[damagedLine] as string).replace('"', "'");
      await writeFile(dataset.path(part.name), lines.join('\n'));
      const found = await readCellFile(dataset, part.name);
      expect(found.isDamaged).toBe(true);
      expect(found.records.map(({ row }) => row)).toEqual(damagedLine === 0 ? [0, 1, 2] : [0, 2]);
    }
  });

  it('is refused by name when a newer Rowloom wrote it', async () => {
    const dataset = await testDataset();
    const part = await writtenPart(dataset, [cellRecord({ row: 0 }), cellRecord({ row: 1, v: NEWER })]);
    await expect(readCellFile(dataset, part.name)).rejects.toThrow(
      `written by a newer Rowloom (format ${NEWER}): update`,
    );
  });

  it('is synced soon after a line, and not once for each line', async () => {
    let syncs = 0;
    const fileSystem = faultyFileSystem((operation) => {
      if (operation === 'datasync') syncs += 1;
      return undefined;
    });
    const part = await newPart(await testDataset({ fileSystem }));
    for (let row = 0; row < 20; row += 1) await part.append(cellRecord({ row }));
    expect(syncs).toBeLessThan(3);
    await expect.poll(() => syncs, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    await sleep(120);
    const before = syncs;
    await part.close();
    expect(syncs).toBe(before);
  });

  it('is closed only after every sync that was asked for, one after the other', async () => {
    const steps: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fileSystem = faultyFileSystem(async (operation) => {
      if (operation !== 'datasync') return undefined;
      steps.push('sync');
      if (steps.length === 1) await held;
      steps.push('synced');
      return undefined;
    });
    const part = await newPart(await testDataset({ fileSystem }));
    await part.append(cellRecord({ row: 0 }));
    const first = part.sync();
    await part.append(cellRecord({ row: 1 }));
    const closed = part.close();
    await new Promise(setImmediate);
    release();
    await Promise.all([first, closed]);
    expect(steps).toEqual(['sync', 'synced', 'sync', 'synced']);
  });
});

describe('a part on a disk that fails', () => {
  it('fails the line, every line after it, and the end; what was written before can be read', async () => {
    let isFull = false;
    const fileSystem = faultyFileSystem((operation) =>
      isFull && operation === 'write' ? diskError('ENOSPC') : undefined,
    );
    const dataset = await testDataset({ fileSystem });
    const part = await newPart(dataset);
    await part.append(cellRecord({ row: 0 }));
    isFull = true;
    const appended = [1, 2, 3].map((row) => part.append(cellRecord({ row })));
    for (const line of await Promise.allSettled(appended)) {
      expect(line).toMatchObject({ status: 'rejected', reason: expect.any(StoreError) });
    }
    isFull = false;
    await expect(part.append(cellRecord({ row: 4 }))).rejects.toThrow('the disk is full');
    await expect(part.close()).rejects.toThrow(StoreError);
    expect((await readCellFile(dataset, part.name)).records.map(({ row }) => row)).toEqual([0]);
  });

  it('goes on after a write that took some of the bytes, and leaves a torn line when no more are taken', async () => {
    let writes = 0;
    const fileSystem = faultyFileSystem((operation) => {
      if (operation !== 'write') return undefined;
      writes += 1;
      return writes < 30 ? { writeAtMost: 10 } : undefined;
    });
    const dataset = await testDataset();
    const slow = await testDataset({ fileSystem, directory: dirname(dataset.directory) });
    const part = await writtenPart(slow, [cellRecord({ row: 0 }), cellRecord({ row: 1 })]);
    expect((await readCellFile(dataset, part.name)).records.map(({ row }) => row)).toEqual([0, 1]);

    let isFull = false;
    const full = await testDataset({
      directory: dirname(dataset.directory),
      fileSystem: faultyFileSystem((operation) => {
        if (!isFull || operation !== 'write') return undefined;
        const first = writes > 0;
        writes = 0;
        return first ? { writeAtMost: 20 } : diskError('ENOSPC');
      }),
    });
    const torn = await newPart(full);
    await torn.append(cellRecord({ row: 0 }));
    isFull = true;
    await expect(torn.append(cellRecord({ row: 1 }))).rejects.toThrow('the disk is full');
    await expect(torn.close()).rejects.toThrow(StoreError);
    expect(await readCellFile(dataset, torn.name)).toMatchObject({
      isDamaged: false,
      isEnded: false,
      records: [{ row: 0 }],
    });
  });

  it('fails when its lines cannot be synced', async () => {
    const fileSystem = faultyFileSystem((operation) =>
      operation === 'datasync' ? diskError('EIO') : undefined,
    );
    const part = await newPart(await testDataset({ fileSystem }));
    await part.append(cellRecord({ row: 0 }));
    await expect(part.close()).rejects.toThrow('the disk reports an error');
  });

  it('takes no line more once its folder is moved away, and makes no other', async () => {
    const dataset = await testDataset();
    const part = await newPart(dataset);
    await part.append(cellRecord({ row: 0 }));
    const folder = dirname(dataset.path(part.name));
    await rename(folder, `${folder}-moved`);
    await part.append(cellRecord({ row: 1 }));
    await part.sync();
    await expect(part.append(cellRecord({ row: 2 }))).rejects.toThrow(FolderGoneError);
    await expect(part.close()).rejects.toThrow(
      `the folder "${folder}" is gone: moved, removed or unmounted. Once it is back, the same command goes on`,
    );
    expect(await dataset.files.findStat(dirname(part.name))).toBeUndefined();
  });

  it.each([
    ['EROFS', 'the file system is read-only'],
    ['EACCES', 'permission denied'],
  ])('says why it cannot be made: %s', async (code, reason) => {
    let isBroken = false;
    const fileSystem = faultyFileSystem((operation) =>
      isBroken && operation === 'open' ? diskError(code) : undefined,
    );
    const part = await newPart(await testDataset({ fileSystem }));
    isBroken = true;
    await expect(part.append(cellRecord({ row: 0 }))).rejects.toThrow(reason);
    await expect(part.close()).rejects.toThrow(reason);
  });
});

it('keeps every line that was appended before its process was killed', async () => {
  const dataset = await testDataset();
  const script = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dirname(dataset.directory)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let partName = '';
  let acknowledged = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    if (partName === '') partName = line;
    else acknowledged = Number(line);
    if (acknowledged >= 200) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const { records, isDamaged } = await readCellFile(dataset, partName);
  expect(isDamaged).toBe(false);
  expect(records.length).toBeGreaterThan(acknowledged);
  expect(records.map(({ row }) => row)).toEqual(records.map((_, row) => row));
});

describe('PartCache', () => {
  it('reads a part once, and again when it has grown', async () => {
    let reads = 0;
    const dataset = await testDataset();
    const part = await newPart(dataset);
    await part.append(cellRecord({ row: 0 }));
    const counting = hookedDataset(dataset, (operation) => {
      if (operation === 'find') reads += 1;
    });
    const cache = new PartCache(1_000_000);
    const [first, second] = await Promise.all([
      cache.read(counting, part.name),
      cache.read(counting, part.name),
    ]);
    expect(second.accepted).toBe(first.accepted);
    expect(reads).toBe(1);
    await part.append(cellRecord({ row: 1, calls: [call(part.nextCallId())] }));
    expect([...(await cache.read(dataset, part.name)).accepted.keys()]).toEqual([0, 1]);
    await part.close();
  });

  it('lets the part go that was not read for longest', async () => {
    const dataset = await testDataset();
    const parts = await Promise.all([0, 1, 2].map((row) => writtenPart(dataset, [cellRecord({ row })])));
    const names = parts.map(({ name }) => name) as [string, string, string];
    const { size } = await stat(dataset.path(names[0]));
    const cache = new PartCache(size * 2 + 10);
    const first = await cache.read(dataset, names[0]);
    const second = await cache.read(dataset, names[1]);
    expect((await cache.read(dataset, names[0])).accepted).toBe(first.accepted);
    await cache.read(dataset, names[2]);
    expect((await cache.read(dataset, names[0])).accepted).toBe(first.accepted);
    expect((await cache.read(dataset, names[1])).accepted).not.toBe(second.accepted);
  });

  it('gives up a part that it is told to forget', async () => {
    const dataset = await testDataset();
    const part = await writtenPart(dataset, [cellRecord({ row: 0 })]);
    const cache = new PartCache(1_000);
    const first = await cache.read(dataset, part.name);
    cache.forget(dataset, part.name);
    expect((await cache.read(dataset, part.name)).accepted).not.toBe(first.accepted);
  });

  it('tells of the rows whose cell is skipped', async () => {
    const dataset = await testDataset();
    const skipped = cellRecord({ row: 1, in: '', status: 'skip', value: null });
    const part = await writtenPart(dataset, [cellRecord({ row: 0 }), skipped]);
    const read = await new PartCache(1_000).read(dataset, part.name);
    expect([[...read.accepted.keys()], [...read.skipped]]).toEqual([[0], [1]]);
  });

  it('does not keep a failure', async () => {
    const dataset = await testDataset();
    const part = await writtenPart(dataset, [cellRecord({ row: 0 })]);
    const bytes = await readFile(dataset.path(part.name));
    const cache = new PartCache(1_000);
    await appendFile(dataset.path(part.name), formatLine(formatRecord(cellRecord({ row: 1, v: NEWER }))));
    await expect(cache.read(dataset, part.name)).rejects.toThrow(StoreError);
    await writeFile(dataset.path(part.name), bytes);
    expect((await cache.read(dataset, part.name)).accepted.size).toBe(1);
  });
});

it('keeps answers that are larger together than what is written at a time, in parts and in settled files', async () => {
  const dataset = await testDataset();
  const records = Array.from({ length: 40 }, (_, row) =>
    cellRecord({ row, value: `${row} ${'ä'.repeat(100_000)}` }),
  );
  const part = await newPart(dataset);
  await Promise.all(records.map((record) => part.append(record)));
  await part.close();
  const place = { column: 'body', rowGroup: 0, epoch: 1, nonce: 'feed' };
  const options = { ...place, chosen: new Map(), editions: [], failedRows: new Set<number>() };
  const { covers } = await settleColumn(dataset, options);
  expect(covers).toEqual([part.name, settledName(place)]);
  for (const name of covers) {
    const found = await readCellFile(dataset, name);
    expect(found.isDamaged).toBe(false);
    expect(found.records.map(({ value }) => value)).toEqual(records.map(({ value }) => value));
  }
});
