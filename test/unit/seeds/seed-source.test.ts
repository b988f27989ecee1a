import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, formatViolation } from '../../../src/errors.ts';
import { openSeedSource, type ReadSource, type SeedSource } from '../../../src/seeds/seed-source.ts';
import { asFloats } from '../../../src/seeds/seed-types.ts';
import { findSeeds, writeSeeds } from '../../../src/seeds/stored-seeds.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import { misfitOf } from '../../../src/store/parquet-values.ts';
import { formatJson, type Value, type ValueObject } from '../../../src/values.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowloom-seeds-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Files = { readonly [name: string]: string | Uint8Array };

async function write(files: Files): Promise<string[]> {
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
  return Object.keys(files).map((name) => join(folder, name));
}

const open = async (files: Files) => openSeedSource(await write(files));

/** All rows, which are the same from the files and from a dataset that was given them. */
async function allRows(source: ReadSource): Promise<readonly ValueObject[]> {
  const rows = await source.readRows(0, source.rowCount);
  const dataset = new FolderFiles(folder);
  await writeSeeds(dataset, source);
  const stored = await (await findSeeds(dataset, source.contentHash))!.readRows(0, source.rowCount);
  expect(stored).toEqual(rows);
  expect(formatJson(stored)).toBe(formatJson(rows));
  return rows as readonly ValueObject[];
}
const typesOf = (source: SeedSource) =>
  Object.fromEntries(source.columns.map(({ name, type }) => [name, type.kind]));

/** The problems of seed files, without the folder. */
async function problemsOf(files: Files): Promise<string[]> {
  try {
    await open(files);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.violations.map((violation) => formatViolation(violation).replaceAll(`${folder}/`, ''));
  }
  return [];
}

