import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { exportFile, exportLines, joinLines, openExport } from '../../../src/client/look/export-dataset.ts';
import { StoreError } from '../../../src/errors.ts';
import type { ColumnType } from '../../../src/plan.ts';
import { commitRowGroup } from '../../../src/store/commit.ts';
import { Edition } from '../../../src/store/editions.ts';
import { nestedRow, parseParquet } from '../../../src/store/read-parquet.ts';
import { openStore } from '../../../src/store/store.ts';
import { formatJson, parseJson, type Value, type ValueObject } from '../../../src/values.ts';
import { collect, startOf, temporaryFolder, testDataset, textPlan } from '../store/support.ts';
import { cli } from './cli.ts';
import { commitTrips, openTrips, startTrips, tripsOnDisk } from './dataset-on-disk.ts';

const MISSING = 'warning   not finished yet: 4 rows';

const JSON_LINES = [
  '{"city":"Ulm","code":9007199254740993,"story":"A short trip number 0","rating":{"score":0.0,"tags":["warm","long"],"extra":{"9":null,"note":[]}},"label":"Ulm!"}',
  '{"city":"Łódź","code":9007199254740994,"story":"A short trip number 1","rating":{"score":1.0,"tags":["warm","long"],"extra":{"9":null,"note":"kept"}},"label":"Łódź!"}',
  '{"city":"São \\"Paulo\\", SP","code":9007199254740996,"story":"First line\\nsecond \\u001b[31mline","rating":{"score":3.0,"tags":["warm","long"],"extra":{"9":null,"note":"kept"}},"label":"São \\"Paulo\\", SP!"}',
];

const CSV_LINES = [
  'city,code,story,rating,label',
  'Ulm,9007199254740993,A short trip number 0,"{""score"":0.0,""tags"":[""warm"",""long""],""extra"":{""9"":null,""note"":[]}}",Ulm!',
  'Łódź,9007199254740994,A short trip number 1,"{""score"":1.0,""tags"":[""warm"",""long""],""extra"":{""9"":null,""note"":""kept""}}",Łódź!',
  '"São ""Paulo"", SP",9007199254740996,"First line',
  'second \u001b[31mline","{""score"":3.0,""tags"":[""warm"",""long""],""extra"":{""9"":null,""note"":""kept""}}","São ""Paulo"", SP!"',
];

