// What a dataset would take, from some rows of it that were made for that.

import { type Prices, spentOf } from '../../models/prices.ts';
import { type Cost, costOf, NO_MODEL, usageOf } from '../../store/call-usage.ts';
import type { CallRecord } from '../../store/records.ts';
import type { RowView } from './row-view.ts';

/** A number of a dataset: what is expected, and between which two it is in 19 of 20 cases. */
export interface Expected {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface Estimate {
  readonly calls: Expected;
  readonly promptTokens: Expected;
  readonly completionTokens: Expected;
  /** Null where the price of a model that was asked is not known. */
  readonly dollars: Expected | null;
  readonly unpriced: readonly string[];
  /** While every model answers as it did, with as many calls at a time as the document allows. */
  readonly ms: number;
  /** What the sample took. */
  readonly sample: {
    readonly rows: number;
    readonly dropped: number;
    readonly calls: number;
    readonly dollars: number;
  };
}

export interface EstimateOptions {
  /** Of the dataset. */
  readonly rows: number;
  readonly prices: Prices;
  /** Calls at a time, by model (`modelKeyOf`). */
  readonly caps: ReadonlyMap<string, number>;
}

/** From one row at least; from one alone nobody knows how rows differ, and the interval is that of `mean`. */
export function estimateFrom(
  sample: readonly Pick<RowView, 'state' | 'columns'>[],
  { rows, prices, caps }: EstimateOptions,
): Estimate {
  const calls = sample.map(({ columns }) =>
    columns.flatMap(({ tries }) => tries.flatMap((record) => record.calls)),
  );
  const usages = calls.map(usageOf);
  const costs = usages.map((usage) => costOf(usage));
  const dollars = usages.map((usage) => spentOf([usage], prices).dollars);
  const all = calls.flat();
  const models = [...new Set(all.map(({ model }) => model ?? NO_MODEL))];
  const unpriced = models.filter((model) => model !== NO_MODEL && !prices.has(model));
  const of = (field: keyof Cost) =>
    expected(
      costs.map((cost) => cost[field]),
      rows,
    );
  return {
    calls: of('calls'),
    promptTokens: of('promptTokens'),
    completionTokens: of('completionTokens'),
    dollars: unpriced.length > 0 ? null : expected(dollars, rows),
    unpriced,
    ms: Math.max(0, ...models.map((model) => msOf(model, { all, caps }) * (rows / sample.length))),
    sample: {
      rows: sample.length,
      dropped: sample.filter(({ state }) => state === 'dropped').length,
      calls: all.length,
      dollars: sum(dollars),
    },
  };
}

/** What the calls of a model take when as many as may be are under way. */
function msOf(
  model: string,
  { all, caps }: { readonly all: readonly CallRecord[]; readonly caps: ReadonlyMap<string, number> },
): number {
  const own = all.filter((call) => (call.model ?? NO_MODEL) === model);
  return sum(own.map(({ ms }) => ms)) / (caps.get(model) ?? 1);
}

/**
 * The sum over `rows` more rows like those of a sample: n·m ± t·s·n·√(1/k + 1/n), the prediction interval of a mean of n from a
 * sample of k with Student's t for k−1 degrees of freedom. Never below nothing.
 */
function expected(sample: readonly number[], rows: number): Expected {
  const mean = sum(sample) / sample.length;
  const freedom = sample.length - 1;
  const variance = freedom === 0 ? 0 : sum(sample.map((value) => (value - mean) ** 2)) / freedom;
  const half = tOf(freedom) * Math.sqrt(variance * (1 / sample.length + 1 / rows)) * rows;
  return { mean: mean * rows, low: Math.max(0, mean * rows - half), high: mean * rows + half };
}

/** Student's t, two-sided 95 %, for 1 to 30 degrees of freedom: any table of statistics; beyond it is near the normal's. */
const T_95 = [
  ...[
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  ],
  ...[2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042],
];

function tOf(freedom: number): number {
  return freedom === 0 ? 0 : (T_95[freedom - 1] ?? 1.96);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