describe('csv', () => {
  it('types columns by all their cells, and keeps empty cells null', async () => {
    const source = await open({
      's.csv': [
        'id,name,price,big,zip,active,note,empty,mixed',
        '1,Ann,12.0,9007199254740993,00501,true,,,1',
        '-2,"Bob, Jr.",3,-5,10001,False,"He said ""hi""\nand left",,x',
        '0,,1e3,0,,TRUE,last,"",2.5',
      ].join('\n'),
    });
    expect(typesOf(source)).toEqual({
      id: 'int',
      name: 'text',
      price: 'float',
      big: 'int',
      zip: 'text',
      active: 'bool',
      note: 'text',
      empty: 'text',
      mixed: 'text',
    });
    expect(await allRows(source)).toEqual([
      {
        id: 1n,
        name: 'Ann',
        price: 12,
        big: 9007199254740993n,
        zip: '00501',
        active: true,
        note: null,
        empty: null,
        mixed: '1',
      },
      {
        id: -2n,
        name: 'Bob, Jr.',
        price: 3,
        big: -5n,
        zip: '10001',
        active: false,
        note: 'He said "hi"\nand left',
        empty: null,
        mixed: 'x',
      },
      {
        id: 0n,
        name: null,
        price: 1000,
        big: 0n,
        zip: null,
        active: true,
        note: 'last',
        empty: null,
        mixed: '2.5',
      },
    ]);
  });

  it('keeps text where floats would lose digits of a whole number', async () => {
    const source = await open({ 's.csv': 'a,b\n9007199254740993,1\n1.5,1.5\n' });
    expect(typesOf(source)).toEqual({ a: 'text', b: 'float' });
    expect(await allRows(source)).toEqual([
      { a: '9007199254740993', b: 1 },
      { a: '1.5', b: 1.5 },
    ]);
  });

  it('takes numbers that no float holds for text', async () => {
    expect(typesOf(await open({ 's.csv': `a,b\n1e400,${'9'.repeat(400)}\n` }))).toEqual({
      a: 'text',
      b: 'text',
    });
  });

  it('reads a byte order mark, either line end, blank lines, and no line end at the end', async () => {
    const source = await open({ 's.csv': '\ufeffa,b\r\n1,é\r\n\r\n2,"x\r\ny"\n3,ü' });
    expect(await allRows(source)).toEqual([
      { a: 1n, b: 'é' },
      { a: 2n, b: 'x\r\ny' },
      { a: 3n, b: 'ü' },
    ]);
  });

  it.each([';', '\t', '|'])('takes %j as separator where the header has no comma', async (separator) => {
    const source = await open({ 's.csv': `a${separator}b\n1${separator}2,5\n` });
    expect(await allRows(source)).toEqual([{ a: 1n, b: '2,5' }]);
  });

  it.each<[string, string, string[], Value[]]>([
    [
      'decimal commas',
      'id;price (EUR, net);label\n1;2,50;x\n',
      ['id', 'price (EUR, net)', 'label'],
      [1n, '2,50', 'x'],
    ],
    ['a comma in the header', 'id\tlabel, long\n1\tx\n', ['id', 'label, long'], [1n, 'x']],
    [
      'a comma in a quoted header',
      '"name, first";age\n"Ada, L";36\n',
      ['name, first', 'age'],
      ['Ada, L', 36n],
    ],
    ['every other delimiter in its cells', 'a,"b;c|d"\n"1;2",x;y|z\n', ['a', 'b;c|d'], ['1;2', 'x;y|z']],
    ['bars and commas', 'a|b,c\n1|2,3\n', ['a|b', 'c'], ['1|2', 3n]],
    ['a single column', 'a\n1\n', ['a'], [1n]],
    ['a row of another length later', 'a;b\n1;2\n3;4\n', ['a', 'b'], [1n, 2n]],
  ])('tells the delimiter of a file with %s', async (_, text, columns, cells) => {
    const source = await open({ 's.csv': text });
    expect(source.columns.map(({ name }) => name)).toEqual(columns);
    expect(Object.values((await allRows(source))[0]!)).toEqual(cells);
  });

  it('tells the delimiter though the rows it is told from end inside a quoted cell', async () => {
    const long = 'x, y\n'.repeat(20_000);
    const source = await open({ 's.csv': `a;b\n1;2,5\n2;"${long}"\n` });
    expect(await allRows(source)).toEqual([
      { a: 1n, b: '2,5' },
      { a: 2n, b: long },
    ]);
  });

  it('names a row of another length by the delimiter of the others', async () => {
    expect(await problemsOf({ 's.csv': 'a;b\n1;2\n1,5;2;3\n4;5\n' })).toEqual([
      's.csv:3 has 3 cells where the header has 2',
    ]);
  });

  it('reads line ends of a single CR', async () => {
    const source = await open({ 's.csv': 'id,label\r1,x\r\r2,"y\rz"' });
    expect(await allRows(source)).toEqual([
      { id: 1n, label: 'x' },
      { id: 2n, label: 'y\rz' },
    ]);
    expect(await problemsOf({ 's.csv': 'a,b\r1,2\r1\r' })).toEqual([
      's.csv:3 has 1 cell where the header has 2',
    ]);
  });

  it('reads any range of a long file', async () => {
    const lines = Array.from({ length: 1_000 }, (_, row) => `${row},"line ${row}\né"`);
    const source = await open({ 's.csv': `n,text\n${lines.join('\n')}\n` });
    expect(source.rowCount).toBe(1_000);
    for (const [first, count] of [
      [0, 1],
      [63, 2],
      [64, 64],
      [500, 300],
      [999, 1],
      [0, 1_000],
      [5, 0],
    ] as const) {
      const expected = Array.from({ length: count }, (_, index) => ({
        n: BigInt(first + index),
        text: `line ${first + index}\né`,
      }));
      expect(await source.readRows(first, count)).toEqual(expected);
    }
    await expect(source.readRows(999, 2)).rejects.toThrow(
      'Cannot read 2 seed rows from 999: the source has 1000',
    );
  });

  it.each<[string, Files, string[]]>([
    ['an empty file', { 's.csv': '' }, ['s.csv is empty']],
    ['a header alone', { 's.csv': 'a,b\n' }, ['s.csv has no rows']],
    ['a name twice', { 's.csv': 'a,b,a\n1,2,3\n' }, ['s.csv:1 has column "a" twice in its header']],
    [
      'a column without a name',
      { 's.csv': 'a,,c\n1,2,3\n' },
      ['s.csv:1 has no name for column 2 in its header'],
    ],
    [
      'rows of another length, each with its first line',
      { 's.csv': 'a,b\n1\n"x\ny",2,3\n\n4,5\n6,7,8\n' },
      [
        's.csv:2 has 1 cell where the header has 2',
        's.csv:3 has 3 cells where the header has 2',
        's.csv:7 has 3 cells where the header has 2',
      ],
    ],
    [
      'rows after cells of several lines and blank lines',
      { 's.csv': 'a,b\r\n"x\r\n\r\ny",1\r\n\r\n3\r\n4,"5"6\r\n' },
      [
        's.csv:6 has 1 cell where the header has 2',
        's.csv:7 has text after a closing quote: inside a quoted cell a quote is written twice',
      ],
    ],
    [
      'a quote that is never closed',
      { 's.csv': 'a,b\n1,2\n3,"x\n4,5\n' },
      ['s.csv:3 has a quoted cell that is never closed'],
    ],
    [
      'text after a closing quote',
      { 's.csv': 'a,b\n1,2\n3,"x"y\n' },
      ['s.csv:3 has text after a closing quote: inside a quoted cell a quote is written twice'],
    ],
    [
      'a quote inside a bare cell',
      { 's.csv': 'a,b\n1,5" pipe\n' },
      ['s.csv:2 has a quote inside a cell that is not quoted: quote the cell and write the quote twice'],
    ],
    [
      'bytes that are not UTF-8',
      { 's.csv': Buffer.from('a,b\n1,2\n3,caf\xe9\n', 'latin1') },
      ['s.csv:3 is not UTF-8 text: save it as UTF-8'],
    ],
    [
      'UTF-16',
      { 's.csv': Buffer.from('\ufeffa,b\n1,2\n', 'utf16le') },
      ['s.csv:1 is UTF-16 text: save it as UTF-8'],
    ],
    [
      'more problems than are worth telling',
      { 's.csv': `a,b\n${'1\n'.repeat(25)}` },
      [
        ...Array.from({ length: 20 }, (_, index) => `s.csv:${index + 2} has 1 cell where the header has 2`),
        's.csv has 5 more errors',
      ],
    ],
  ])('refuses %s', async (_, files, problems) => {
    expect(await problemsOf(files)).toEqual(problems);
  });
});

