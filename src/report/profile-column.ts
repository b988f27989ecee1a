// Measures a column in DuckDB, which streams: in memory are a number a row and the values that are counted, never the texts.
// What is measured follows from the column's type, whatever its kind.

import type { DuckDBConnection } from '@duckdb/node-api';
import { sqlName, sqlText } from '../duckdb/duckdb.ts';
import { resultRows } from '../duckdb/result-values.ts';
import type { ColumnType, OutputColumn } from '../plan.ts';
import type { Value } from '../values.ts';
import { arrowType, simpleType } from './column-types.ts';
import type { Categories, CellTokens, ColumnProfile, Numbers } from './profile.ts';

/** More different values are no categories. */
const MAX_CATEGORIES = 50;
/** Nor are longer ones. */
const MAX_CATEGORY_LENGTH = 200;
const BINS = 10;

const LLM_KINDS = ['llm-text', 'llm-code', 'llm-structured', 'llm-judge'];

/** Some SQL of a value a row, in the view that is measured. */
interface Measured {
  readonly connection: DuckDBConnection;
  readonly view: string;
  readonly value: string;
}

/** Of which Data Designer has statistics of their own. */
const STATISTICS = ['expression', 'sampler', 'seed-dataset', 'validation', ...LLM_KINDS];

export interface ColumnToProfile {
  readonly view: string;
  readonly column: OutputColumn;
  readonly kind: string;
  /** Of a sampler. */
  readonly sampler?: string | undefined;
  /** Of one whose calls gave values. */
  readonly tokens?: CellTokens | undefined;
}

/** The statistics of a column of a view of finished rows. */
export async function profileColumn(
  connection: DuckDBConnection,
  { view, column, kind, sampler, tokens }: ColumnToProfile,
): Promise<ColumnProfile> {
  const { name, type } = column;
  const of = { connection, view, value: sqlName(name) };
  // Hashes, so that long texts need no room: two of a million different values have the same one once in ten million datasets.
  const [rows, values, unique] = await readNumbers(
    of,
    `count(*), count(${of.value}), count(DISTINCT hash(${of.value})) FILTER (${of.value} IS NOT NULL)`,
  );
  const measured = values === 0 ? NOTHING_MEASURED : await measure(of, { type, unique: unique! });
  // A column that made no call has none of what Data Designer says of those that ask models.
  const isKnown = STATISTICS.includes(kind) && (!LLM_KINDS.includes(kind) || tokens !== undefined);
  return {
    column_name: name,
    ...(isKnown ? { column_type: kind } : { column_type: 'general', kind }),
    pyarrow_dtype: arrowType(type),
    simple_dtype: simpleType(type),
    num_records: rows!,
    num_null: rows! - values!,
    num_unique: unique!,
    ...(sampler === undefined
      ? distributionOf(measured)
      : await distributionOfSampler(of, sampler, measured)),
    ...measured.more,
    ...(kind === 'validation' && measured.more.num_valid_records === undefined
      ? { num_valid_records: 0 }
      : {}),
    ...tokens,
  };
}

interface MeasuredColumn {
  readonly numbers?: Numbers;
  readonly categories?: Categories;
  readonly more: Pick<ColumnProfile, 'lengths' | 'score_distributions' | 'num_valid_records'>;
}

const NOTHING_MEASURED: MeasuredColumn = { more: {} };

type Distribution = Pick<ColumnProfile, 'sampler_type' | 'distribution_type' | 'distribution'>;

function distributionOf({ numbers, categories }: MeasuredColumn): Distribution {
  if (numbers !== undefined) return { distribution_type: 'numerical', distribution: numbers };
  return categories === undefined ? {} : categorical(categories);
}

function categorical(histogram: Categories): Distribution {
  const { categories } = histogram;
  const [most, least] = [categories[0] ?? null, categories.at(-1) ?? null];
  return {
    distribution_type: 'categorical',
    distribution: { most_common_value: most, least_common_value: least, histogram },
  };
}

const CATEGORY_SAMPLERS = ['category', 'subcategory'];
const NUMBER_SAMPLERS = [
  ...['bernoulli', 'bernoulli_mixture', 'binomial', 'gaussian', 'poisson', 'scipy', 'uniform'],
];

/** As Data Designer tells samplers, by their types and not by what they made. */
async function distributionOfSampler(
  of: Measured,
  sampler: string,
  { numbers }: MeasuredColumn,
): Promise<Distribution> {
  const unknown = { distribution_type: 'unknown', distribution: '--' } as const;
  const own = { sampler_type: sampler };
  if (CATEGORY_SAMPLERS.includes(sampler)) {
    // All of them: the document lists them.
    const found = await readCategories(of, null);
    return { ...own, ...(found.counts.length === 0 ? unknown : categorical(found)) };
  }
  if (!NUMBER_SAMPLERS.includes(sampler)) return { ...own, distribution_type: 'other', distribution: null };
  return { ...own, ...(numbers === undefined ? unknown : distributionOf({ numbers, more: {} })) };
}

