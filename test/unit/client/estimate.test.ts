import { describe, expect, it } from 'vitest';
import { estimateFrom } from '../../../src/client/look/estimate.ts';
import type { RowView } from '../../../src/client/look/row-view.ts';
import { type CallRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../../../src/store/records.ts';

type SampleRow = Pick<RowView, 'state' | 'columns'>;

/** A row whose calls took so many tokens out, one after the other. */
function row(tokens: readonly number[], state: RowView['state'] = 'complete', model = 'p/m'): SampleRow {
  const calls = tokens.map(
    (completionTokens, index): CallRecord => ({
      ...{ id: `a:${index}`, promptTokens: 10, completionTokens, status: 200, ms: 1_000, model },
    }),
  );
  const record = { ...RECORD_DEFAULTS, v: RECORD_VERSION, row: 0, in: 'x', status: 'ok', calls } as const;
  return { state, columns: [{ tries: [record] }] as unknown as RowView['columns'] };
}

const PRICES = new Map([['p/m', { input: 0, output: 10, cachedInput: 0, reasoning: 10 }]]);
const OPTIONS = { rows: 1_000, prices: PRICES, caps: new Map([['p/m', 4]]) };

describe('an estimate', () => {
  it('is the mean of the sample times the rows, and as sure as rows are alike', () => {
    const alike = estimateFrom([row([100, 100]), row([100, 100])], OPTIONS);
    expect(alike.calls).toEqual({ mean: 2_000, low: 2_000, high: 2_000 });
    expect(alike.completionTokens.mean).toBe(200_000);
    expect(alike.dollars?.mean).toBeCloseTo(2);
    expect(alike.sample).toMatchObject({ rows: 2, dropped: 0, calls: 4 });
    // 2 s of calls a row, four at a time.
    expect(alike.ms).toBe(500_000);
  });

  it('is wider the fewer rows there are: Student for four degrees of freedom', () => {
    const sample = [80, 90, 100, 110, 120].map((tokens) => row([tokens]));
    const { mean, low, high } = estimateFrom(sample, OPTIONS).completionTokens;
    expect(mean).toBe(100_000);
    // s = 15.81; 2.776 × 15.81 × √(1/5 + 1/1000) × 1000.
    expect(high - mean).toBeCloseTo(19_678, -1);
    expect(mean - low).toBeCloseTo(19_678, -1);
  });

  it('covers the truth in about 19 of 20 samples', () => {
    let hits = 0;
    let state = 1;
    const draw = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const normal = () => Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw());
    for (let round = 0; round < 1_000; round += 1) {
      const sample = Array.from({ length: 5 }, () => row([Math.round(1_000 + 200 * normal())]));
      const { low, high } = estimateFrom(sample, { ...OPTIONS, rows: 1_000_000 }).completionTokens;
      if (low <= 1e9 && 1e9 <= high) hits += 1;
    }
    expect(hits).toBeGreaterThan(930);
    expect(hits).toBeLessThan(970);
  });

  it('has no dollars where a price is not known, counts dropped rows, and takes one row for what it is', () => {
    const found = estimateFrom([row([100], 'dropped', 'p/other')], OPTIONS);
    expect(found.dollars).toBeNull();
    expect(found.unpriced).toEqual(['p/other']);
    expect(found.sample.dropped).toBe(1);
    expect(found.calls).toEqual({ mean: 1_000, low: 1_000, high: 1_000 });
  });
});
