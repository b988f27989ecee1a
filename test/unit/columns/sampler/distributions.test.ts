import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DISTRIBUTIONS, distributionOf } from '../../../../src/columns/sampler/distributions/registry.ts';
import { columnDraws } from '../../../../src/draws.ts';

/** Cumulative distributions as scipy.stats 1.17 has them, at numbers all over each. */
const EXPECTED = JSON.parse(readFileSync(new URL('distributions.json', import.meta.url), 'utf8')) as {
  readonly name: string;
  readonly params: { readonly [name: string]: number };
  readonly cdf: readonly (readonly [number, number])[];
}[];

const DRAWS = 8_000;
/** Kolmogorov and Smirnov: what one of a thousand right samplers is farther away than. The seed is fixed. */
const FARTHEST = 1.95 / Math.sqrt(DRAWS);

describe('the distributions of scipy', () => {
  it.each(EXPECTED)('$name $params is drawn from as scipy has it', ({ name, params, cdf }) => {
    const draw = distributionOf({ dist_name: name, dist_params: params });
    const drawsAt = columnDraws(['5f1c', name]);
    const drawn = Array.from({ length: DRAWS }, (_, row) => draw(drawsAt(row, 0)));
    const { isDiscrete } = DISTRIBUTIONS[name]!;
    for (const value of drawn.slice(0, 100)) expect(typeof value).toBe(isDiscrete ? 'bigint' : 'number');
    const distances = cdf.map(([place, share]) => {
      const below = drawn.filter((value) => (value as number | bigint) <= place).length;
      return Math.abs(below / DRAWS - share);
    });
    expect(Math.max(...distances)).toBeLessThan(FARTHEST);
  });

  it('are all compared with it', () => {
    const compared = new Set(EXPECTED.map(({ name }) => name));
    expect(Object.keys(DISTRIBUTIONS).filter((name) => !compared.has(name))).toEqual([]);
  });

  it('shift and stretch by loc and scale, and are a constant without a width', () => {
    const at = (params: { readonly [name: string]: number }) =>
      distributionOf({ dist_name: 'norm', dist_params: params })(columnDraws(['5f1c'])(3, 0)) as number;
    expect(at({ loc: 10, scale: 2 })).toBeCloseTo(10 + 2 * at({}), 12);
    expect(at({ loc: 10, scale: 0 })).toBe(10);
  });

  it('have open ends where a document says .inf', () => {
    const open = distributionOf({ dist_name: 'truncnorm', dist_params: { a: 0, b: Number.MAX_VALUE } });
    const drawn = Array.from({ length: 500 }, (_, row) => open(columnDraws(['5f1c'])(row, 0)) as number);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeGreaterThan(2);
  });
});
