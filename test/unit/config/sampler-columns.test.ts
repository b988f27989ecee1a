import { describe, expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const document = (...columns: readonly string[]) => ({
  'config.yaml': `columns:\n${columns.map((column) => `  - { ${column} }\n`).join('')}`,
});
const sampler = (name: string, type: string, params: string, more = '') =>
  `name: ${name}, column_type: sampler, sampler_type: ${type}, params: { ${params} }${more}`;
const scipy = (params: string) => violationsOf(document(sampler('x', 'scipy', params)));
const typesOf = async (...columns: readonly string[]) =>
  (await prepareFiles(document(...columns))).plan.columns.map(({ type }) => type.kind);

describe('a scipy sampler', () => {
  it('is of the type that its distribution draws, floats where those of conditions do', async () => {
    expect(
      await typesOf(
        sampler('kind', 'category', 'values: [a, b]'),
        sampler('a', 'scipy', 'dist_name: poisson, dist_params: { mu: 3 }'),
        sampler('b', 'scipy', 'dist_name: gamma, dist_params: { a: 2, scale: 3.5 }'),
        sampler(
          'c',
          'scipy',
          'dist_name: poisson, dist_params: { mu: 3 }',
          `, conditional_params: { "kind == 'b'": { sampler_type: scipy, dist_name: expon, dist_params: {} } }`,
        ),
        sampler('d', 'bernoulli_mixture', 'p: 0.5, dist_name: geom, dist_params: { p: 0.1 }'),
        sampler('e', 'bernoulli_mixture', 'p: 0.5, dist_name: norm, dist_params: { loc: 1 }'),
        sampler('f', 'binomial', 'n: 5, p: 0.5'),
      ),
    ).toEqual(['text', 'int', 'float', 'float', 'int', 'float', 'int']);
  });

  it('takes what Data Designer writes, open ends among it', async () => {
    expect(
      await scipy(
        'sampler_type: scipy, dist_name: truncnorm, dist_params: { a: -.inf, b: 2, loc: 5, scale: 2 }, decimal_places: null',
      ),
    ).toEqual([]);
  });

  it('is refused with the distribution or parameter that was meant', async () => {
    expect(await scipy('dist_name: nrom, dist_params: {}')).toEqual([
      'error config.yaml:2:80 column "x": params.dist_name "nrom" is no distribution that can be drawn from, did you mean "norm"?',
    ]);
    expect(await scipy('dist_name: multivariate_normal, dist_params: {}')).toEqual([
      expect.stringMatching(
        /^error config.yaml:2:80 .* is no distribution that can be drawn from\. There are alpha, arcsine, /,
      ),
    ]);
    expect(await scipy('dist_name: gamma, dist_params: { loc: 1 }')).toEqual([
      'error config.yaml:2:100 column "x": params.dist_params has to have a: gamma has the parameters a, loc, scale',
    ]);
    expect(await scipy('dist_name: norm, dist_params: { mean: 1, scal: 2 }')).toEqual([
      'error config.yaml:2:107 column "x": params.dist_params.mean is no parameter of norm, which has loc and scale',
      'error config.yaml:2:116 column "x": params.dist_params.scal is no parameter of norm, did you mean "scale"?',
    ]);
    expect(await scipy('dist_name: poisson, dist_params: { mu: 1, scale: 2 }')).toEqual([
      'error config.yaml:2:118 column "x": params.dist_params.scale is no parameter of poisson, which has mu and loc',
    ]);
  });

  it('is refused with a parameter that no number could be drawn with', async () => {
    const problem = async (params: string) =>
      (await scipy(params)).map((line) => line.replace(/^.*dist_params/, ''));
    expect(await problem('dist_name: gamma, dist_params: { a: 0 }')).toEqual(['.a has to be above 0, not 0']);
    expect(await problem('dist_name: norm, dist_params: { scale: -1 }')).toEqual([
      '.scale has to be at least 0, not -1',
    ]);
    expect(await problem('dist_name: geom, dist_params: { p: 1.5 }')).toEqual([
      '.p has to be at most 1, not 1.5',
    ]);
    expect(await problem('dist_name: binom, dist_params: { n: 2.5, p: 0.5 }')).toEqual([
      '.n has to be a whole number, not 2.5',
    ]);
    expect(await problem('dist_name: randint, dist_params: { low: 5, high: 5 }')).toEqual([
      ' cannot be those of randint: low has to be below high: 5 is not below 5',
    ]);
    expect(await problem('dist_name: truncnorm, dist_params: { a: 2, b: 1 }')).toEqual([
      ' cannot be those of truncnorm: a has to be below b: 2 is not below 1',
    ]);
    expect(await problem('dist_name: expon, dist_params: { scale: .inf, loc: .inf }')).toEqual([
      ' cannot be those of expon: the numbers are beyond what floats hold',
    ]);
  });
});

describe('a timedelta sampler', () => {
  const DAY = sampler('day', 'datetime', 'start: 2024-01-01, end: 2025-01-01');
  const later = (params: string) => sampler('later', 'timedelta', params);
  const linesOf = (column: string, ...others: readonly string[]) => violationsOf(document(...others, column));

  it('needs the column that it adds to, wherever that stands', async () => {
    const { plan } = await prepareFiles(
      document(later('dt_min: 1, dt_max: 5, reference_column_name: day'), DAY),
    );
    expect(plan.columns[0]).toMatchObject({ name: 'later', needs: ['day'], type: { kind: 'text' } });
  });

  it('adds to dates: those of datetime, timedelta, and categories that are dates', async () => {
    const on = (name: string) => later(`dt_min: 1, dt_max: 5, reference_column_name: ${name}`);
    const more = later('dt_min: 0, dt_max: 1, reference_column_name: day').replace('later', 'more');
    const category = (values: string) => sampler('c', 'category', `values: [${values}]`);
    expect(await linesOf(on('more'), DAY, more)).toEqual([]);
    expect(await linesOf(on('c'), category('2024-01-02, 2024/02/03'))).toEqual([]);
    expect(await linesOf(on('c'), category('2024-01-02, soon'))).toEqual([
      'error config.yaml:3:122 column "later": params.reference_column_name has to name a sampler of dates, and "c" has the value "soon"',
    ]);
    expect(await linesOf(on('u'), sampler('u', 'uniform', 'low: 0, high: 1'))).toEqual([
      'error config.yaml:3:122 column "later": params.reference_column_name has to name a sampler of dates, and "u" is none',
    ]);
    expect(await linesOf(on('e'), DAY, 'name: e, column_type: expression, expr: "{{ day }}"')).toEqual([
      'error config.yaml:4:122 column "later": params.reference_column_name has to name a sampler of dates, and "e" is none',
    ]);
    expect(await linesOf(on('dya'), DAY)).toEqual([
      'error config.yaml:3:122 column "later": no column "dya", did you mean "day"? (in params.reference_column_name)',
    ]);
  });

  it('is refused without a time to choose from', async () => {
    const params = (min: string, max: string) =>
      later(`dt_min: ${min}, dt_max: ${max}, reference_column_name: day`);
    const problem = async (min: string, max: string) =>
      (await linesOf(params(min, max), DAY)).map((line) => line.replace(/^.*params\./, ''));
    expect(await problem('5', '5')).toEqual(['dt_min has to be below dt_max 5, not 5']);
    expect(await problem('-1', '5')).toEqual(['dt_min has to be at least 0, not -1']);
    expect(await problem('0', '1.5')).toEqual(['dt_max has to be a whole number, not 1.5']);
  });
});

describe('convert_to', () => {
  it('is told of where it changes nothing', async () => {
    expect(
      await violationsOf(document(sampler('id', 'uuid', 'short_form: true', ', convert_to: int'))),
    ).toEqual([
      'warning config.yaml:2:101 column "id": convert_to is for numbers, categories and dates: a uuid stays as it is',
    ]);
  });
});
