import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSeedOrder, makeSeedRows } from '../../../src/generators/seed-rows.ts';
import type { SeedSource } from '../../../src/generators/seed-source.ts';
import type { PlanSeedSource } from '../../../src/plan.ts';

const seedSource = (count: number, more: Partial<PlanSeedSource> = {}): PlanSeedSource => ({
  contentHash: '',
  sourceRows: count,
  selection: { first: 0, count },
  sampling: 'ordered',
  ...more,
});
const orderOf = (order: (row: number) => number, rows: number) =>
  Array.from({ length: rows }, (_, row) => order(row));

/** A source of the rows 0, 1, 2 …; keeps what was read. */
function numbers(rowCount: number) {
  const reads: [number, number][] = [];
  const source: SeedSource = {
    columns: [{ name: 'n', type: { kind: 'int' }, emptyCells: 0 }],
    rowCount,
    contentHash: '',
    async readRows(first, count) {
      reads.push([first, count]);
      return Array.from({ length: count }, (_, index) => ({ n: BigInt(first + index) }));
    },
  };
  return { source, reads };
}

describe('makeSeedOrder', () => {
  it('cycles through the selected rows in their order', () => {
    const order = makeSeedOrder(seedSource(9, { selection: { first: 4, count: 3 } }), '5f1c');
    expect(orderOf(order, 8)).toEqual([4, 5, 6, 4, 5, 6, 4, 5]);
  });

  it('shuffles each cycle to another order of all selected rows', () => {
    const selection = { first: 10, count: 20 };
    const order = orderOf(makeSeedOrder(seedSource(40, { selection, sampling: 'shuffle' }), '5f1c'), 60);
    const cycles = [order.slice(0, 20), order.slice(20, 40), order.slice(40)];
    const inOrder = Array.from({ length: 20 }, (_, index) => 10 + index);
    for (const cycle of cycles) expect([...cycle].sort((left, right) => left - right)).toEqual(inOrder);
    expect(new Set([inOrder, ...cycles].map(String)).size).toBe(4);
  });

  it('shuffles by the dataset seed alone, whatever row is asked for first', () => {
    const shuffled = seedSource(1_000, { sampling: 'shuffle' });
    const order = orderOf(makeSeedOrder(shuffled, '5f1c'), 3_000);
    const again = makeSeedOrder(shuffled, '5f1c');
    fc.assert(fc.property(fc.nat(2_999), (row) => again(row) === order[row]));
    expect(orderOf(makeSeedOrder(shuffled, 'other'), 1_000)).not.toEqual(order.slice(0, 1_000));
  });
});

describe('makeSeedRows', () => {
  it('reads each seed row of a range once, in runs of neighbours', async () => {
    const { source, reads } = numbers(9);
    const selection = { first: 2, count: 4 };
    const rows = await makeSeedRows({ seed: '5f1c', seedSource: seedSource(9, { selection }) }, source).make({
      first: 3,
      last: 12,
    });
    expect(rows.map(({ n }) => n)).toEqual([5n, 2n, 3n, 4n, 5n, 2n, 3n, 4n, 5n, 2n]);
    expect(reads).toEqual([[2, 4]]);
  });

  it('gives shuffled rows in the order of the dataset', async () => {
    const { source, reads } = numbers(100);
    const shuffled = seedSource(100, { sampling: 'shuffle' });
    const rows = await makeSeedRows({ seed: '5f1c', seedSource: shuffled }, source).make({
      first: 95,
      last: 104,
    });
    const order = makeSeedOrder(shuffled, '5f1c');
    expect(rows.map(({ n }) => Number(n))).toEqual(orderOf((index) => order(95 + index), 10));
    expect(reads.map(([first]) => first)).toEqual(
      [...reads.map(([first]) => first)].sort((left, right) => left - right),
    );
  });
});
