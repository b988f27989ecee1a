// Measures a column in DuckDB, which streams: in memory are a number a row and the values that are counted, never the texts.
// What is measured follows from the column's type, whatever its kind.

import type { DuckDBConnection } from '@duckdb/node-api';
import { sqlName, sqlText } from '../duckdb/duckdb.ts';
import { resultRows } from '../duckdb/result-values.ts';
import type { ColumnType, OutputColumn } from '../plan.ts';
import type { Value } from '../values.ts';
import { arrowType, simpleType } from './column-types.ts';
import type { Categories, ColumnProfile, Numbers } from './profile.ts';

/** More different values are no categories. */
const MAX_CATEGORIES = 50;
/** Nor are longer ones. */
const MAX_CATEGORY_LENGTH = 200;
const BINS = 10;

/** Some SQL of a value a row, in the view that is measured. */
interface Measured {
  readonly connection: DuckDBConnection;
  readonly view: string;
  readonly value: string;
}

/** The statistics of a column of a view of finished rows. */
export async function profileColumn(
  connection: DuckDBConnection,
  { view, column, kind }: { readonly view: string; readonly column: OutputColumn; readonly kind: string },
): Promise<ColumnProfile> {
  const { name, type } = column;
  const of = { connection, view, value: sqlName(name) };
  // Hashes, so that long texts need no room: two of a million different values have the same one once in ten million datasets.
  const [rows, values, unique] = await readNumbers(
    of,
    `count(*), count(${of.value}), count(DISTINCT hash(${of.value})) FILTER (${of.value} IS NOT NULL)`,
  );
  return {
    column_name: name,
    column_type: kind,
    pyarrow_dtype: arrowType(type),
    simple_dtype: simpleType(type),
    num_records: rows!,
    num_null: rows! - values!,
    num_unique: unique!,
    ...(values === 0 ? {} : await measure(of, { type, unique: unique! })),
  };
}

async function measure(
  of: Measured,
  { type, unique }: { readonly type: ColumnType; readonly unique: number },
): Promise<Partial<ColumnProfile>> {
  switch (type.kind) {
    case 'int':
      return {
        numerical: {
          ...(await readDistribution({ ...of, value: `${of.value}::DOUBLE` })),
          ...(await readRange(of)),
        },
      };
    case 'float':
      return { numerical: await readDistribution({ ...of, value: `${of.value}::DOUBLE` }) };
    case 'text': {
      const lengths = await readDistribution({ ...of, value: `length(${of.value})::DOUBLE` });
      const areFew = unique <= MAX_CATEGORIES && lengths.max <= MAX_CATEGORY_LENGTH;
      return { lengths, ...(areFew ? { categorical: await readCategories(of) } : {}) };
    }
    case 'bool':
      return { categorical: await readCategories(of) };
    case 'struct':
      return measureStruct(of, type);
    default:
      return {};
  }
}

/** Judges' answers and verdicts are told by their fields. */
async function measureStruct(
  of: Measured,
  { fields }: Extract<ColumnType, { readonly kind: 'struct' }>,
): Promise<Partial<ColumnProfile>> {
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
  return { min, max, mean, stddev, quartile_1: first, median, quartile_3: third, bins };
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

async function readCategories({ connection, view, value }: Measured): Promise<Categories> {
  const categories: Value[] = [];
  const counts: number[] = [];
  const sql = `SELECT ${value}, count(*) FROM ${view} WHERE ${value} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MAX_CATEGORIES}`;
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
