import { describe, expect, it } from 'vitest';
import { NO_FACTS } from '../../../../src/columns/declaration.ts';
import { openSamplers } from '../../../../src/columns/sampler/open-samplers.ts';
import type { SamplerParams } from '../../../../src/columns/sampler/sampler.ts';
import { type SamplerType, samplerOf } from '../../../../src/columns/sampler/samplers.ts';
import type { Value } from '../../../../src/values.ts';
import { samplerColumn } from '../../../support/plans.ts';

function column(name: string, sampler: SamplerType, params: SamplerParams, more: object = {}) {
  return samplerColumn(name, sampler, { params, type: samplerOf(sampler).type([params], NO_FACTS), ...more });
}

function valuesOf(columns: readonly ReturnType<typeof column>[], rows: number): Value[] {
  const makeRow = openSamplers(columns, OPTIONS).makeRow!;
  return Array.from({ length: rows }, (_, row) => makeRow(row).values[columns.at(-1)!.name]!);
}

const OPTIONS = { seed: '5f1c', personaFolder: null };

const meanOf = (values: readonly Value[]) =>
  values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length;

describe('binomial', () => {
  it('counts how many of n tries succeed', () => {
    const values = valuesOf([column('x', 'binomial', { n: 10, p: 0.3 })], 5_000);
    for (const value of values) expect(typeof value === 'bigint' && value >= 0n && value <= 10n).toBe(true);
    expect(meanOf(values)).toBeCloseTo(3, 1);
    expect(new Set(valuesOf([column('x', 'binomial', { n: 0, p: 0.3 })], 50))).toEqual(new Set([0n]));
    expect(new Set(valuesOf([column('x', 'binomial', { n: 7, p: 1 })], 50))).toEqual(new Set([7n]));
  });
});

describe('bernoulli_mixture', () => {
  it('draws of the distribution with probability p, else 0', () => {
    const params = { p: 0.25, dist_name: 'norm', dist_params: { loc: 100, scale: 1 } };
    const values = valuesOf([column('x', 'bernoulli_mixture', params)], 4_000);
    const drawn = values.filter((value) => value !== 0);
    expect(drawn.length / values.length).toBeCloseTo(0.25, 1);
    expect(meanOf(drawn)).toBeCloseTo(100, 0);
    for (const value of values) expect(typeof value).toBe('number');
  });
});

describe('scipy', () => {
  it('rounds floats to decimal places, and whole numbers to tens', () => {
    const norm = { dist_name: 'norm', dist_params: { loc: 5 }, decimal_places: 2n };
    for (const value of valuesOf([column('x', 'scipy', norm)], 50))
      expect(value).toBe(Number((value as number).toFixed(2)));
    const poisson = { dist_name: 'poisson', dist_params: { mu: 500 }, decimal_places: -1n };
    for (const value of valuesOf([column('x', 'scipy', poisson)], 50))
      expect((value as bigint) % 10n).toBe(0n);
  });

  it('rounds what becomes an int as an int, to tens too', () => {
    const params = { low: 0, high: 1000, decimal_places: -2n };
    const more = { convertTo: 'int', type: { kind: 'int' } };
    for (const value of valuesOf([column('x', 'uniform', params, more)], 50)) {
      expect(typeof value).toBe('bigint');
      expect((value as bigint) % 100n).toBe(0n);
    }
  });
});

describe('timedelta', () => {
  const day = column(
    'day',
    'datetime',
    { start: '2024-01-01', end: '2024-12-31' },
    { convertTo: '%d.%m.%Y' },
  );
  const deltaOf = (params: SamplerParams, more: object = {}) =>
    column('later', 'timedelta', { reference_column_name: 'day', ...params }, { needs: ['day'], ...more });

  it('is a whole number of units after the date of its row, whatever that is converted to', () => {
    const makeRow = openSamplers([day, deltaOf({ dt_min: 1, dt_max: 4, unit: 'h' })], OPTIONS).makeRow!;
    const hours = Array.from({ length: 300 }, (_, row) => {
      const { day: start, later } = makeRow(row).values as { day: string; later: string };
      const [date, month, year] = start.split('.');
      return (Date.parse(`${later}Z`) - Date.parse(`${year}-${month}-${date}T00:00:00Z`)) / 3_600_000;
    });
    expect(new Set(hours)).toEqual(new Set([1, 2, 3]));
  });

  it('is written as its convert_to says', () => {
    for (const value of valuesOf([day, deltaOf({ dt_min: 0, dt_max: 9 }, { convertTo: '%Y/%m' })], 20))
      expect(value).toMatch(/^202[45]\/\d\d$/);
  });

  it('adds to categories that are dates', () => {
    const dates = column('day', 'category', { values: ['2024-02-28'] });
    expect(new Set(valuesOf([dates, deltaOf({ dt_min: 1, dt_max: 3, unit: 'D' })], 40))).toEqual(
      new Set(['2024-02-29T00:00:00', '2024-03-01T00:00:00']),
    );
  });

  it('drops a row whose date would be beyond the year 9999', () => {
    const makeRow = openSamplers([day, deltaOf({ dt_min: 4e6, dt_max: 5e6 })], OPTIONS).makeRow!;
    expect(makeRow(0).failure).toMatchObject({
      column: 'later',
      error: {
        message: expect.stringMatching(/^Cannot add to "2024-.*": the date lies after the year 9999$/),
      },
    });
  });
});