async function measure(
  of: Measured,
  { type, unique }: { readonly type: ColumnType; readonly unique: number },
): Promise<MeasuredColumn> {
  const value = `${of.value}::DOUBLE`;
  switch (type.kind) {
    case 'int':
      return {
        numbers: { ...(await readDistribution({ ...of, value })), ...(await readRange(of)) },
        more: {},
      };
    case 'float':
      return { numbers: await readDistribution({ ...of, value }), more: {} };
    case 'text': {
      const lengths = await readDistribution({ ...of, value: `length(${of.value})::DOUBLE` });
      const areFew = unique <= MAX_CATEGORIES && lengths.max <= MAX_CATEGORY_LENGTH;
      return { more: { lengths }, ...(areFew ? { categories: await readCategories(of) } : {}) };
    }
    case 'bool':
      return { categories: await readCategories(of), more: {} };
    case 'struct':
      return { more: await measureStruct(of, type) };
    default:
      return NOTHING_MEASURED;
  }
}

/** Judges' answers and verdicts are told by their fields. */
async function measureStruct(
  of: Measured,
  { fields }: Extract<ColumnType, { readonly kind: 'struct' }>,
): Promise<MeasuredColumn['more']> {
  if (fields.some(({ name }) => name === 'is_valid')) {
    const [valid] = await readNumbers(of, `count(*) FILTER (${fieldOf(of.value, 'is_valid')}::BOOLEAN)`);
    return { num_valid_records: valid! };
  }
  const scores = fields.filter(({ type }) => isScore(type));
  if (scores.length === 0) return {};
  const distributions: [string, Categories][] = [];
  for (const { name } of scores) {
    const value = fieldOf(fieldOf(of.value, name), 'score');
    distributions.push([name, await readCategories({ ...of, value })]);
  }
  return { score_distributions: Object.fromEntries(distributions) };
}

function isScore(type: ColumnType): boolean {
  return (
    type.kind === 'struct' &&
    ['reasoning', 'score'].every((word) => type.fields.some(({ name }) => name === word))
  );
}

function fieldOf(value: string, name: string): string {
  return `struct_extract(${value}, ${sqlText(name)})`;
}

async function readDistribution(of: Measured): Promise<Numbers> {
  const { value } = of;
  const quartiles = [0.25, 0.5, 0.75].map((share) => `quantile_cont(${value}, ${share})`);
  const [min = 0, max = 0, mean = 0, stddev = 0, first = 0, median = 0, third = 0] = await readNumbers(
    of,
    `min(${value}), max(${value}), avg(${value}), stddev_samp(${value}), ${quartiles.join(', ')}`,
  );
  const bins = await readBins(of, { min, max });
  return { min, max, mean, stddev, median, quartile_1: first, quartile_3: third, bins };
}

/** A float holds no whole number beyond 2^53. */
async function readRange({ connection, view, value }: Measured): Promise<Pick<Numbers, 'min' | 'max'>> {
  const sql = `SELECT min(${value}), max(${value}) FROM ${view}`;
  for await (const [row] of resultRows(await connection.stream(sql))) {
    const [min, max] = row as [bigint, bigint];
    return { min, max };
  }
  throw new RangeError('An aggregate without its row');
}

async function readBins(
  { connection, view, value }: Measured,
  { min, max }: { readonly min: number; readonly max: number },
): Promise<number[]> {
  const bins = new Array<number>(min === max ? 1 : BINS).fill(0);
  // Halved first: the distance of two floats may be more than a float holds.
  const place = `floor((${value} / 2 - ${min}::DOUBLE / 2) / (${max}::DOUBLE / 2 - ${min}::DOUBLE / 2) * ${BINS})`;
  const bin = min === max ? '0' : `least(${place}, ${BINS - 1})::INTEGER`;
  const sql = `SELECT ${bin}, count(*) FROM ${view} WHERE ${value} IS NOT NULL GROUP BY 1`;
  for await (const some of resultRows(await connection.stream(sql))) {
    for (const [index, count] of some) bins[Number(index)] = Number(count);
  }
  return bins;
}

async function readCategories(
  { connection, view, value }: Measured,
  limit: number | null = MAX_CATEGORIES,
): Promise<Categories> {
  const categories: Value[] = [];
  const counts: number[] = [];
  const sql = `SELECT ${value}, count(*) FROM ${view} WHERE ${value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1${limit === null ? '' : ` LIMIT ${limit}`}`;
  for await (const some of resultRows(await connection.stream(sql))) {
    for (const [category, count] of some) {
      categories.push(category!);
      counts.push(Number(count));
    }
  }
  return { categories, counts };
}

async function readNumbers({ connection, view }: Measured, what: string): Promise<number[]> {
  for await (const [row] of resultRows(await connection.stream(`SELECT ${what} FROM ${view}`))) {
    return row!.map(Number);
  }
  return [];
}
