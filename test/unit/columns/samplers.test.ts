import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SamplerColumn, SamplerForm } from '../../../src/columns/sampler/form.ts';
import { openSamplers } from '../../../src/columns/sampler/open-samplers.ts';
import type { SamplerParams } from '../../../src/columns/sampler/sampler.ts';
import type { SamplerType } from '../../../src/columns/sampler/samplers.ts';
import { columnOrder } from '../../../src/config/graph-columns.ts';
import type { ColumnType } from '../../../src/plan.ts';
import type { Value } from '../../../src/values.ts';
import { type Common, planWith, samplerColumn } from '../../support/plans.ts';

const TYPES: { readonly [Type in SamplerType]: ColumnType['kind'] } = {
  uuid: 'text',
  category: 'text',
  subcategory: 'text',
  uniform: 'float',
  gaussian: 'float',
  bernoulli: 'int',
  bernoulli_mixture: 'float',
  binomial: 'int',
  poisson: 'int',
  scipy: 'float',
  datetime: 'text',
  timedelta: 'text',
  person: 'json',
  person_from_faker: 'json',
};

function sampler(
  name: string,
  kind: SamplerType,
  params: SamplerParams,
  more: Common & Partial<SamplerForm> = {},
): SamplerColumn {
  return samplerColumn(name, kind, { params, type: { kind: TYPES[kind] } as ColumnType, ...more });
}

function inOrder(columns: readonly SamplerColumn[]): readonly SamplerColumn[] {
  return columnOrder(planWith(columns)).map((name) => columns.find((column) => column.name === name)!);
}

function rowsOf(columns: readonly SamplerColumn[], rows: number, seed = '5f1c') {
  const makeRow = openSamplers(inOrder(columns), { seed, personaFolder: null }).makeRow!;
  return Array.from({ length: rows }, (_, row) => makeRow(row));
}

function valuesOf(column: SamplerColumn, rows: number): Value[] {
  return rowsOf([column], rows).map(({ values }) => values[column.name]!);
}

function shares(values: readonly Value[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) counts.set(value, count / values.length);
  return counts;
}

function momentsOf(values: readonly Value[]) {
  const numbers = values.map(Number);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
  return { mean, variance };
}

const TIER = sampler('tier', 'category', { values: ['free', 'pro', 'enterprise'], weights: [6n, 3n, 1n] });
const AREA = sampler(
  'area',
  'subcategory',
  { category: 'tier', values: { free: ['login'], pro: ['billing', 'api'], enterprise: ['sso', 'audit'] } },
  { needs: ['tier'] },
);
const WAIT = sampler(
  'wait',
  'gaussian',
  { mean: 12n, stddev: 5n, decimal_places: 1n },
  {
    conditions: [{ when: "tier == 'enterprise'", params: { mean: 2, stddev: 0.1, decimal_places: 3n } }],
    needs: ['tier'],
  },
);

describe('openSamplers', () => {
  it('makes the rows that it always made', () => {
    const columns = [
      sampler('id', 'uuid', { prefix: 'T-', short_form: true }),
      sampler('key', 'uuid', { uppercase: true }),
      TIER,
      AREA,
      WAIT,
      sampler('share', 'uniform', { low: 0n, high: 1n }),
      sampler('churned', 'bernoulli', { p: 0.3 }),
      sampler('logins', 'poisson', { mean: 40n }),
      sampler('since', 'datetime', { start: '2024-01-01', end: '2025-01-01' }),
    ];
    expect(rowsOf(columns, 2)).toMatchInlineSnapshot(`
      [
        {
          "failure": null,
          "values": {
            "area": "login",
            "churned": 0n,
            "id": "T-c27b2c97",
            "key": "2DA7BC1326D8494D85F4E4097C1CCE0E",
            "logins": 47n,
            "share": 0.03149132246743103,
            "since": "2024-11-15T00:00:00",
            "tier": "free",
            "wait": 8.6,
          },
        },
        {
          "failure": null,
          "values": {
            "area": "billing",
            "churned": 1n,
            "id": "T-dca90f68",
            "key": "78FD86B079704FE4995507696F9EBA03",
            "logins": 37n,
            "share": 0.06870751350062054,
            "since": "2024-12-07T00:00:00",
            "tier": "pro",
            "wait": 9.9,
          },
        },
      ]
    `);
  });

  it('makes each row the same whatever rows are made with it', () => {
    const columns = [AREA, WAIT, TIER, sampler('id', 'uuid', { short_form: true })];
    const samplers = openSamplers(inOrder(columns), { seed: '5f1c', personaFolder: null });
    const all = rowsOf(columns, 200);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 199 }), (row) => {
        expect(samplers.makeRow!(row)).toEqual(all[row]);
      }),
    );
  });

  it('draws a column the same whatever columns stand beside it', () => {
    const alone = valuesOf(TIER, 100);
    expect(rowsOf([WAIT, AREA, TIER], 100).map(({ values }) => values.tier)).toEqual(alone);
  });

  it('draws differently under another dataset seed and another name', () => {
    const wide = (name: string) => sampler(name, 'uniform', { low: 0n, high: 1n });
    const firsts = [
      rowsOf([wide('a')], 1)[0]!.values.a,
      rowsOf([wide('a')], 1, 'other')[0]!.values.a,
      rowsOf([wide('b')], 1)[0]!.values.b,
    ];
    expect(new Set(firsts).size).toBe(3);
  });
});