describe('export', () => {
  it('prints the finished rows as JSON lines, nested values nested, and says how many are not finished', async () => {
    const cwd = await tripsOnDisk();
    expect(await cli(['export', 'trips'], { cwd })).toEqual({ output: JSON_LINES, talk: [MISSING], code: 0 });
  });

  it('prints CSV with nested values as JSON text', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['export', 'trips', '--format', 'csv'], { cwd });
    expect(output).toEqual(CSV_LINES);
  });

  it('goes by the name of the file, and leaves nothing beside it', async () => {
    const cwd = await tripsOnDisk();
    const { talk } = await cli(['export', 'trips', '--output', 'out/trips.CSV'], { cwd });
    expect(talk).toEqual(['exported  3 rows → out/trips.CSV · 481 B', MISSING]);
    expect(await readFile(join(cwd, 'out/trips.CSV'), 'utf8')).toBe(`${CSV_LINES.join('\n')}\n`);
    await cli(['export', 'trips', '--output', 'out/trips.txt', '--format', 'jsonl'], { cwd });
    expect(await readFile(join(cwd, 'out/trips.txt'), 'utf8')).toBe(`${JSON_LINES.join('\n')}\n`);
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual(['trips.CSV', 'trips.txt']);
  });

  it('mixes no two outputs: it goes on with the one that it opened, whatever is published meanwhile', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    await commitTrips(dataset, { rowGroup: 1, isComplete: false, completeRows: [4] });
    const source = await openExport({ target: 'trips', cwd });
    const lines = exportLines(source, 'jsonl');
    expect((await lines.next()).value).toBe(JSON_LINES[0]);
    await dataset.writePlan('edited', await dataset.readPlan('plan'));
    const edition = await startTrips(dataset, { planDigest: 'edited' });
    await commitTrips(dataset, { rowGroup: 1, isComplete: false, completeRows: [5] });
    await edition.publish({ isFinished: true });
    const rest = await collect(lines);
    expect(rest.slice(0, 2)).toEqual(JSON_LINES.slice(1));
    expect(rest[2]).toContain('A short trip number 4');
    const now = await cli(['export', 'trips'], { cwd });
    expect(now.output).toHaveLength(1);
    expect(now.output[0]).toContain('A short trip number 5');
  });

  it.each([
    ['gone. The', async (path: string) => rm(path)],
    ['damaged. Empty that file, and the', async (path: string) => overwriteByte(path)],
  ])('fails where a file is %s same command makes it again, and leaves nothing', async (what, change) => {
    const cwd = await tripsOnDisk();
    await commitTrips(await openTrips(cwd), { rowGroup: 1, isComplete: false, completeRows: [4] });
    const source = await openExport({ target: 'trips', cwd });
    await change(join(cwd, 'artifacts/trips/parquet-files/batch_00001.parquet'));
    await expect(collect(exportLines(source, 'jsonl'))).rejects.toThrow(StoreError);
    const path = join(cwd, 'out/trips.jsonl');
    await expect(exportFile(source, { path, format: 'jsonl', isOverwriting: false })).rejects.toThrow(
      `batch_00001.parquet": it is ${what} same command makes it again`,
    );
    expect(await readdir(join(cwd, 'out'))).toEqual([]);
  });

  it('leaves nothing when it is stopped', async () => {
    const cwd = await tripsOnDisk();
    const source = await openExport({ target: 'trips', cwd });
    const path = join(cwd, 'out/trips.jsonl');
    const stopSignal = AbortSignal.abort();
    expect(await exportFile(source, { path, format: 'jsonl', isOverwriting: false, stopSignal })).toBeNull();
    expect(await readdir(join(cwd, 'out'))).toEqual([]);
  });

  it('writes one Parquet file with a row group for each batch and the schema of the dataset', async () => {
    const cwd = await tripsOnDisk();
    await commitTrips(await openTrips(cwd), { rowGroup: 1, isComplete: false, completeRows: [4] });
    const { talk } = await cli(['export', 'trips', '--output', 'trips.parquet'], { cwd });
    expect(talk[1]).toBe('warning   not finished yet: 3 rows');
    const path = join(cwd, 'trips.parquet');
    const batches = ['batch_00000', 'batch_00001'].map((name) =>
      join(cwd, 'artifacts/trips/parquet-files', `${name}.parquet`),
    );
    const rows = await Promise.all(batches.map(readParquetAt));
    expect(await readParquetAt(path)).toEqual(rows.flat());
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const ofBatch = await parquetMetadataAsync(await asyncBufferFromFile(batches[0]!));
    expect(metadata.schema).toEqual(ofBatch.schema);
    expect(metadata.num_rows).toBe(4n);
    expect(metadata.row_groups.map(({ num_rows }) => num_rows)).toEqual([3n, 1n]);
  });

  it('exports a dataset whose every row was dropped as an empty one', async () => {
    const cwd = await tripsOnDisk({ rows: 4 }, []);
    expect(await cli(['export', 'trips'], { cwd })).toEqual({
      output: [],
      talk: ['warning   no row is left: every row was dropped, see rowloom failures trips'],
      code: 0,
    });
    expect((await cli(['export', 'trips', '--format', 'csv'], { cwd })).output).toEqual([CSV_LINES[0]]);
    await cli(['export', 'trips', '--output', 'trips.parquet'], { cwd });
    const path = join(cwd, 'trips.parquet');
    expect(await readParquetAt(path)).toEqual([]);
    expect((await parquetMetadataAsync(await asyncBufferFromFile(path))).schema).toHaveLength(11);
  });

  it('replaces a file only when told to', async () => {
    const cwd = await tripsOnDisk();
    await writeFile(join(cwd, 'trips.jsonl'), 'mine');
    const args = ['export', 'trips', '--output', 'trips.jsonl'];
    expect(await cli(args, { cwd })).toEqual({
      output: [],
      talk: ['error     Cannot export to "~/trips.jsonl": it is there already. Use --force to replace it'],
      code: 2,
    });
    expect(await readFile(join(cwd, 'trips.jsonl'), 'utf8')).toBe('mine');
    expect((await cli([...args, '--force'], { cwd })).code).toBe(0);
    expect(await readFile(join(cwd, 'trips.jsonl'), 'utf8')).toBe(`${JSON_LINES.join('\n')}\n`);
  });

  it.each([
    [['--format', 'parquet'], 'error     Cannot export parquet to stdout: name a file with --output'],
    [
      ['--format', 'csv', '--output', 'a.jsonl'],
      'error     Cannot export csv to "a.jsonl": its name says jsonl',
    ],
    [
      ['--format', 'xml'],
      'error     Cannot read the command: option "--format <format>" argument "xml" is invalid. Allowed choices are jsonl, csv, parquet',
    ],
  ])('refuses %j', async (flags, message) => {
    const cwd = await tripsOnDisk();
    expect(await cli(['export', 'trips', ...flags], { cwd })).toEqual({
      output: [],
      talk: [message],
      code: 2,
    });
  });

  it('refuses a dataset of which nothing is finished', async () => {
    const cwd = await temporaryFolder();
    const store = await openStore(join(cwd, 'artifacts'), { access: 'build' });
    await store.createDataset('new', { seed: 'new', rowGroupSize: 4 });
    expect((await cli(['export', 'new'], { cwd })).talk).toEqual([
      'error     Cannot export "new": no row is finished yet, they are written 4 at a time',
    ]);
  });

  it.each([
    ['trips.csv.gz', 'ends in ".gz"', ''],
    ['trips.xlsx', 'ends in ".xlsx"', ''],
    ['trips.tsv', 'ends in ".tsv"', ''],
    ['trips.arrow', 'ends in ".arrow"', ''],
    ['trips.json', 'ends in ".json"', ', or say which with --format'],
    ['trips.constructor', 'ends in ".constructor"', ', or say which with --format'],
    ['trips', 'has no ending', ', or say which with --format'],
  ])('refuses the name %s', async (output, what, way) => {
    const cwd = await tripsOnDisk();
    expect(await cli(['export', 'trips', '--output', output], { cwd })).toEqual({
      output: [],
      talk: [
        `error     Cannot export to "${output}": its name ${what}. Name a file that ends in .jsonl, .csv or .parquet${way}`,
      ],
      code: 2,
    });
    const { code } = await cli(['export', 'trips', '--output', output, '--format', 'csv'], { cwd });
    expect(code).toBe(way === '' ? 2 : 0);
    expect(await readdir(cwd)).toEqual(way === '' ? ['artifacts'] : expect.arrayContaining([output]));
  });

  it('writes to no device, pipe, link or folder, forced or not', async () => {
    const cwd = await tripsOnDisk();
    execFileSync('mkfifo', [join(cwd, 'pipe.jsonl')]);
    await symlink(join(cwd, 'elsewhere.jsonl'), join(cwd, 'link.jsonl'));
    await symlink('/dev/null', join(cwd, 'null.jsonl'));
    await mkdir(join(cwd, 'folder.jsonl'));
    const before = await readdir(cwd);
    const plain = 'not a plain file. Name a plain file, or leave --output away and send stdout there';
    for (const [output, what] of [
      ['pipe.jsonl', `it is a pipe, ${plain}`],
      ['link.jsonl', `it is a link, ${plain}`],
      ['null.jsonl', `it is a link, ${plain}`],
      ['folder.jsonl', 'it is a folder. Name a file in it'],
      ['/dev/null', `it is a device or a socket, ${plain}`],
      ['/dev/stdout', `it is a link, ${plain}`],
    ] as const) {
      const path = output.startsWith('/') ? output : `~/${output}`;
      const { talk, code } = await cli(['export', 'trips', '--output', output, '--force'], { cwd });
      expect(talk).toEqual([`error     Cannot export to "${path}": ${what}`]);
      expect(code).toBe(2);
    }
    expect(await readdir(cwd)).toEqual(before);
  });

  it('writes into no dataset, by no way that leads there', async () => {
    const cwd = await tripsOnDisk();
    const folder = join(cwd, 'artifacts/trips');
    await symlink(join(folder, 'parquet-files'), join(cwd, 'way'));
    for (const output of [
      'artifacts/trips/a.csv',
      'artifacts/trips/new/a.csv',
      'way/a.csv',
      'way/new/a.csv',
    ]) {
      const { talk, code } = await cli(['export', 'trips', '--output', output], { cwd });
      expect(talk).toEqual([
        `error     Cannot export to "~/${output}": it is inside the dataset "~/artifacts/trips". Name a file elsewhere`,
      ]);
      expect(code).toBe(2);
    }
    expect(await readdir(join(folder, 'parquet-files'))).toEqual(['batch_00000.parquet']);
    expect((await cli(['export', 'trips', '--output', 'artifacts/a.csv'], { cwd })).code).toBe(0);
  });

  it('ends with 1 and leaves nothing behind when the disk does not take it', async () => {
    const cwd = await tripsOnDisk();
    await writeFile(join(cwd, 'file'), '');
    const long = `${'x'.repeat(250)}.csv`;
    expect(await cli(['export', 'trips', '--output', 'file/a.csv'], { cwd })).toEqual({
      output: [],
      talk: ['error     Cannot write "~/file": a file of that name is there'],
      code: 1,
    });
    expect((await cli(['export', 'trips', '--output', long], { cwd })).talk).toEqual([
      `error     Cannot write "~/${long}": its name is too long`,
    ]);
    expect((await readdir(cwd)).sort()).toEqual(['artifacts', 'file']);
  });
});