describe('jsonl', () => {
  it('types columns over all rows, and takes missing fields for null', async () => {
    const source = await open({
      's.jsonl': [
        '{"id": 1, "price": 12.0, "big": 9007199254740993, "tags": ["a"], "who": {"name": "Ann", "age": 3}}',
        '{"id": null, "price": 3, "who": {"name": null, "age": 4.5, "city": "Ulm"}, "tags": [], "any": 1}',
        '',
        '  {"any": "x", "bag": {}, "price": 1e3, "nested": [{"k": 1}, {"k": "v"}]}  ',
      ].join('\r\n'),
    });
    expect(source.columns.map(({ name, type }) => ({ name, type }))).toEqual([
      { name: 'id', type: { kind: 'int' } },
      { name: 'price', type: { kind: 'float' } },
      { name: 'big', type: { kind: 'int' } },
      { name: 'tags', type: { kind: 'list', item: { kind: 'text' } } },
      {
        name: 'who',
        type: {
          kind: 'struct',
          fields: [
            { name: 'name', type: { kind: 'text' } },
            { name: 'age', type: { kind: 'float' } },
            { name: 'city', type: { kind: 'text' } },
          ],
        },
      },
      { name: 'any', type: { kind: 'json' } },
      { name: 'bag', type: { kind: 'json' } },
      {
        name: 'nested',
        type: { kind: 'list', item: { kind: 'struct', fields: [{ name: 'k', type: { kind: 'json' } }] } },
      },
    ]);
    const nothing = {
      id: null,
      price: null,
      big: null,
      tags: null,
      who: null,
      any: null,
      bag: null,
      nested: null,
    };
    expect(await allRows(source)).toEqual([
      { ...nothing, id: 1n, price: 12, big: 9007199254740993n, tags: ['a'], who: { name: 'Ann', age: 3 } },
      { ...nothing, price: 3, tags: [], who: { name: null, age: 4.5, city: 'Ulm' }, any: 1n },
      { ...nothing, price: 1000, any: 'x', bag: {}, nested: [{ k: 1n }, { k: 'v' }] },
    ]);
  });

  it('takes an object with a hundred fields for a free map', async () => {
    const rows = Array.from({ length: 101 }, (_, row) => `{"counts": {"key${row}": ${row}}}`);
    expect(typesOf(await open({ 's.jsonl': rows.slice(0, 100).join('\n') }))).toEqual({ counts: 'struct' });
    expect(typesOf(await open({ 's.jsonl': rows.join('\n') }))).toEqual({ counts: 'json' });
  });

  it('reads any range of a long file with long lines', async () => {
    const lines = Array.from({ length: 500 }, (_, row) =>
      JSON.stringify({ n: row, text: 'é'.repeat(row * 3) }),
    );
    const source = await open({ 's.jsonl': `\ufeff${lines.join('\n')}` });
    for (const first of [0, 100, 300, 499]) {
      expect(await source.readRows(first, 1)).toEqual([{ n: BigInt(first), text: 'é'.repeat(first * 3) }]);
    }
    expect(await source.readRows(250, 250)).toHaveLength(250);
  });

  it.each<[string, Files, string[]]>([
    ['an empty file', { 's.jsonl': '' }, ['s.jsonl is empty']],
    ['blank lines alone', { 's.jsonl': '\n\n' }, ['s.jsonl has no rows']],
    [
      'lines that are not JSON objects, each by its number',
      { 's.jsonl': '{"a": 1}\n{"a": }\n[1]\n"x"\n{"a": 1, "a": 2}\n{"a": 1e999}\n' },
      [
        "s.jsonl:2 is not JSON: Object value expected after ':' at position 6",
        's.jsonl:3 is not an object',
        's.jsonl:4 is not an object',
        "s.jsonl:5 is not JSON: Duplicate key 'a' encountered at position 10",
        's.jsonl:6 is not JSON: Cannot read the number 1e999: it is too large for a float',
      ],
    ],
    [
      'bytes that are not UTF-8',
      { 's.jsonl': Buffer.from('{"a": 1}\n{"a": "\xff"}\n', 'latin1') },
      ['s.jsonl:2 is not UTF-8 text: save it as UTF-8'],
    ],
    ['objects without fields', { 's.jsonl': '{}\n{}\n' }, ['s.jsonl has no columns']],
    ['a field without a name', { 's.jsonl': '{"": 1, "a": 2}\n' }, ['s.jsonl has a column without a name']],
  ])('refuses %s', async (_, files, problems) => {
    expect(await problemsOf(files)).toEqual(problems);
  });
});

