import { describe, expect, it } from 'vitest';
import type { SamplerColumn } from '../../../src/columns/sampler/form.ts';
import { openSamplers } from '../../../src/columns/sampler/open-samplers.ts';
import { builderConfigOf } from '../../../src/config/builder-config.ts';
import { columnOrder } from '../../../src/config/graph-columns.ts';
import { formatJson, type Value } from '../../../src/values.ts';
import { prepareFiles, violationsOf } from './prepared.ts';

const COLUMNS = `columns:
  - { name: low, column_type: sampler, sampler_type: uniform, params: { low: 0, high: 100 }, convert_to: int }
  - { name: high, column_type: sampler, sampler_type: gaussian, params: { mean: 50, stddev: 30, decimal_places: 1 } }
  - { name: start, column_type: sampler, sampler_type: datetime, params: { start: 2024-01-01, end: 2025-01-01 }, convert_to: "%d.%m.%Y" }
  - { name: end, column_type: sampler, sampler_type: datetime, params: { start: 2024-01-01, end: 2025-01-01 }, convert_to: "%d.%m.%Y" }
  - { name: size, column_type: sampler, sampler_type: category, params: { values: [a, b, c] } }
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: text, column_type: sampler, sampler_type: poisson, params: { mean: 5 }, convert_to: str }
  - { name: note, column_type: expression, expr: "{{ low }}" }
`;
const document = (...constraints: readonly string[]) => ({
  'config.yaml': `${COLUMNS}constraints:\n${constraints.map((constraint) => `  - { ${constraint} }\n`).join('')}`,
});
const linesOf = async (...constraints: readonly string[]) =>
  (await violationsOf(document(...constraints))).map((line) => line.replace('config.yaml:', ''));

async function rowsOf(rows: number, ...constraints: readonly string[]) {
  const { plan } = await prepareFiles(document(...constraints));
  const samplers = columnOrder(plan)
    .map((name) => plan.columns.find((column) => column.name === name)!)
    .filter((column): column is SamplerColumn => column.kind === 'sampler');
  const makeRow = openSamplers(samplers, { seed: '5f1c', personaFolder: null }).makeRow!;
  return Array.from({ length: rows }, (_, row) => makeRow(row));
}

describe('a constraint', () => {
  it('is held by every row, as the value is after rounding and conversion', async () => {
    for (const { values } of await rowsOf(
      300,
      'target_column: low, operator: ge, rhs: 40',
      'target_column: low, operator: lt, rhs: "60"',
    ))
      expect((values.low as bigint) >= 40n && (values.low as bigint) < 60n).toBe(true);
  });

  it('compares with another column, wherever that stands', async () => {
    for (const { values } of await rowsOf(300, 'target_column: low, operator: lt, rhs: high'))
      expect(values.low === undefined || Number(values.low) < (values.high as number)).toBe(true);
  });

  it('compares dates before they are converted', async () => {
    const time = (value: Value) => (value as string).split('.').reverse().join('-');
    for (const { values } of await rowsOf(
      300,
      'target_column: end, constraint_type: column_inequality, operator: gt, rhs: start',
    ))
      expect(time(values.end!) > time(values.start!)).toBe(true);
  });

  it('compares text by its letters', async () => {
    for (const { values } of await rowsOf(100, 'target_column: text, operator: le, rhs: size'))
      expect((values.text as string) <= (values.size as string)).toBe(true);
  });

  it('changes no row that holds it anyway, and no other column', async () => {
    const free = await rowsOf(200, 'target_column: low, operator: ge, rhs: -1');
    const bound = await rowsOf(200, 'target_column: low, operator: ge, rhs: 50');
    for (const [row, { values }] of bound.entries()) {
      const before = free[row]!.values;
      if ((before.low as bigint) >= 50n) expect(values.low).toBe(before.low);
      expect({ ...values, low: null }).toEqual({ ...before, low: null });
    }
  });

  it('is written out again, and read as the same', async () => {
    const { config, plan } = await prepareFiles(document('target_column: low, operator: lt, rhs: high'));
    const written = formatJson(builderConfigOf(config));
    expect((await prepareFiles({ 'config.yaml': written })).plan).toEqual(plan);
  });
});

