import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnDraws, drawOf, permutationOf } from '../../src/draws.ts';

const PLACE = { seed: '5f1c', column: 'tier', row: 17, counter: 0 };

/** Sum of (seen - expected)² / expected. With 255 degrees of freedom 1 in 10,000 fair samples is above 346. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function histogram(values: Iterable<number>, bins = 256): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.floor(value * bins)]!++;
  return counts;
}

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let product = 0;
  let leftSquare = 0;
  let rightSquare = 0;
  for (const [index, value] of left.entries()) {
    product += (value - leftMean) * (right[index]! - rightMean);
    leftSquare += (value - leftMean) ** 2;
    rightSquare += (right[index]! - rightMean) ** 2;
  }
  return product / Math.sqrt(leftSquare * rightSquare);
}

const rowsBelow = (count: number) => Array.from({ length: count }, (_, row) => row);

describe('drawOf', () => {
  it('draws the numbers that it always drew', () => {
    const draw = drawOf(PLACE);
    expect([draw(), draw(), draw()]).toMatchInlineSnapshot(`
      [
        0.3108555672359836,
        0.1410550178256954,
        0.3719239192112288,
      ]
    `);
  });

  it('starts the same stream whenever the place is the same', () => {
    expect(drawOf(PLACE)()).toBe(drawOf({ ...PLACE })());
    expect(columnDraws(['5f1c', 'tier'])(17, 0)()).toBe(drawOf(PLACE)());
  });

  it('starts another stream when any part of the place differs', () => {
    const places = [
      PLACE,
      { ...PLACE, seed: '5f1d' },
      { ...PLACE, column: 'area' },
      { ...PLACE, row: 18 },
      { ...PLACE, row: 17 + 2 ** 32 },
      { ...PLACE, counter: 1 },
      { ...PLACE, row: 0, counter: 17 },
      { ...PLACE, use: 'temperature' },
      { ...PLACE, use: 'top_p' },
      { ...PLACE, seed: '5f1', column: 'ctier' },
    ];
    expect(new Set(places.map((place) => drawOf(place)())).size).toBe(places.length);
  });

  it('draws uniformly over the rows of a column, at each of the first draws', () => {
    const at = columnDraws(['5f1c', 'tier']);
    for (const skipped of [0, 1, 2]) {
      const values = rowsBelow(100_000).map((row) => {
        const draw = at(row, 0);
        for (let step = 0; step < skipped; step++) draw();
        return draw();
      });
      expect(chiSquare(histogram(values))).toBeLessThan(346);
    }
  });

  it('draws uniformly within one stream', () => {
    const draw = drawOf(PLACE);
    expect(chiSquare(histogram(rowsBelow(100_000).map(() => draw())))).toBeLessThan(346);
  });

  it('draws neighbouring rows, counters and columns independently', () => {
    const rows = rowsBelow(50_000);
    const at = columnDraws(['5f1c', 'tier']);
    const first = rows.map((row) => at(row, 0)());
    const others = {
      nextRow: rows.map((row) => at(row + 1, 0)()),
      farRow: rows.map((row) => at(row + 1000, 0)()),
      nextCounter: rows.map((row) => at(row, 1)()),
      nextColumn: rows.map((row) => columnDraws(['5f1c', 'tier2'])(row, 0)()),
    };
    // 1 / sqrt(50,000) is 0.0045.
    for (const values of Object.values(others))
      expect(Math.abs(correlation(first, values))).toBeLessThan(0.018);
  });

  it('fills pairs of neighbouring rows evenly', () => {
    const at = columnDraws(['5f1c', 'pairs']);
    const values = rowsBelow(100_001).map((row) => at(row, 0)());
    const cells = rowsBelow(100_000).map((row) => (Math.floor(values[row]! * 16) + values[row + 1]!) / 16);
    expect(chiSquare(histogram(cells))).toBeLessThan(346);
  });
});

describe('permutationOf', () => {
  it('is a bijection of any size', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 2000 }), (name, size) => {
        const permute = permutationOf([name], size);
        const images = rowsBelow(size).map(permute);
        expect([...images].sort((left, right) => left - right)).toEqual(rowsBelow(size));
      }),
    );
  });

  it('stays inside large sizes and never repeats', () => {
    for (const size of [2 ** 32, 2 ** 32 + 1, 2 ** 52]) {
      const permute = permutationOf(['large'], size);
      const images = new Set<number>();
      for (let index = 0; index < 20_000; index++) images.add(permute(index));
      for (let index = 1; index <= 20_000; index++) images.add(permute(size - index));
      expect(images.size).toBe(40_000);
      for (const image of images) expect(image >= 0 && image < size && Number.isInteger(image)).toBe(true);
    }
  });

  it('reaches every order of four about equally often', () => {
    const counts = new Map<string, number>();
    for (let key = 0; key < 24_000; key++) {
      const order = rowsBelow(4)
        .map(permutationOf([String(key)], 4))
        .join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // With 23 degrees of freedom 1 in 10,000 fair samples is above 58.
    expect(chiSquare([...counts.values()])).toBeLessThan(58);
  });

  it('spreads neighbours over the whole range', () => {
    const size = 2 ** 32;
    const permute = permutationOf(['5f1c', 'id'], size);
    const images = rowsBelow(50_001).map((index) => permute(index) / size);
    expect(chiSquare(histogram(images))).toBeLessThan(346);
    expect(Math.abs(correlation(images.slice(0, -1), images.slice(1)))).toBeLessThan(0.018);
  });

  it('refuses an index outside of its size', () => {
    expect(() => permutationOf(['x'], 3)(3)).toThrow('Cannot permute 3: it is not a whole number below 3');
  });
});