describe('row numbers', () => {
  it('stand first in every format, as show and failures count', async () => {
    const cwd = await tripsOnDisk();
    await commitTrips(await openTrips(cwd), { rowGroup: 1, isComplete: false, completeRows: [4] });
    const args = ['export', 'trips', '--with-row-number'];
    const { output } = await cli(args, { cwd });
    expect(output.slice(0, 3).map((line) => line.replace(/"row_number":\d+,/, ''))).toEqual(JSON_LINES);
    expect(output.map((line) => line.slice(0, 16))).toEqual(
      [0, 1, 3, 4].map((row) => `{"row_number":${row},`),
    );
    const csv = await cli([...args, '--format', 'csv'], { cwd });
    expect(csv.output[0]).toBe(`row_number,${CSV_LINES[0]}`);
    expect(csv.output[3]).toBe(`3,${CSV_LINES[3]}`);
    await cli([...args, '--output', 'trips.parquet'], { cwd });
    const rows = await readParquetAt(join(cwd, 'trips.parquet'));
    expect(rows.map(({ row_number }) => row_number)).toEqual([0n, 1n, 3n, 4n]);
    expect(Object.keys(rows[0]!)[0]).toBe('row_number');
  });

  it('are refused beside a column of that name', async () => {
    const { cwd } = await datasetOf({ row_number: { type: { kind: 'int' }, values: [7n] } });
    expect((await cli(['export', 'tickets', '--with-row-number', '--out', '.'], { cwd })).talk).toEqual([
      'error     Cannot number the rows of "tickets": it has a column "row_number" of its own. Leave --with-row-number away',
    ]);
  });
});

