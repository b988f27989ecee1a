import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnType } from '../../../src/plan.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import { run } from '../../../src/store/parquet-thread.ts';
import { misfitOf, type ParquetColumn } from '../../../src/store/parquet-values.ts';
import { parseParquet } from '../../../src/store/read-parquet.ts';
import { writeRowGroup } from '../../../src/store/row-group-writer.ts';
import type { Value, ValueObject } from '../../../src/values.ts';
import { temporaryFolder } from './support.ts';

let duckdb: Awaited<ReturnType<DuckDBInstance['connect']>>;
beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => duckdb.closeSync());

async function query(sql: string): Promise<unknown[][]> {
  return (await duckdb.runAndReadAll(sql)).getRowsJS() as unknown[][];
}

async function write(columns: readonly ParquetColumn[], rows: readonly ValueObject[]): Promise<string> {
  const path = join(await temporaryFolder(), 'batch.parquet');
  const valuesOf = (column: string) => rows.map((row) => row[column] ?? null);
  await writeRowGroup(filesOf(path), { path: basename(path), columns, rowCount: rows.length, valuesOf });
  return path;
}

function filesOf(path: string): FolderFiles {
  return new FolderFiles(dirname(path));
}

async function readParquet(path: string): Promise<ValueObject[]> {
  return parseParquet((await filesOf(path).find(basename(path)))!, path);
}

const TEXT: ColumnType = { kind: 'text' };
const INT: ColumnType = { kind: 'int' };
const FLOAT: ColumnType = { kind: 'float' };
const BOOL: ColumnType = { kind: 'bool' };

const NESTED: ColumnType = {
  kind: 'struct',
  fields: [
    { name: 'name', type: TEXT },
    {
      name: 'lines',
      type: {
        kind: 'list',
        item: {
          kind: 'struct',
          fields: [
            { name: 'sku', type: TEXT },
            { name: 'count', type: INT },
            { name: 'tags', type: { kind: 'list', item: TEXT } },
          ],
        },
      },
    },
    { name: 'constructor', type: FLOAT },
  ],
};