describe('a constraint that cannot be', () => {
  it('names columns that are there, and samplers', async () => {
    expect(await linesOf('target_column: lwo, operator: lt, rhs: 5')).toEqual([
      'error 11:22 constraint of "lwo": target_column names no column: there is no "lwo", did you mean "low"?',
    ]);
    expect(await linesOf('target_column: low, operator: lt, rhs: hihg')).toEqual([
      'error 11:46 constraint of "low": rhs names no column: there is no "hihg", did you mean "high"?',
    ]);
    expect(await linesOf('target_column: note, operator: lt, rhs: 5')).toEqual([
      'error 11:22 constraint of "note": target_column has to name a sampler column, and "note" is none',
    ]);
    expect(await linesOf('target_column: low, operator: lt, rhs: low')).toEqual([
      'error 11:46 constraint of "low": rhs compares "low" with itself',
    ]);
  });

  it('is read field by field', async () => {
    expect(await linesOf('target_column: low, operator: below, rhs: 5')).toEqual([
      'error 11:37 constraint of "low": operator has to be lt, le, gt or ge, not "below"',
    ]);
    expect(await linesOf('target_column: low, operator: lt')).toEqual([
      'error 11:5 constraint of "low": rhs is missing',
    ]);
    expect(
      await linesOf('target_column: low, constraint_type: scalar_inequalty, operator: lt, rhs: 5'),
    ).toEqual([
      'error 11:44 constraint of "low": no constraint_type "scalar_inequalty", did you mean "scalar_inequality"?',
    ]);
    expect(
      await linesOf('target_column: low, constraint_type: scalar_inequality, operator: lt, rhs: high'),
    ).toEqual(['error 11:82 constraint of "low": rhs has to be a number, not "high"']);
  });

  it('compares what is of one kind', async () => {
    expect(await linesOf('target_column: start, operator: lt, rhs: 5')).toEqual([
      'error 11:48 constraint of "start": rhs is a number, and "start" holds dates',
    ]);
    expect(await linesOf('target_column: text, operator: lt, rhs: 5')).toEqual([
      'error 11:47 constraint of "text": rhs is a number, and "text" holds text',
    ]);
    expect(await linesOf('target_column: low, operator: lt, rhs: start')).toEqual([
      'error 11:46 constraint of "low": rhs "start" holds dates, and "low" holds numbers',
    ]);
    expect(await linesOf('target_column: id, operator: lt, rhs: size')).toEqual([
      'error 11:22 constraint of "id": target_column "id" is a uuid, whose values cannot be compared',
    ]);
  });

  it('makes no circle', async () => {
    expect(
      await linesOf(
        'target_column: low, operator: lt, rhs: high',
        'target_column: high, operator: lt, rhs: low',
      ),
    ).toEqual(['error 2:13 column "low": columns need each other: low → high → low']);
  });

  it('is found before anything is made, with what is drawn', async () => {
    expect(await linesOf('target_column: low, operator: gt, rhs: 200')).toEqual([
      expect.stringMatching(
        /^error 11:5 constraint of "low": cannot be held: none of 3,?000 values drawn for each of 16 rows was gt 200: they lie between \d and \d\d$/,
      ),
    ]);
    expect(
      await linesOf('target_column: low, operator: gt, rhs: 60', 'target_column: low, operator: lt, rhs: 40'),
    ).toEqual([
      expect.stringMatching(
        /^error 12:5 constraint of "low": cannot be held: .* was lt 40 and held what stands before: /,
      ),
    ]);
  });

  it('is told of where some rows cannot hold it, which are dropped then', async () => {
    const rarely = [
      'target_column: high, operator: gt, rhs: 0',
      'target_column: low, operator: gt, rhs: high',
    ];
    expect(await linesOf(...rarely)).toEqual([
      'warning 12:5 constraint of "low": is hard to hold: for 1 of 16 rows tried none of 3,000 values drawn was gt "high". Such rows are dropped',
    ]);
    expect(await linesOf('target_column: end, operator: ge, rhs: start')).toEqual([]);
    const { plan } = await prepareFiles(document('target_column: low, operator: ge, rhs: 0'));
    const low = plan.columns.find(({ name }) => name === 'low') as SamplerColumn;
    const constraints = [{ operator: 'gt', rhs: 1000 }] as const;
    const makeRow = openSamplers([{ ...low, form: { ...low.form, constraints } }], {
      ...{ seed: '5f1c', personaFolder: null, maxDraws: 50 },
    }).makeRow!;
    expect(makeRow(0).failure).toMatchObject({
      column: 'low',
      error: { kind: 'SamplerError', message: 'Cannot draw a value that is gt 1000: none of 50 is' },
    });
  });
});