describe('values', () => {
  const TEXTS = ['', ' padded ', 'a,b', 'say "hi"', 'a\r\nb', '=1+1', 'NULL', '\u0000', '007', null];
  const VALUES = {
    text: { type: { kind: 'text' }, values: TEXTS },
    int: { type: { kind: 'int' }, values: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), ...nulls(6)] },
    float: { type: { kind: 'float' }, values: [12, -0, 1e21, 5e-324, 0.1, ...nulls(5)] },
    bool: { type: { kind: 'bool' }, values: [true, false, ...nulls(8)] },
    json: { type: { kind: 'json' }, values: ['text', 1n, 1.5, true, [null], {}, { a: [{}] }, ...nulls(3)] },
    list: {
      type: { kind: 'list', item: { kind: 'list', item: { kind: 'int' } } },
      values: [[], [[]], [[1n, null], null], ...nulls(7)],
    },
    struct: {
      type: { kind: 'struct', fields: [{ name: 'a b', type: { kind: 'bool' } }] },
      values: [{ 'a b': null }, { 'a b': true }, ...nulls(8)],
    },
    'a, "b"': { type: { kind: 'struct', fields: [] }, values: [{ any: 1n }, {}, ...nulls(8)] },
  } as const satisfies Columns;

  function nulls(count: number): null[] {
    return Array.from({ length: count }, () => null);
  }

  it('come out of every format as they went in', async () => {
    const columns: Columns = { ...VALUES, constructor: VALUES.text };
    const { cwd, rows } = await datasetOf(columns);
    const { output } = await cli(['export', 'tickets', '--out', '.'], { cwd });
    expect(output.map(parseJson)).toEqual(rows);
    await cli(['export', 'tickets', '--out', '.', '--output', 'a.csv'], { cwd });
    const [header, ...lines] = parseCsv(await readFile(join(cwd, 'a.csv')), { relaxColumnCount: false });
    expect(header).toEqual(Object.keys(columns));
    const asText = (value: Value) =>
      value === null ? '' : typeof value === 'string' ? value : formatJson(value);
    const nested = ['json'];
    expect(lines).toEqual(
      rows.map((row) =>
        Object.entries(row).map(([name, value]) =>
          nested.includes(name) && value !== null ? formatJson(value) : asText(value),
        ),
      ),
    );
    await cli(['export', 'tickets', '--out', '.', '--output', 'a.parquet'], { cwd });
    const types = Object.entries(columns).map(([name, { type }]) => ({ name, type }));
    const read = await readParquetAt(join(cwd, 'a.parquet'));
    expect(read.map((row) => nestedRow(row, types))).toEqual(rows);
  });

  it('keep the row of a single column that is null in CSV', async () => {
    const { cwd } = await datasetOf({ note: { type: { kind: 'text' }, values: ['a', null, ''] } });
    expect((await cli(['export', 'tickets', '--out', '.', '--format', 'csv'], { cwd })).output).toEqual([
      'note',
      'a',
      '""',
      '""',
    ]);
  });
});