describe('json', () => {
  const rows = [
    { a: 1n, b: 'x, {"]' },
    { a: 2n, b: 'back\\slash "quote"' },
  ];

  it.each([
    [
      'a list of objects',
      '[\n  {"a": 1, "b": "x, {\\"]"},\n  {"b": "back\\\\slash \\"quote\\"",\n "a": 2}\n]\n',
    ],
    ['objects one after the other', '{"a": 1, "b": "x, {\\"]"}\n{"a": 2,\n"b": "back\\\\slash \\"quote\\""}'],
    ['a list in one line', '\ufeff[{"a":1,"b":"x, {\\"]"},{"a":2,"b":"back\\\\slash \\"quote\\""}]'],
  ])('reads %s', async (_, text) => {
    expect(await allRows(await open({ 's.json': text }))).toEqual(rows);
  });

  it('reads any range of a large file', async () => {
    const items = Array.from({ length: 3_000 }, (_, row) => ({
      n: row,
      text: 'ü'.repeat(100),
      list: [[row]],
    }));
    const source = await open({ 's.json': JSON.stringify(items) });
    expect(source.rowCount).toBe(3_000);
    for (const first of [0, 1_234, 2_999]) {
      expect(await source.readRows(first, 1)).toEqual([
        { n: BigInt(first), text: 'ü'.repeat(100), list: [[BigInt(first)]] },
      ]);
    }
  });

  it.each<[string, string, string[]]>([
    ['an empty file', '', ['s.json is empty']],
    ['an empty list', '[]', ['s.json has no rows']],
    ['a list of other things', '[\n1]', ['s.json:2 has "1" where an object should be']],
    ['text', 'hello', ['s.json:1 has "h" where a list or an object should be']],
    [
      'a missing comma',
      '[{"a": 1}\n{"a": 2}]',
      ['s.json:2 has "{" where a comma or the end of the list should be'],
    ],
    ['a comma at the end', '[{"a": 1},]', ['s.json:1 has "]" where an object should be']],
    ['a list that goes on', '[{"a": 1}]\n[]', ['s.json:2 has "[" where the end of the file should be']],
    ['an open object', '[{"a": 1},\n{"a": 2', ['s.json:2 has an object here that is never closed']],
    ['an open list', '[{"a": 1}\n', ['s.json:2 has a list that is never closed']],
    [
      'an object that is not JSON, by the line of the mistake',
      '[{"a": 1},\n{\n"a": 2,\n"b" 3}]',
      ["s.json:4 is not JSON: Colon ':' expected after property name but got '3' at position 14"],
    ],
  ])('refuses %s', async (_, text, problems) => {
    expect(await problemsOf({ 's.json': text })).toEqual(problems);
  });
});

