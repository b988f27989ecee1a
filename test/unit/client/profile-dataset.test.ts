import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDuckdb } from '../../../src/duckdb/duckdb.ts';
import type { ColumnType } from '../../../src/plan.ts';
import { chartOf } from '../../../src/report/profile.ts';
import { profileColumn } from '../../../src/report/profile-column.ts';
import { cli } from './cli.ts';
import { openTrips, tripsOnDisk } from './dataset-on-disk.ts';

describe('profile', () => {
  it('measures the finished rows, and writes what --json prints beside them', async () => {
    const cwd = await tripsOnDisk();
    await (await openTrips(cwd)).endBuild(1, { isComplete: false, reason: 'stopped', at: 5 });
    const { output, talk, code } = await cli(['profile', 'trips', '--json'], { cwd });
    expect(code).toBe(0);
    expect(talk).toEqual([
      'profile   3 rows → artifacts/trips/editions/000001/profile.json',
      'warning   not finished yet: 4 rows',
    ]);
    const profile = JSON.parse(output.join('\n'));
    const written = await readFile(join(cwd, 'artifacts/trips/editions/000001/profile.json'), 'utf8');
    expect(JSON.parse(written)).toEqual(profile);
    expect(profile).toMatchObject({
      num_records: 3,
      target_num_records: 8,
      side_effect_column_names: ['verdict'],
      column_profiles: null,
    });
    expect(output.join('\n')).toContain('"min":9007199254740993,"max":9007199254740996');
    const [city, code_, story, rating] = profile.column_statistics;
    expect(city).toMatchObject({
      ...{
        column_name: 'city',
        column_type: 'seed-dataset',
        simple_dtype: 'string',
        pyarrow_dtype: 'string',
      },
      ...{ num_records: 3, num_null: 0, num_unique: 3 },
      lengths: { min: 3, max: 15, median: 4, bins: [2, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
      distribution_type: 'categorical',
      distribution: {
        ...{ most_common_value: 'São "Paulo", SP', least_common_value: 'Łódź' },
        histogram: { categories: ['São "Paulo", SP', 'Ulm', 'Łódź'], counts: [1, 1, 1] },
      },
    });
    expect(code_).toMatchObject({ column_name: 'code', simple_dtype: 'int' });
    expect(story).toMatchObject({
      column_type: 'llm-text',
      ...{ input_tokens_mean: expect.any(Number), input_tokens_stddev: 0 },
      output_tokens_median: expect.any(Number),
    });
    expect(rating).toMatchObject({
      simple_dtype: 'dict',
      pyarrow_dtype: 'struct<score: double, tags: list<element: string>, extra: string>',
      num_unique: 3,
    });
  });

  it('writes nothing that would be wrong after the next row group: only beside a build that has ended', async () => {
    const cwd = await tripsOnDisk();
    const { talk } = await cli(['profile', 'trips'], { cwd });
    expect(talk[0]).toBe('profile   3 rows → written nowhere: its build has not ended');
    expect(await (await openTrips(cwd)).files.has('editions/000001/profile.json')).toBe(false);
  });

  it('is a table for people, a line a column', async () => {
    const { output } = await cli(['profile', 'trips'], { cwd: await tripsOnDisk() });
    expect(output).toHaveLength(6);
    expect(output[0]).toMatch(/^column +kind +type +nulls +unique +values$/);
    expect(output[3]).toMatch(/^story +llm-text +string +0 +3 +A short trip number 0 33\.33 %, /);
  });

  it('measures columns of nulls, and datasets without a row', async () => {
    const { output, code } = await cli(['profile', 'trips', '--json'], { cwd: await tripsOnDisk({}, []) });
    expect(code).toBe(0);
    expect(JSON.parse(output.join('\n')).column_statistics[0]).toEqual({
      ...{
        column_name: 'city',
        column_type: 'seed-dataset',
        pyarrow_dtype: 'string',
        simple_dtype: 'string',
      },
      ...{ num_records: 0, num_null: 0, num_unique: 0 },
    });
  });
});

describe('a column', () => {
  async function measure(
    values: string,
    type: ColumnType,
    of: { readonly kind: string; readonly sampler?: string } = { kind: 'expression' },
  ) {
    const connection = await openDuckdb({ threads: 1, memoryMb: 256 });
    await connection.run(`CREATE VIEW data AS SELECT * FROM (VALUES ${values}) AS rows("a ""b""")`);
    return profileColumn(connection, { view: 'data', column: { name: 'a "b"', type }, ...of });
  }

  it('of numbers has quartiles and bins from the least to the greatest', async () => {
    expect(await measure('(1.0::DOUBLE), (2), (3), (4), (11), (NULL)', { kind: 'float' })).toMatchObject({
      num_records: 6,
      num_null: 1,
      num_unique: 5,
      distribution_type: 'numerical',
      distribution: {
        ...{ min: 1, max: 11, mean: 4.2, quartile_1: 2, median: 3, quartile_3: 4 },
        bins: [1, 1, 1, 1, 0, 0, 0, 0, 0, 1],
      },
    });
    const same = await measure('(7), (7)', { kind: 'int' });
    expect(same.distribution).toMatchObject({ min: 7n, max: 7n, stddev: 0, bins: [2] });
  });

  it('of judges has the shares of each score, and one of verdicts its valid rows', async () => {
    const score: ColumnType = {
      kind: 'struct',
      fields: [
        { name: 'reasoning', type: { kind: 'text' } },
        { name: 'score', type: { kind: 'text' } },
      ],
    };
    const said = (word: string) => `({'it''s': {'reasoning': 'so', 'score': ${word}}})`;
    const judged = await measure([said("'3'"), said("'1'"), said("'3'")].join(), {
      kind: 'struct',
      fields: [{ name: "it's", type: score }],
    });
    expect(judged.score_distributions).toEqual({ "it's": { categories: ['3', '1'], counts: [2, 1] } });
    const valid = await measure("({'is_valid': true}), ({'is_valid': false}), ({'is_valid': NULL}), (NULL)", {
      kind: 'struct',
      fields: [{ name: 'is_valid', type: { kind: 'bool' } }],
    });
    expect(valid).toMatchObject({ num_null: 1, num_valid_records: 1 });
  });

  it('of many different or long texts has lengths and no categories', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `('${index}')`).join();
    expect((await measure(many, { kind: 'text' })).distribution).toBeUndefined();
    expect((await measure(`(repeat('x', 300))`, { kind: 'text' })).distribution).toBeUndefined();
    expect(chartOf(await measure("('a'), (NULL)", { kind: 'text' }))).toEqual({
      categories: { categories: ['a'], counts: [1] },
    });
  });

  it('of a sampler is told as Data Designer tells it, by what it is and not by what it made', async () => {
    const text = { kind: 'text' } as const;
    const many = Array.from({ length: 60 }, (_, index) => `('c${index}')`).join();
    const category = await measure(many, text, { kind: 'sampler', sampler: 'category' });
    expect(category).toMatchObject({ sampler_type: 'category', distribution_type: 'categorical' });
    expect(chartOf(category).categories?.counts).toHaveLength(60);
    expect(await measure("('x')", text, { kind: 'sampler', sampler: 'uuid' })).toMatchObject({
      ...{ column_type: 'sampler', distribution_type: 'other', distribution: null },
    });
    expect(await measure("('0.5')", text, { kind: 'sampler', sampler: 'uniform' })).toMatchObject({
      ...{ distribution_type: 'unknown', distribution: '--' },
    });
  });

  it('of a kind that Data Designer has no statistics of is general, and so is one that made no call', async () => {
    const text = { kind: 'text' } as const;
    for (const kind of ['custom', 'llm-text'])
      expect(await measure("('x')", text, { kind })).toMatchObject({ column_type: 'general', kind });
  });
});