type Columns = { readonly [name: string]: { readonly type: ColumnType; readonly values: readonly Value[] } };

async function readParquetAt(path: string): Promise<ValueObject[]> {
  return parseParquet(await readFile(path), path);
}

/** Of the same size, and not what was written. */
async function overwriteByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[20]! ^= 1;
  await writeFile(path, bytes);
}

/** The dataset `tickets` with these columns, below a new folder. */
async function datasetOf(columns: Columns): Promise<{ cwd: string; rows: readonly ValueObject[] }> {
  const cwd = await temporaryFolder();
  const names = Object.keys(columns);
  const count = Object.values(columns)[0]!.values.length;
  const dataset = await testDataset({ directory: cwd });
  const plan = textPlan(names, Object.fromEntries(names.map((name) => [name, columns[name]!.type])));
  await dataset.writePlan('plan', plan);
  await dataset.takeEpoch(0, startOf({ rows: count }));
  const edition = new Edition(dataset, { epoch: 1, planDigest: 'plan', digestOf: () => 'group' });
  await edition.start(1);
  await commitRowGroup(dataset, edition, {
    plan,
    planDigest: 'plan',
    digest: 'group',
    definitions: {},
    rowGroup: 0,
    rows: { first: 0, last: count - 1 },
    isComplete: true,
    readContent: async () => ({
      completeRows: Array.from({ length: count }, (_, row) => row),
      drops: [],
      chosen: new Map(),
      valuesOf: (column) => columns[column]!.values,
    }),
  });
  const rows = Array.from({ length: count }, (_, row) =>
    Object.fromEntries(names.map((name) => [name, columns[name]!.values[row] ?? null])),
  );
  return { cwd, rows };
}

it('joins lines into few texts', async () => {
  async function* lines() {
    for (let line = 0; line < 5; line += 1) yield String(line).repeat(100_000);
  }
  const texts = await collect(joinLines(lines()));
  expect(texts.map(({ length }) => length)).toEqual([300_002, 200_001]);
  expect(texts.join('\n')).toBe((await collect(lines())).join('\n'));
});