describe('parquet', () => {
  const parquet = (options: Parameters<typeof parquetWriteBuffer>[0]) =>
    new Uint8Array(parquetWriteBuffer(options));

  it('reads every kind of column by the schema of the file', async () => {
    const source = await open({
      's.parquet': parquet({
        columnData: [
          { name: 'id', data: [1n, 9007199254740993n, null], type: 'INT64' },
          { name: 'small', data: [1, -2, null], type: 'INT32' },
          { name: 'price', data: [12, Number.NaN, 0.5], type: 'DOUBLE' },
          { name: 'name', data: ['Ann', 'Zoë', null], type: 'STRING' },
          { name: 'ok', data: [true, false, null], type: 'BOOLEAN' },
          { name: 'at', data: [new Date('2024-02-29T12:30:15.250Z'), new Date(0), null], type: 'TIMESTAMP' },
          { name: 'extra', data: [{ a: 1 }, [1.5], null], type: 'JSON' },
          { name: 'none', data: [null, null, null], type: 'DOUBLE' },
        ],
      }),
    });
    expect(typesOf(source)).toEqual({
      id: 'int',
      small: 'int',
      price: 'float',
      name: 'text',
      ok: 'bool',
      at: 'text',
      extra: 'json',
      none: 'float',
    });
    expect(await allRows(source)).toEqual([
      {
        id: 1n,
        small: 1n,
        price: 12,
        name: 'Ann',
        ok: true,
        at: '2024-02-29T12:30:15.250000',
        extra: { a: 1n },
        none: null,
      },
      {
        id: 9007199254740993n,
        small: -2n,
        price: null,
        name: 'Zoë',
        ok: false,
        at: '1970-01-01T00:00:00',
        extra: [1.5],
        none: null,
      },
      { id: null, small: null, price: 0.5, name: null, ok: null, at: null, extra: null, none: null },
    ]);
  });

  it('reads dates, times, decimals, lists and structs', async () => {
    const source = await open({
      's.parquet': parquet({
        schema: [
          { name: 'root', num_children: 5 },
          { name: 'day', type: 'INT32', converted_type: 'DATE', repetition_type: 'OPTIONAL' },
          {
            name: 'clock',
            type: 'INT64',
            logical_type: { type: 'TIME', isAdjustedToUTC: false, unit: 'MICROS' },
            repetition_type: 'OPTIONAL',
          },
          {
            name: 'amount',
            type: 'INT64',
            converted_type: 'DECIMAL',
            scale: 2,
            precision: 10,
            repetition_type: 'OPTIONAL',
          },
          { name: 'tags', converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
          { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
          { name: 'element', type: 'INT64', repetition_type: 'OPTIONAL' },
          { name: 'who', num_children: 2, repetition_type: 'OPTIONAL' },
          { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
          { name: 'age', type: 'INT32', repetition_type: 'OPTIONAL' },
        ],
        columnData: [
          { name: 'day', data: [new Date('2024-02-29'), null] },
          { name: 'clock', data: [45_015_000_001n, null] },
          { name: 'amount', data: [1.1, null] },
          { name: 'tags', data: [[1n, null], null] },
          { name: 'who', data: [{ name: 'Ann', age: 3 }, null] },
        ],
      }),
    });
    expect(source.columns.map(({ name, type }) => ({ name, type }))).toEqual([
      { name: 'day', type: { kind: 'text' } },
      { name: 'clock', type: { kind: 'text' } },
      { name: 'amount', type: { kind: 'float' } },
      { name: 'tags', type: { kind: 'list', item: { kind: 'int' } } },
      {
        name: 'who',
        type: {
          kind: 'struct',
          fields: [
            { name: 'name', type: { kind: 'text' } },
            { name: 'age', type: { kind: 'int' } },
          ],
        },
      },
    ]);
    expect(await allRows(source)).toEqual([
      {
        day: '2024-02-29',
        clock: '12:30:15.000001',
        amount: 1.1,
        tags: [1n, null],
        who: { name: 'Ann', age: 3n },
      },
      { day: null, clock: null, amount: null, tags: null, who: null },
    ]);
  });

  it('reads any range over row groups', async () => {
    const source = await open({
      's.parquet': parquet({
        columnData: [
          { name: 'n', data: Array.from({ length: 250 }, (_, row) => BigInt(row)), type: 'INT64' },
        ],
        rowGroupSize: 100,
      }),
    });
    expect(source.rowCount).toBe(250);
    expect(await source.readRows(98, 4)).toEqual([{ n: 98n }, { n: 99n }, { n: 100n }, { n: 101n }]);
    expect(await source.readRows(249, 1)).toEqual([{ n: 249n }]);
  });

  it('makes floats of whole numbers where another file has floats', async () => {
    const numbers = (data: (number | bigint)[], type: 'DOUBLE' | 'INT64') =>
      parquet({ columnData: [{ name: 'n', data, type }] });
    const source = await open({
      'a.parquet': numbers([1n, 2n], 'INT64'),
      'b.parquet': numbers([0.5], 'DOUBLE'),
    });
    expect(typesOf(source)).toEqual({ n: 'float' });
    expect(await allRows(source)).toEqual([{ n: 1 }, { n: 2 }, { n: 0.5 }]);
  });

  it.each<[string, Uint8Array, string[]]>([
    ['an empty file', new Uint8Array(), ['s.parquet is empty']],
    [
      'another kind of file',
      Buffer.from('a,b\n1,2\n3,4\n'),
      ['s.parquet is damaged, or is no Parquet file: write it again with the program that made it'],
    ],
    ['no rows', parquet({ columnData: [{ name: 'n', data: [], type: 'INT64' }] }), ['s.parquet has no rows']],
    [
      'columns of bytes',
      parquet({
        schema: [
          { name: 'root', num_children: 1 },
          { name: 'key', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, repetition_type: 'REQUIRED' },
        ],
        columnData: [{ name: 'key', data: [new Uint8Array([1, 2])] }],
      }),
      [
        's.parquet has bytes in column "key" that are no text: leave the column out, or write text, such as the path of a file',
      ],
    ],
  ])('refuses %s', async (_, content, problems) => {
    expect(await problemsOf({ 's.parquet': content })).toEqual(problems);
  });
});

describe('whole numbers of more than 64 bits', () => {
  const [most, more] = ['9223372036854775807', '9223372036854775808'];
  const files = (numbers: readonly string[]): Files[] => [
    { 's.csv': `n\n${numbers.join('\n')}\n` },
    { 's.jsonl': numbers.map((n) => `{"n": ${n}}\n`).join('') },
  ];
  const cells = async (numbers: readonly string[]) =>
    Promise.all(
      files(numbers).map(async (written) => {
        const source = await open(written);
        return [typesOf(source).n, (await allRows(source)).map(({ n }) => n)];
      }),
    );

  it('are no numbers in a file, and lose no digit', async () => {
    expect(await cells([more, '1'])).toEqual([
      ['text', [more, '1']],
      ['json', [BigInt(more), 1n]],
    ]);
    expect(await cells([`-${more}`, most])).toEqual(Array(2).fill(['int', [-BigInt(more), BigInt(most)]]));
  });

  it('are floats among floats where a float holds them, else nothing is lost', async () => {
    expect(await cells([more, '0.5'])).toEqual(Array(2).fill(['float', [2 ** 63, 0.5]]));
    const long = '9'.repeat(400);
    expect(await cells([long, '0.5'])).toEqual([
      ['text', [long, '0.5']],
      ['json', [BigInt(long), 0.5]],
    ]);
  });

  it('that no float holds do not become infinite in a column of floats, at any depth', () => {
    const type = { kind: 'list', item: { kind: 'float' } } as const;
    const read = asFloats([1n, 10n ** 400n], type);
    expect(read).toEqual([1, 10n ** 400n]);
    expect(misfitOf(read, type)).toMatch('is not a number that a float holds');
  });

  it('are those of unsigned columns of Parquet too', async () => {
    const unsigned = (data: bigint[]) => ({
      's.parquet': new Uint8Array(
        parquetWriteBuffer({
          schema: [
            { name: 'root', num_children: 1 },
            { name: 'n', type: 'INT64', converted_type: 'UINT_64', repetition_type: 'REQUIRED' },
          ],
          columnData: [{ name: 'n', data }],
        }),
      ),
    });
    const large = await open(unsigned([2n ** 64n - 1n, 1n]));
    expect([typesOf(large), await allRows(large)]).toEqual([
      { n: 'json' },
      [{ n: 2n ** 64n - 1n }, { n: 1n }],
    ]);
    expect(typesOf(await open(unsigned([1n])))).toEqual({ n: 'int' });
  });
});

describe('floats that are not finite', () => {
  const sources = (values: readonly number[]): Files[] => [
    { 's.csv': `n\n${values.map((n) => `${n}\n`).join('')}` },
    { 's.jsonl': values.map((n) => `{"n": ${n}}\n`).join('') },
    { 's.json': `[${values.map((n) => `{"n": ${n}}`).join(',')}]` },
    {
      's.parquet': new Uint8Array(
        parquetWriteBuffer({ columnData: [{ name: 'n', data: [...values], type: 'DOUBLE' }] }),
      ),
    },
  ];

  it('are null in every format', async () => {
    for (const files of sources([0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])) {
      const source = await open(files);
      expect(typesOf(source)).toEqual({ n: 'float' });
      expect(await allRows(source)).toEqual([{ n: 0.5 }, { n: null }, { n: null }, { n: null }]);
      expect(source.columns[0]!.emptyCells).toBe(3);
    }
  });

  it.each(['nan', 'NaN', '-nan', 'inf', '+Inf', '-INFINITY'])('may be written %s in CSV', async (word) => {
    const source = await open({ 's.csv': `whole,float\n1,0.5\n${word},${word}\n` });
    expect(typesOf(source)).toEqual({ whole: 'int', float: 'float' });
    expect((await allRows(source))[1]).toEqual({ whole: null, float: null });
  });

  it('are words among words, and where nothing is a number', async () => {
    const source = await open({ 's.csv': 'name,all,flag\nNan,nan,true\nAnn,inf,nan\n' });
    expect(typesOf(source)).toEqual({ name: 'text', all: 'text', flag: 'text' });
    expect(await allRows(source)).toEqual([
      { name: 'Nan', all: 'nan', flag: 'true' },
      { name: 'Ann', all: 'inf', flag: 'nan' },
    ]);
    expect(source.columns.map(({ emptyCells }) => emptyCells)).toEqual([0, 0, 0]);
  });

  it('stay what they are inside texts of JSON', async () => {
    const line = '{"NaN": "is NaN, \\"NaN\\" or -Infinity", "list": [NaN, -Infinity]}\n';
    expect(await allRows(await open({ 's.jsonl': line }))).toEqual([
      { NaN: 'is NaN, "NaN" or -Infinity', list: [null, null] },
    ]);
  });

  // A pattern that tries every way to part a text that never ends does not end either.
  it.each([
    ['letters', 'a'],
    ['escaped quotes', '\\"'],
    ['words', 'NaN '],
  ])('are not looked for for ever in a text that was cut: %s', async (_, part) => {
    const cut = `{"a": 1}\n{"a": NaN, "b": "${part.repeat(50_000)}`;
    await expect(open({ 's.jsonl': cut })).rejects.toThrow('s.jsonl:2 is not JSON: ');
  });
});

describe('several files', () => {
  it('are one source, with columns in the order of the first', async () => {
    const source = await open({ 'a.csv': 'x,y\n1,a\n2,b\n', 'b.csv': 'y,x\nc,3.5\n' });
    expect(source.columns.map(({ name }) => name)).toEqual(['x', 'y']);
    expect(typesOf(source)).toEqual({ x: 'float', y: 'text' });
    expect(await allRows(source)).toEqual([
      { x: 1, y: 'a' },
      { x: 2, y: 'b' },
      { x: 3.5, y: 'c' },
    ]);
    expect(await source.readRows(1, 2)).toEqual([
      { x: 2, y: 'b' },
      { x: 3.5, y: 'c' },
    ]);
  });

  it.each<[string, Files, string[]]>([
    [
      'other columns',
      { 'a.csv': 'x,y\n1,2\n', 'b.csv': 'x,z\n1,2\n' },
      ['b.csv has no column "y", unlike a.csv', 'b.csv has a column "z", unlike a.csv'],
    ],
    [
      'other kinds',
      { 'a.csv': 'x\n1\n', 'b.jsonl': '{"x": 1}\n' },
      ['b.jsonl is not of the same kind as a.csv'],
    ],
    [
      'unknown kinds',
      { 'a.txt': 'x\n' },
      [
        'a.txt is no seed file: its name has to end in .csv, .tsv, .json, .jsonl or .parquet; .gz or .zst may follow all but the last',
      ],
    ],
    [
      'problems in each',
      { 'a.csv': 'x\n1,2\n', 'b.csv': '' },
      ['a.csv:2 has 2 cells where the header has 1', 'b.csv is empty'],
    ],
  ])('are refused with %s', async (_, files, problems) => {
    expect(await problemsOf(files)).toEqual(problems);
  });

  it('are refused where one cannot be read', async () => {
    await expect(openSeedSource([join(folder, 'gone.csv')])).rejects.toThrow(
      /gone\.csv cannot be read: no such file or directory$/,
    );
  });
});

describe('any rows', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }).map((cell) => `x${cell}`);
  const rows = fc.array(fc.record({ a: fc.option(text), b: text }), { minLength: 1, maxLength: 200 });
  type Row = { readonly a: string | null; readonly b: string };
  const quoted = (cell: string | null) => (cell === null ? '' : `"${cell.replaceAll('"', '""')}"`);
  const writers: { readonly [name: string]: (rows: readonly Row[]) => string } = {
    'any.csv': (all) => `a,b\r\n${all.map(({ a, b }) => `${quoted(a)},${quoted(b)}\r\n`).join('')}`,
    'any.jsonl': (all) => all.map((row) => `${JSON.stringify(row)}\n`).join(''),
    'any.json': (all) => JSON.stringify(all, null, 1),
  };

  it.each(Object.keys(writers))('come back from %s as they were, in any range', async (name) => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(), fc.nat(), async (all, start, length) => {
        const first = start % all.length;
        const count = Math.min(length, all.length - first);
        const source = await open({ [name]: writers[name]!(all) });
        expect(source.rowCount).toBe(all.length);
        expect(await source.readRows(first, count)).toEqual(all.slice(first, first + count));
      }),
      { numRuns: 40 },
    );
  });
});

