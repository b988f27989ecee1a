import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, formatViolation } from '../../../src/errors.ts';
import { openSeedSource } from '../../../src/seeds/seed-source.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowloom-parquet-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Options = Parameters<typeof parquetWriteBuffer>[0];

/** The first row of a file and the kinds of its columns, or what is wrong with it. */
async function readingOf(bytes: Uint8Array): Promise<unknown> {
  const file = join(folder, 's.parquet');
  await writeFile(file, bytes);
  try {
    const source = await openSeedSource([file]);
    const kinds = source.columns.map(({ type }) => type.kind);
    return [...kinds, ...Object.values((await source.readRows(0, 1))[0]!)];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.violations
      .map((violation) => formatViolation(violation).replace(`${folder}/`, ''))
      .join('\n');
  }
}

const written = (options: Options) => new Uint8Array(parquetWriteBuffer(options));

/** A file with one column of one value. */
function oneOf(element: Omit<SchemaElement, 'name'>, value: unknown): Uint8Array {
  return written({
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'x', repetition_type: 'OPTIONAL', ...element },
    ],
    columnData: [{ name: 'x', data: [value] }],
  });
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0x01]);
const NO_TEXT = 'that are no text: leave the column out, or write text, such as the path of a file';

describe('bytes in a Parquet file', () => {
  it.each<[string, Omit<SchemaElement, 'name'>, string]>([
    ['without annotation', { type: 'BYTE_ARRAY' }, ' (first in row 2)'],
    // DuckDB tells of a whole vector of rows.
    ['that are said to be text', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, ''],
  ])('are refused with their column where they are no UTF-8: bytes %s', async (_, element, row) => {
    const bytes = written({
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'x', repetition_type: 'OPTIONAL', ...element },
      ],
      columnData: [{ name: 'x', data: ['"text"', null, PNG] }],
    });
    expect(await readingOf(bytes)).toBe(`s.parquet has bytes in column "x" ${NO_TEXT}${row}`);
  });

  it('are text without annotation where they are UTF-8', async () => {
    expect(await readingOf(oneOf({ type: 'BYTE_ARRAY' }, new TextEncoder().encode('Zoë')))).toEqual([
      'text',
      'Zoë',
    ]);
  });

  it('are refused as a field, by its path', async () => {
    const image = written({
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      ],
      columnData: [{ name: 'image', data: [{ bytes: PNG, path: 'a.png' }] }],
    });
    expect(await readingOf(image)).toBe(
      `s.parquet has bytes in column "image.bytes" ${NO_TEXT} (first in row 0)`,
    );
  });

  it('are refused whatever they hold where their length is fixed', async () => {
    const bytes = oneOf({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: 7 }, PNG);
    expect(await readingOf(bytes)).toBe(`s.parquet has bytes in column "x" ${NO_TEXT}`);
  });

  it('are refused where they are of a kind that nobody reads', async () => {
    expect(await readingOf(oneOf({ type: 'BYTE_ARRAY', converted_type: 'BSON' }, PNG))).toBe(
      's.parquet has a column of a kind that cannot be read (Unsupported converted type (20)): leave the column out',
    );
  });
});

describe('two names in a Parquet file that are the same', () => {
  /** Another name in the schema and wherever a column chunk names its path. */
  const renamed = (bytes: Uint8Array, from: string, to: string) =>
    Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1');

  it('are refused as columns', async () => {
    const bytes = written({
      columnData: [
        { name: 'city1', data: ['Rome'] },
        { name: 'city2', data: ['Oslo'] },
      ],
    });
    expect(await readingOf(renamed(bytes, 'city2', 'city1'))).toBe(
      's.parquet has column "city1" twice: rename one',
    );
  });

  it('are refused as fields', async () => {
    const bytes = written({
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'who', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'city1', type: 'INT32', repetition_type: 'OPTIONAL' },
        { name: 'city2', type: 'INT32', repetition_type: 'OPTIONAL' },
      ],
      columnData: [{ name: 'who', data: [{ city1: 1, city2: 2 }] }],
    });
    expect(await readingOf(renamed(bytes, 'city2', 'city1'))).toBe(
      's.parquet has field "city1" twice in column "who": rename one',
    );
  });
});