describe('a row group file', () => {
  it('keeps whole numbers above 2^53 and floats without a fraction', async () => {
    const columns = [
      { name: 'id', type: INT },
      { name: 'price', type: FLOAT },
    ];
    const rows = [
      { id: 9_007_199_254_740_993n, price: 12 },
      { id: -9_223_372_036_854_775_808n, price: 0.1 },
      { id: null, price: null },
      { id: 3, price: 7n },
    ];
    const path = await write(columns, rows);
    expect(await readParquet(path)).toEqual([
      { id: 9_007_199_254_740_993n, price: 12 },
      { id: -9_223_372_036_854_775_808n, price: 0.1 },
      { id: null, price: null },
      { id: 3n, price: 7 },
    ]);
    expect(await query(`select id, price, typeof(id), typeof(price) from '${path}' limit 1`)).toEqual([
      [9_007_199_254_740_993n, 12, 'BIGINT', 'DOUBLE'],
    ]);
    expect(await query(`select count(*) from '${path}' where id = 9007199254740993`)).toEqual([[1n]]);
    expect(await query(`select count(*) from '${path}' where id > 9007199254740992`)).toEqual([[1n]]);
  });

  it('keeps nested lists of structs with nulls and empties at every level', async () => {
    const rows: ValueObject[] = [
      {
        order: { name: 'a', lines: [{ sku: 'x', count: 1n, tags: ['p', null, ''] }, null], constructor: 1.5 },
      },
      { order: null },
      { order: { name: null, lines: null, constructor: null } },
      { order: { name: 'd', lines: [] } },
      {
        order: {
          name: 'e',
          lines: [
            { sku: null, count: null, tags: [] },
            { sku: 'y', count: 2n, tags: null },
          ],
        },
      },
      { order: {} },
    ];
    const path = await write([{ name: 'order', type: NESTED }], rows);
    const whole = [
      { name: 'a', lines: [{ sku: 'x', count: 1n, tags: ['p', null, ''] }, null], constructor: 1.5 },
      null,
      { name: null, lines: null, constructor: null },
      { name: 'd', lines: [], constructor: null },
      {
        name: 'e',
        lines: [
          { sku: null, count: null, tags: [] },
          { sku: 'y', count: 2n, tags: null },
        ],
        constructor: null,
      },
      { name: null, lines: null, constructor: null },
    ];
    expect((await readParquet(path)).map(({ order }) => order)).toEqual(whole);
    expect((await query(`select "order" from '${path}'`)).map(([order]) => order)).toEqual(whole);
  });

  it('keeps text whole and findable by filters', async () => {
    const texts = [
      '',
      'plain',
      'a'.repeat(40),
      `${'a'.repeat(39)}b`,
      'žluťoučký kůň',
      '\u{1f600} smile',
      '\uffff high',
      'line\nbreak\0nul',
      '日本語'.repeat(20),
    ];
    const rows = Array.from({ length: 3_000 }, (_, row) => ({ text: texts[row % texts.length] as string }));
    const path = await write([{ name: 'text', type: TEXT }], rows);
    expect(await readParquet(path)).toEqual(rows);
    for (const text of texts) {
      const found = await duckdb.runAndReadAll(`select count(*) from '${path}' where text = $1`, [text]);
      expect(found.getRowsJS()).toEqual([[BigInt(rows.filter((row) => row.text === text).length)]]);
    }
    expect(await query(`select count(*) from '${path}' where text > '\u{1f5ff}'`)).toEqual([[333n]]);
  });

  it('writes many nested values over several pages', async () => {
    const rows = Array.from({ length: 2_000 }, (_, row) => ({
      order: {
        name: `name ${row} `.repeat(100),
        lines: Array.from({ length: row % 4 }, (_, line) => ({
          sku: `${row}.${line}`,
          count: BigInt(row),
          tags: ['t'],
        })),
        constructor: row / 4,
      },
    }));
    const path = await write([{ name: 'order', type: NESTED }], rows);
    expect(await readParquet(path)).toEqual(rows);
    const counts = rows.reduce((sum, _, row) => sum + (row % 4 > 0 ? BigInt(row) : 0n), 0n);
    expect(await query(`select sum(len("order".lines)), sum("order".lines[1].count) from '${path}'`)).toEqual(
      [[3000n, counts]],
    );
  });

  it('writes JSON columns and structs without fields as JSON text', async () => {
    const columns = [
      { name: 'any', type: { kind: 'json' } as const },
      { name: 'empty', type: { kind: 'struct', fields: [] } as const },
      { name: 'flag', type: BOOL },
    ];
    const path = await write(columns, [
      { any: { n: 12, i: 12n }, empty: { a: 1n }, flag: true },
      { any: 'text', empty: {}, flag: null },
      { any: null, empty: null, flag: false },
    ]);
    expect(await readParquet(path)).toEqual([
      { any: '{"n":12.0,"i":12}', empty: '{"a":1}', flag: true },
      { any: '"text"', empty: '{}', flag: null },
      { any: null, empty: null, flag: false },
    ]);
    expect(await query(`select "any"->>'n' from '${path}' limit 1`)).toEqual([['12.0']]);
  });

  it('is the same bytes each time', async () => {
    const rows = Array.from({ length: 500 }, (_, row) => ({ text: `text ${row % 7}`, n: BigInt(row) }));
    const columns = [
      { name: 'text', type: TEXT },
      { name: 'n', type: INT },
    ];
    const hashes = await Promise.all(
      [1, 2, 3].map(async () => {
        const bytes = await readFile(await write(columns, rows));
        return createHash('sha256').update(bytes).digest('hex');
      }),
    );
    expect(new Set(hashes).size).toBe(1);
  });

  it('refuses a value that does not fit instead of bending it', async () => {
    await expect(write([{ name: 'n', type: INT }], [{ n: 2n ** 63n }])).rejects.toThrow(
      '9223372036854775808 does not fit into 64 bits',
    );
    await expect(write([{ name: 'n', type: INT }], [{ n: 1n }])).resolves.toContain('batch');
  });

  it('says what size and checksum it has', async () => {
    const path = join(await temporaryFolder(), 'batch.parquet');
    const written = await writeRowGroup(filesOf(path), {
      path: basename(path),
      columns: [{ name: 'n', type: INT }],
      rowCount: 2,
      valuesOf: () => [1n, 2n],
    });
    const bytes = await readFile(path);
    expect(written.sizeBytes).toBe(bytes.length);
    expect(written.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});

describe('misfitOf', () => {
  const cases: [Value, ColumnType, string | undefined][] = [
    [null, INT, undefined],
    [5, INT, undefined],
    [5.5, INT, '5.5 is not a whole number'],
    [2n ** 63n, INT, '9223372036854775808 does not fit into 64 bits'],
    ['5', FLOAT, '"5" is not a number'],
    [10n ** 308n, FLOAT, undefined],
    [10n ** 400n, FLOAT, `1${'0'.repeat(59)}… is not a number that a float holds`],
    ['yes', BOOL, '"yes" is not true or false'],
    [[1n, 'x'], { kind: 'list', item: INT }, '"x" is not a whole number'],
    ['x', { kind: 'list', item: INT }, '"x" is not a list'],
    [{ lines: [{ count: 'two' }] }, NESTED, '"two" is not a whole number'],
    [[1n], NESTED, '[1] is not an object'],
    [12n, TEXT, undefined],
  ];
  it('says what is wrong, at any depth', () => {
    for (const [value, type, misfit] of cases) expect(misfitOf(value, type)).toBe(misfit);
  });
});

it('waits for a column that is said to be sent and is not there yet, as on a busy machine', async () => {
  const { port1, port2 } = new MessageChannel();
  const sent = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)).fill(1);
  const code = `const { workerData: port } = require('node:worker_threads');
    setTimeout(() => port.postMessage({ values: ['late'], isLast: true }), 50);`;
  const worker = new Worker(code, { eval: true, workerData: port1, transferList: [port1] });
  const columns = [{ name: 'a', type: { kind: 'text' } as const }];
  const bytes = run({ columns, rowCount: 1, port: port2, sent });
  expect(bytes.length).toBeGreaterThan(4);
  port2.close();
  await worker.terminate();
});