describe('the key __proto__', () => {
  it('is a field like others inside JSON, and the object is JSON text in files', async () => {
    const source = await open({ 's.jsonl': '{"who": {"__proto__": {"admin": true}, "name": "Ann"}}\n' });
    expect(typesOf(source)).toEqual({ who: 'json' });
    const [row] = await allRows(source);
    expect(formatJson(row!)).toBe('{"who":{"__proto__":{"admin":true},"name":"Ann"}}');
    expect(Object.getPrototypeOf(row!.who)).toBe(Object.prototype);
    expect('admin' in (row!.who as object)).toBe(false);
  });

  it('is a column whose name is told, in any format', async () => {
    const named = async (files: Files) => (await open(files)).columns.map(({ name }) => name);
    expect(await named({ 's.csv': '__proto__,b\n1,2\n' })).toEqual(['__proto__', 'b']);
    expect(await named({ 's.json': '[{"__proto__": {"admin": true}, "b": 2}]' })).toEqual(['__proto__', 'b']);
    expect(Object.hasOwn({}, 'admin')).toBe(false);
  });

  it('is refused as a field of a Parquet column', async () => {
    const buffer = parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'who', num_children: 1, repetition_type: 'OPTIONAL' },
        { name: '__proto__', type: 'INT32', repetition_type: 'OPTIONAL' },
      ],
      columnData: [{ name: 'who', data: [{ ['__proto__']: 5 }] }],
    });
    expect(await problemsOf({ 's.parquet': new Uint8Array(buffer) })).toEqual([
      's.parquet has a field "__proto__" in column "who", which is no name',
    ]);
  });
});