describe('category and subcategory', () => {
  it('draw by normalised weights', () => {
    const seen = shares(valuesOf(TIER, 20_000));
    expect(seen.get('free')).toBeCloseTo(0.6, 1);
    expect(seen.get('pro')).toBeCloseTo(0.3, 1);
    expect(seen.get('enterprise')).toBeCloseTo(0.1, 1);
  });

  it('never draw a value of weight 0, the last one included', () => {
    const values = valuesOf(
      sampler('x', 'category', { values: ['never', 'always', 'nor'], weights: [0n, 5n, 0n] }),
      2_000,
    );
    expect(new Set(values)).toEqual(new Set(['always']));
  });

  it('draw evenly without weights', () => {
    const seen = shares(valuesOf(sampler('x', 'category', { values: ['a', 'b', 'c', 'd'] }), 20_000));
    for (const value of 'abcd') expect(seen.get(value)).toBeCloseTo(0.25, 1);
  });

  it('choose a subcategory of the category that the row has', () => {
    const lists: { readonly [tier: string]: readonly string[] } = {
      free: ['login'],
      pro: ['billing', 'api'],
      enterprise: ['sso', 'audit'],
    };
    const rows = rowsOf([AREA, TIER], 1_000);
    for (const { values } of rows) expect(lists[values.tier as string]).toContain(values.area);
    expect(new Set(rows.map(({ values }) => values.area)).size).toBe(5);
  });

  it('find the list of a category that is a number by its text', () => {
    const parent = sampler('size', 'category', { values: [1n, 2n] }, { type: { kind: 'int' } });
    const child = sampler(
      'name',
      'subcategory',
      { category: 'size', values: { 1: ['one'], 2: ['two'] } },
      { needs: ['size'] },
    );
    for (const { values } of rowsOf([parent, child], 50))
      expect(values.name).toBe(values.size === 1n ? 'one' : 'two');
  });

  it('find the list of a category as its document writes it, whatever it is converted to', () => {
    const more = { convertTo: 'int', type: { kind: 'int' } } as const;
    const parent = sampler('size', 'category', { values: [1n, 2.5, '3.0'] }, more);
    const values = { 1: ['one'], 2.5: ['two'], '3.0': ['three'] };
    const child = sampler('name', 'subcategory', { category: 'size', values }, { needs: ['size'] });
    const rows = rowsOf([parent, child], 50).map(({ values }) => `${values.size} ${values.name}`);
    expect(new Set(rows)).toEqual(new Set(['1 one', '2 two', '3 three']));
  });

  it('drop a row whose category has no list', () => {
    const child = sampler(
      'area',
      'subcategory',
      { category: 'tier', values: { free: ['login'], pro: ['api'] } },
      { needs: ['tier'] },
    );
    const failed = rowsOf([TIER, child], 200).find(({ values }) => values.tier === 'enterprise');
    expect(failed?.failure).toMatchObject({
      column: 'area',
      error: {
        kind: 'SamplerError',
        message: 'Cannot choose a subcategory: "values" has no list for "enterprise" of column "tier"',
      },
    });
  });

  it('give values of several types as the one type that their column has', () => {
    const mixed = sampler('x', 'category', { values: ['a', 1n, 2.5, 3.0] });
    expect(new Set(valuesOf(mixed, 500))).toEqual(new Set(['a', '1', '2.5', '3.0']));
    const floats = sampler('x', 'category', { values: [1n, 2.5] }, { type: { kind: 'float' } });
    expect(new Set(valuesOf(floats, 500))).toEqual(new Set([1, 2.5]));
  });

  it('are floats together before they become text, those of conditions among them', () => {
    const text = (params: SamplerParams, more = {}) =>
      new Set(valuesOf(sampler('x', 'category', params, { convertTo: 'str', ...more }), 200));
    expect(text({ values: [1n, 2.5] })).toEqual(new Set(['1.0', '2.5']));
    expect(text({ values: [1n, 2n] })).toEqual(new Set(['1', '2']));
    const conditions = [{ when: 'false', params: { values: [0.5] } }];
    expect(text({ values: [1n] }, { conditions })).toEqual(new Set(['1.0']));
  });

  it('are floats as subcategories, unless they become whole numbers', () => {
    const parent = sampler('kind', 'category', { values: ['a'] });
    const params = { category: 'kind', values: { a: [2n] } };
    const part = (more: Common & Partial<SamplerForm>) =>
      rowsOf([parent, sampler('part', 'subcategory', params, { needs: ['kind'], ...more })], 1)[0]!.values
        .part;
    expect(part({ type: { kind: 'float' } })).toBe(2);
    expect(part({ convertTo: 'str' })).toBe('2.0');
    expect(part({ convertTo: 'int', type: { kind: 'int' } })).toBe(2n);
  });
});