describe('a decimal in a Parquet file', () => {
  const decimal = (scale: number) =>
    ({ converted_type: 'DECIMAL', scale, precision: 38 }) satisfies Omit<SchemaElement, 'name'>;

  it('without places is a whole number, exact', async () => {
    const digits = oneOf({ type: 'INT64', ...decimal(0) }, 9007199254740993n);
    expect(await readingOf(digits)).toEqual(['int', 9007199254740993n]);
  });

  it('with places is the float that its digits say', async () => {
    expect(await readingOf(oneOf({ type: 'INT64', ...decimal(2) }, 1.1))).toEqual(['float', 1.1]);
    expect(await readingOf(oneOf({ type: 'INT32', ...decimal(3) }, -0.307))).toEqual(['float', -0.307]);
  });
});

describe('a damaged Parquet file', () => {
  const DAMAGED = 's.parquet is damaged, or is no Parquet file: write it again with the program that made it';
  const rows = Array.from({ length: 40 }, (_, row) => row);
  const files = (['SNAPPY', 'UNCOMPRESSED'] as const).map((codec) =>
    written({
      codec,
      rowGroupSize: 25,
      schema: [
        { name: 'root', num_children: 4 },
        { name: 'n', type: 'INT64', repetition_type: 'OPTIONAL' },
        { name: 'word', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'tags', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
        { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
        { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
        { name: 'who', num_children: 1, repetition_type: 'OPTIONAL' },
        { name: 'age', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      ],
      columnData: [
        { name: 'n', data: rows.map((row) => (row % 7 === 0 ? null : BigInt(row))) },
        { name: 'word', data: rows.map((row) => `word ${row % 3}`) },
        { name: 'tags', data: rows.map((row) => (row % 5 === 0 ? null : [row, null, 7])) },
        { name: 'who', data: rows.map((row) => ({ age: row / 4 })) },
      ],
    }),
  );
  /** A number below `limit`, the same each time for the same seed. */
  function drawer(seed: number): (limit: number) => number {
    let state = seed * 2_654_435_761 + 1;
    return (limit) => {
      state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) | 0;
      return ((state ^ (state >>> 13)) >>> 0) % limit;
    };
  }

  /** A file cut off, or with some bytes flipped, more often in its metadata than in its rows. */
  function damaged(seed: number): Uint8Array {
    const draw = drawer(seed);
    const bytes = files[draw(files.length)]!.slice();
    if (draw(8) === 0) return bytes.subarray(0, draw(bytes.length));
    for (let flips = 1 + draw(3); flips > 0; flips--) {
      const at = draw(2) === 0 ? draw(bytes.length) : bytes.length - 1 - draw(Math.min(700, bytes.length));
      bytes[at] = draw(256);
    }
    return bytes;
  }

  const mutations = Number(process.env.PARQUET_MUTATIONS ?? 1_000);
  it(`is read or refused in plain words, however it is damaged`, {
    timeout: 60_000 + mutations * 50,
  }, async () => {
    const others = new Map<string, number>();
    for (let seed = 0; seed < mutations; seed++) {
      const found = await readingOf(damaged(seed));
      if (typeof found !== 'string' || found === DAMAGED) continue;
      others.set(found, seed);
    }
    const plain =
      /^s\.parquet (?:has (?:bytes|column|field|no rows|a (?:column|field|time)|text) ?.*|is empty)$/s;
    expect([...others].filter(([problem]) => !plain.test(problem))).toEqual([]);
  });

  it('is refused without its first or its last bytes', async () => {
    expect(await readingOf(files[1]!.subarray(4))).toBe(DAMAGED);
    expect(await readingOf(files[1]!.subarray(0, -1))).toBe(DAMAGED);
  });
});