it('counts the rows that have nothing in a column', async () => {
  const emptyCells = async (files: Files) =>
    (await open(files)).columns.map((column) => [column.name, column.emptyCells]);
  const csv = { 'a.csv': 'n,t\n1,\n,\n', 'b.csv': 'n,t\n3,x\n' };
  expect(await emptyCells(csv)).toEqual([
    ['n', 1],
    ['t', 2],
  ]);
  const jsonl = { 's.jsonl': '{"n": null}\n{"t": 0}\n{"n": 1, "t": ""}\n' };
  expect(await emptyCells(jsonl)).toEqual([
    ['n', 2],
    ['t', 1],
  ]);
});

describe('contentHash', () => {
  const hashOf = async (files: Files) => (await open(files)).contentHash;

  it('is that of the rows, not of how the file writes them', async () => {
    const plain = await hashOf({ 'a.csv': 'x,y\n1,a\n2,b\n' });
    expect(await hashOf({ 'b.csv': '\ufeffx,y\r\n"1",a\r\n\r\n2,"b"' })).toBe(plain);
    expect(await hashOf({ 'c.csv': 'x,y\n1,a\n', 'd.csv': 'x,y\n2,b\n' })).toBe(plain);
    expect(await hashOf({ 'e.jsonl': '{"x":1,"y":"é"}\n' })).toBe(
      await hashOf({ 'f.jsonl': '\r\n{ "x" : 1, "y": "\\u00e9" }' }),
    );
  });

  it('changes with a cell, the order of rows, a name and a type', async () => {
    const hashes = await Promise.all([
      hashOf({ 'a.csv': 'x,y\n1,a\n2,b\n' }),
      hashOf({ 'b.csv': 'x,y\n1,a\n2,c\n' }),
      hashOf({ 'c.csv': 'x,y\n2,b\n1,a\n' }),
      hashOf({ 'd.csv': 'x,z\n1,a\n2,b\n' }),
      hashOf({ 'e.csv': 'x,y\n1,a\n2,b\n3,c\n' }),
      hashOf({ 'f.jsonl': '{"x":1}\n' }),
      hashOf({ 'g.jsonl': '{"x":1.0}\n' }),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('files that are opened again', () => {
  it('are read as they are then', async () => {
    const files = await write({ 'a.csv': 'x\n1\n', 'b.csv': 'x\n2\n' });
    const source = await openSeedSource(files);
    expect(await openSeedSource(files)).toMatchObject({ contentHash: source.contentHash });
    await writeFile(files[1]!, 'x\n3\n');
    await utimes(files[1]!, new Date(0), new Date(0));
    const changed = await openSeedSource(files);
    expect(changed.contentHash).not.toBe(source.contentHash);
    expect(await allRows(changed)).toEqual([{ x: 1n }, { x: 3n }]);
    await rm(files[1]!);
    await expect(openSeedSource(files)).rejects.toThrow('b.csv cannot be read: no such file or directory');
  });
});

describe('a file that changes after it was read', () => {
  it('changes nothing: it is not read again, whatever its time says', async () => {
    const [file] = await write({ 's.csv': 'x\n1\n2\n' });
    const source = await openSeedSource([file!]);
    await writeFile(file!, 'x\n1\n3\n');
    expect(await allRows(source)).toEqual([{ x: 1n }, { x: 2n }]);
    await rm(file!);
    expect(await allRows(source)).toEqual([{ x: 1n }, { x: 2n }]);
  });
});

describe('compressed files', () => {
  /** `x,y`, `1,a`, `2,b` */
  const ZST_CSV = new Uint8Array(Buffer.from('KLUv/QBYYQAAeCx5CjEsYQoyLGIK', 'base64'));

  it('are read as what is in them', async () => {
    const plain = await open({ 'a.csv': 'x,y\n1,a\n2,b\n' });
    const packed = await open({ 'b.csv.gz': gzipSync('x,y\n1,a\n2,b\n') });
    expect(packed.contentHash).toBe(plain.contentHash);
    expect((await open({ 'c.CSV.ZST': ZST_CSV })).contentHash).toBe(plain.contentHash);
    expect(await allRows(await open({ 's.jsonl.gz': gzipSync('{"a": 1}\n') }))).toEqual([{ a: 1n }]);
    expect(await allRows(await open({ 's.json.gz': gzipSync('[{"a": 1}]') }))).toEqual([{ a: 1n }]);
  });

  it('are refused where they are cut or are something else', async () => {
    const cut = gzipSync('x\n1\n').subarray(0, -6);
    expect(await problemsOf({ 's.csv.gz': cut })).toEqual(['s.csv.gz is not gzip: unexpected end of file']);
    expect(await problemsOf({ 's.csv.zst': 'x,y\n1,2\n3,4\n' })).toEqual([
      's.csv.zst is not Zstandard: invalid zstd data',
    ]);
    expect(await problemsOf({ 's.csv.zst': ZST_CSV.subarray(0, -6) })).toEqual([
      's.csv.zst is not Zstandard: unexpected EOF',
    ]);
  });
});

describe('a file called .tsv', () => {
  it('has tabs between its cells, whatever else is in them', async () => {
    const source = await open({ 's.tsv': 'a\tb\n1,5\tx;y\n' });
    expect(await allRows(source)).toEqual([{ a: '1,5', b: 'x;y' }]);
    expect(await allRows(await open({ 't.tsv': 'a,b\n1,2\n' }))).toEqual([{ 'a,b': '1,2' }]);
  });
});

describe('files of JSON objects', () => {
  it('are united by the names of their fields', async () => {
    const source = await open({ 'a.jsonl': '{"x": 1}\n', 'b.jsonl': '{"y": "b", "x": 2.5}\n' });
    expect(source.columns.map(({ name }) => name)).toEqual(['x', 'y']);
    expect(await allRows(source)).toEqual([
      { x: 1, y: null },
      { x: 2.5, y: 'b' },
    ]);
  });
});