describe('number samplers', () => {
  it('draw uniform floats in their range', () => {
    const values = valuesOf(sampler('x', 'uniform', { low: -2n, high: 6n }), 20_000);
    for (const value of values) expect((value as number) >= -2 && (value as number) < 6).toBe(true);
    const { mean, variance } = momentsOf(values);
    expect(mean).toBeCloseTo(2, 1);
    expect(variance / (64 / 12)).toBeCloseTo(1, 1);
  });

  it('draw gaussian floats', () => {
    const values = valuesOf(sampler('x', 'gaussian', { mean: 12, stddev: 5n }), 20_000);
    const { mean, variance } = momentsOf(values);
    expect(mean).toBeCloseTo(12, 0);
    expect(variance / 25).toBeCloseTo(1, 1);
    const within = values.filter((value) => Math.abs((value as number) - 12) < 5).length / values.length;
    expect(within).toBeCloseTo(0.6827, 2);
  });

  it('draw 1 with the probability of a bernoulli, else 0', () => {
    const seen = shares(valuesOf(sampler('x', 'bernoulli', { p: 0.3 }), 20_000));
    expect([...seen.keys()].sort()).toEqual([0n, 1n]);
    expect(seen.get(1n)).toBeCloseTo(0.3, 1);
    expect(new Set(valuesOf(sampler('x', 'bernoulli', { p: 0n }), 1_000))).toEqual(new Set([0n]));
    expect(new Set(valuesOf(sampler('x', 'bernoulli', { p: 1n }), 1_000))).toEqual(new Set([1n]));
  });

  it.each([0.5, 4, 100])('draw whole numbers with mean and variance of a poisson of %f', (mean) => {
    const values = valuesOf(sampler('x', 'poisson', { mean }), 20_000);
    for (const value of values) expect(typeof value).toBe('bigint');
    const moments = momentsOf(values);
    expect(moments.mean / mean).toBeCloseTo(1, 1);
    expect(moments.variance / mean).toBeCloseTo(1, 1);
  });

  it('round to decimal places', () => {
    const digits = (places: bigint) =>
      valuesOf(sampler('x', 'uniform', { low: 0n, high: 1000n, decimal_places: places }), 300);
    for (const value of digits(2n)) expect(value).toBe(Number((value as number).toFixed(2)));
    for (const value of digits(0n)) expect(Number.isInteger(value)).toBe(true);
    for (const value of digits(-2n)) expect((value as number) % 100).toBe(0);
  });
});

