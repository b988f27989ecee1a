import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { exportFile, exportLines, joinLines, openExport } from '../../../src/client/export-dataset.ts';
import { StoreError } from '../../../src/errors.ts';
import { readParquet } from '../../../src/store/read-parquet.ts';
import { openStore } from '../../../src/store/store.ts';
import { collect, temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';
import { commitTrips, openTrips, tripsOnDisk } from './dataset-on-disk.ts';

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
    await cli(['export', 'trips', '--output', 'out/trips.txt'], { cwd });
    expect(await readFile(join(cwd, 'out/trips.txt'), 'utf8')).toBe(`${JSON_LINES.join('\n')}\n`);
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual(['trips.CSV', 'trips.txt']);
  });

  it('mixes no two outputs: it fails once a build has put another file in its place', async () => {
    const cwd = await tripsOnDisk();
    await commitTrips(await openTrips(cwd), { rowGroup: 1, isComplete: false, completeRows: [4] });
    const source = await openExport({ target: 'trips', cwd });
    const lines = exportLines(source, 'jsonl');
    expect((await lines.next()).value).toBe(JSON_LINES[0]);
    await commitTrips(await openTrips(cwd), { rowGroup: 1, isComplete: false, completeRows: [5] });
    await expect(collect(lines)).rejects.toThrow(StoreError);
    const path = join(cwd, 'out/trips.jsonl');
    await expect(exportFile(source, { path, format: 'jsonl', isOverwriting: false })).rejects.toThrow(
      /batch_00001.parquet": it is not the file that it was/,
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
    const rows = await Promise.all(batches.map((batch) => readParquet(batch)));
    expect(await readParquet(path)).toEqual(rows.flat());
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const ofBatch = await parquetMetadataAsync(await asyncBufferFromFile(batches[0]!));
    expect(metadata.schema).toEqual(ofBatch.schema);
    expect(metadata.num_rows).toBe(4n);
    expect(metadata.row_groups.map(({ num_rows }) => num_rows)).toEqual([3n, 1n]);
  });

  it('exports a dataset whose every row was dropped as an empty one', async () => {
    const cwd = await tripsOnDisk();
    await commitTrips(await openTrips(cwd), { rowGroup: 0, isComplete: false, completeRows: [] });
    expect((await cli(['export', 'trips'], { cwd })).output).toEqual([]);
    expect((await cli(['export', 'trips', '--format', 'csv'], { cwd })).output).toEqual([CSV_LINES[0]]);
    await cli(['export', 'trips', '--output', 'trips.parquet'], { cwd });
    const path = join(cwd, 'trips.parquet');
    expect(await readParquet(path)).toEqual([]);
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
      "error: option '--format <format>' argument 'xml' is invalid. Allowed choices are jsonl, csv, parquet.",
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
    await store.createDataset('new', { seed: 'new', rowGroupSize: 4, rows: 8, document: null });
    expect((await cli(['export', 'new'], { cwd })).talk).toEqual([
      'error     Cannot export "new": none of its row groups is finished yet',
    ]);
  });

  it('leaves nothing behind when the disk does not take it', async () => {
    const cwd = await tripsOnDisk();
    await mkdir(join(cwd, 'folder.jsonl'));
    const { talk, code } = await cli(['export', 'trips', '--output', 'folder.jsonl', '--force'], { cwd });
    expect(talk[0]).toContain('error     Cannot write "~/folder.jsonl": ');
    expect(code).toBe(2);
    expect((await readdir(cwd)).sort()).toEqual(['artifacts', 'folder.jsonl']);
  });
});

it('joins lines into few texts', async () => {
  async function* lines() {
    for (let line = 0; line < 5; line += 1) yield String(line).repeat(100_000);
  }
  const texts = await collect(joinLines(lines()));
  expect(texts.map(({ length }) => length)).toEqual([300_002, 200_001]);
  expect(texts.join('\n')).toBe((await collect(lines())).join('\n'));
});