describe('numbers at the end of what floats hold', () => {
  it('are not rounded', () => {
    const params = { low: 1e300, high: 1.1e300, decimal_places: 15n };
    for (const value of valuesOf(sampler('x', 'uniform', params), 20)) expect(value).toBeGreaterThan(9e299);
  });

  it('may be the same at both ends', () => {
    const same = { low: 2.5, high: 2.5 };
    expect(valuesOf(sampler('x', 'uniform', same), 2)).toEqual([2.5, 2.5]);
    const whole = { convertTo: 'int', type: { kind: 'int' } } as const;
    expect(valuesOf(sampler('x', 'uniform', same, whole), 2)).toEqual([2n, 2n]);
    expect(valuesOf(sampler('x', 'gaussian', { mean: 3n, stddev: 0n }), 2)).toEqual([3, 3]);
    expect(valuesOf(sampler('x', 'poisson', { mean: 0n }), 2)).toEqual([0n, 0n]);
    const one = { values: ['a', 'b', 'c'], weights: [0n, 2n, 0n] };
    expect(valuesOf(sampler('x', 'category', one), 2)).toEqual(['b', 'b']);
  });

  it('drop the row where no file holds the whole number', () => {
    const whole = { convertTo: 'int', type: { kind: 'int' } } as const;
    const [row] = rowsOf([sampler('x', 'uniform', { low: 1e30, high: 1e30 }, whole)], 1);
    expect(row!.failure).toMatchObject({
      column: 'x',
      error: {
        kind: 'SamplerError',
        message: 'Cannot use the number drawn: 1e+30 does not fit into 64 bits',
      },
    });
  });

  it('drop the row where they are beyond it', () => {
    const [row] = rowsOf([sampler('x', 'uniform', { low: -1.7e308, high: 1.7e308 })], 1);
    expect(row!.failure).toMatchObject({
      column: 'x',
      error: { kind: 'SamplerError', message: 'Cannot use the number drawn: it is Infinity' },
    });
  });

  it('drop the row where rounding takes them beyond it', () => {
    const params = { low: 1.7e308, high: 1.7e308, decimal_places: -308n };
    const [row] = rowsOf([sampler('x', 'uniform', params)], 1);
    expect(row!.failure?.error.message).toBe('Cannot use the number drawn: it is Infinity');
  });
});

describe('conditional parameters', () => {
  it('apply where their condition holds, the others elsewhere', () => {
    for (const { values } of rowsOf([TIER, WAIT], 2_000)) {
      if (values.tier === 'enterprise') expect(Math.abs((values.wait as number) - 2)).toBeLessThan(1);
    }
    const usual = rowsOf([TIER, WAIT], 5_000).filter(({ values }) => values.tier !== 'enterprise');
    expect(momentsOf(usual.map(({ values }) => values.wait!)).mean).toBeCloseTo(12, 0);
  });

  it('round to their own decimal places, or else to those of the column', () => {
    const rows = rowsOf([TIER, WAIT], 500);
    for (const { values } of rows) {
      const places = values.tier === 'enterprise' ? 3 : 1;
      expect(values.wait).toBe(Number((values.wait as number).toFixed(places)));
    }
    const inherited = sampler(
      'x',
      'uniform',
      { low: 0n, high: 1n, decimal_places: 1n },
      { conditions: [{ when: 'true', params: { low: 5n, high: 6n, decimal_places: null } }] },
    );
    for (const value of valuesOf(inherited, 50)) expect(value).toBe(Number((value as number).toFixed(1)));
  });

  it('are those of the last condition where several hold', () => {
    const column = sampler(
      'x',
      'uniform',
      { low: 0n, high: 1n },
      {
        conditions: [
          { when: 'true', params: { low: 10n, high: 11n } },
          { when: '1 < 2', params: { low: 20n, high: 21n } },
          { when: 'false', params: { low: 30n, high: 31n } },
        ],
      },
    );
    for (const value of valuesOf(column, 50)) expect(Math.floor(value as number)).toBe(20);
  });

  it('hold only where the condition prints True', () => {
    const column = (when: string) =>
      sampler(
        'x',
        'uniform',
        { low: 0n, high: 1n },
        { conditions: [{ when, params: { low: 10n, high: 11n } }] },
      );
    const isSpecial = (when: string) => (valuesOf(column(when), 1)[0] as number) >= 10;
    expect(isSpecial('1 == 1')).toBe(true);
    expect(isSpecial("'True'")).toBe(true);
    expect(isSpecial('1')).toBe(false);
    expect(isSpecial("'yes'")).toBe(false);
  });

  it('see a date as ISO text whatever it is converted to', () => {
    const day = sampler(
      'day',
      'datetime',
      { start: '2024-01-01', end: '2025-01-01' },
      { convertTo: '%d.%m.%Y' },
    );
    const late = sampler(
      'late',
      'bernoulli',
      { p: 0n },
      { conditions: [{ when: "day >= '2024-07-01'", params: { p: 1n } }], needs: ['day'] },
    );
    const rows = rowsOf([day, late], 300);
    for (const { values } of rows) {
      expect(values.late).toBe(Number((values.day as string).slice(3, 5)) >= 7 ? 1n : 0n);
    }
    expect(new Set(rows.map(({ values }) => values.late)).size).toBe(2);
  });

  it('drop a row whose condition cannot be evaluated', () => {
    const column = sampler(
      'x',
      'uniform',
      { low: 0n, high: 1n },
      { conditions: [{ when: "tier + 1 == 'a'", params: { low: 0n, high: 1n } }], needs: ['tier'] },
    );
    const [row] = rowsOf([TIER, column], 1);
    expect(row!.failure).toMatchObject({ column: 'x', error: { kind: 'TemplateRenderError' } });
    expect(Object.keys(row!.values)).toEqual(['tier']);
  });
});

describe('convert_to', () => {
  const uniform = (convertTo: string, kind: ColumnType['kind'], params = {}) =>
    sampler('x', 'uniform', { low: 0n, high: 10n, ...params }, { convertTo, type: { kind } as ColumnType });

  it('rounds floats to whole numbers', () => {
    const drawn = valuesOf(uniform('float', 'float'), 200);
    expect(valuesOf(uniform('int', 'int'), 200)).toEqual(
      drawn.map((value) => BigInt(Math.round(value as number))),
    );
  });

  it('rounds to an int once, not by decimal places before', () => {
    expect(valuesOf(uniform('int', 'int', { decimal_places: 1n }), 500)).toEqual(
      valuesOf(uniform('int', 'int'), 500),
    );
  });

  it('prints floats as Python does, after rounding', () => {
    const texts = valuesOf(uniform('str', 'text', { decimal_places: 0n }), 50);
    for (const text of texts) expect(text).toMatch(/^\d+\.0$/);
  });

  it('makes floats of whole numbers and numbers of text', () => {
    const counts = sampler('x', 'poisson', { mean: 3n }, { convertTo: 'float', type: { kind: 'float' } });
    for (const value of valuesOf(counts, 20)) expect(typeof value).toBe('number');
    const texts = { values: ['1', '2.5', '9007199254740993', '-4'] };
    const whole = sampler('x', 'category', texts, { convertTo: 'int', type: { kind: 'int' } });
    expect(new Set(valuesOf(whole, 200))).toEqual(new Set([1n, 2n, 9007199254740993n, -4n]));
  });

  it('drops a row whose text is no number', () => {
    const column = sampler(
      'x',
      'category',
      { values: ['high'] },
      { convertTo: 'int', type: { kind: 'int' } },
    );
    expect(rowsOf([column], 1)[0]!.failure).toMatchObject({
      column: 'x',
      error: { kind: 'TypeCastError', message: 'Cannot cast "high" to int: it is not a number' },
    });
  });
});

describe('uuid', () => {
  it('gives version 4 UUIDs without hyphens', () => {
    const values = valuesOf(sampler('id', 'uuid', {}), 2_000);
    for (const value of values) expect(value).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(new Set(values).size).toBe(2_000);
  });

  it('adds a prefix and writes capitals', () => {
    const [value] = valuesOf(
      sampler('id', 'uuid', { prefix: 'user-', uppercase: true, short_form: null }),
      1,
    );
    expect(value).toMatch(/^user-[0-9A-F]{32}$/);
  });

  it('gives short forms that no other row has', () => {
    const values = valuesOf(sampler('id', 'uuid', { short_form: true }), 100_000);
    expect(new Set(values).size).toBe(100_000);
    for (const value of values.slice(0, 100)) expect(value).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe('datetime', () => {
  const datetime = (params: SamplerParams, convertTo: string | null = null) =>
    valuesOf(sampler('at', 'datetime', params, { convertTo }), 3_000) as string[];

  it('gives midnights by default, from the start to before the end', () => {
    const values = datetime({ start: '2024-02-27', end: '2024-03-02' });
    expect([...new Set(values)].sort()).toEqual([
      '2024-02-27T00:00:00',
      '2024-02-28T00:00:00',
      '2024-02-29T00:00:00',
      '2024-03-01T00:00:00',
    ]);
  });

  it.each([
    ['Y', /^20(20|21)-01-01T00:00:00$/, 2],
    ['M', /^20(20|21)-\d\d-01T00:00:00$/, 24],
    ['D', /^20(20|21)-\d\d-\d\dT00:00:00$/, 700],
    ['h', /^20(20|21)-\d\d-\d\dT\d\d:00:00$/, 2_500],
    ['m', /^20(20|21)-\d\d-\d\dT\d\d:\d\d:00$/, 2_900],
    ['s', /^20(20|21)-\d\d-\d\dT\d\d:\d\d:\d\d$/, 2_990],
  ])('cuts to the unit %s', (unit, pattern, distinct) => {
    const values = datetime({ start: '2020-01-01', end: '2022-01-01', unit });
    for (const value of values) expect(value).toMatch(pattern);
    expect(new Set(values).size).toBeGreaterThanOrEqual(distinct);
  });

  it('is written by a strftime pattern', () => {
    const values = datetime({ start: '2024-02-29', end: '2024-03-01' }, '%d %b %Y, %H%%');
    expect(new Set(values)).toEqual(new Set(['29 Feb 2024, 00%']));
  });
});
