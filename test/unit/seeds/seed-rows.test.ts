import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanSeedSource } from '../../../src/plan.ts';
import { makeSeedOrder, makeSeedRows } from '../../../src/seeds/seed-rows.ts';
import type { SeedSource } from '../../../src/seeds/seed-source.ts';
import { type SeedContent, SourceContent } from '../../../src/seeds/source-content.ts';

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
  const content = new SourceContent(false);
  for (let row = 0; row < rowCount; row += 1) content.addRow({ n: BigInt(row) });
  const source: SeedSource = {
    ...content.finish(['n']),
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
    expect(rows.map((row) => row?.n)).toEqual([5n, 2n, 3n, 4n, 5n, 2n, 3n, 4n, 5n, 2n]);
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
    expect(rows.map((row) => Number(row?.n))).toEqual(orderOf((index) => order(95 + index), 10));
    expect(reads.map(([first]) => first)).toEqual(
      [...reads.map(([first]) => first)].sort((left, right) => left - right),
    );
  });
});

describe('the key of seed rows', () => {
  /** A source of numbers in blocks of 64 rows. */
  function contentOf(numbers: readonly number[]) {
    const content = new SourceContent(false);
    for (const n of numbers) content.addRow({ n: BigInt(n) });
    return content.finish(['n']);
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, row) => row);

  function keysOf(content: SeedContent, more: Partial<PlanSeedSource> = {}, seed = '5f1c') {
    const { contentHash, rowCount } = content;
    const plan = { seed, seedSource: { ...seedSource(rowCount), contentHash, ...more } };
    const readRows = () => Promise.reject(new Error('Rows are read'));
    const { keyOf } = makeSeedRows(plan, { ...content, readRows });
    return (first: number, last: number) => keyOf({ first, last });
  }

  it('stays what it was for the rows before the last block when a source grows', () => {
    const keyBefore = keysOf(contentOf(upTo(200)));
    const keyAfter = keysOf(contentOf(upTo(300)));
    expect(keyAfter(0, 99)).toBe(keyBefore(0, 99));
    expect(keyAfter(100, 191)).toBe(keyBefore(100, 191));
    expect(keyAfter(100, 192)).not.toBe(keyBefore(100, 192));
  });

  it('changes with a row of its blocks and with no other', () => {
    const keyBefore = keysOf(contentOf(upTo(300)));
    const keyAfter = keysOf(contentOf(upTo(300).map((n) => (n === 150 ? -1 : n))));
    expect(keyAfter(0, 127)).toBe(keyBefore(0, 127));
    expect(keyAfter(100, 199)).not.toBe(keyBefore(100, 199));
    expect(keyAfter(192, 299)).toBe(keyBefore(192, 299));
  });

  it('changes with the type that the rest of a source gives a column', () => {
    const keyBefore = keysOf(contentOf(upTo(100)));
    const content = contentOf(upTo(100));
    const [column] = content.columns;
    const keyAfter = keysOf({ ...content, columns: [{ ...column!, type: { kind: 'float' } }] });
    expect(keyAfter(0, 9)).not.toBe(keyBefore(0, 9));
  });

  it('is another one for other rows of the same blocks', () => {
    const content = contentOf(upTo(64));
    const all = keysOf(content);
    const later = keysOf(content, { selection: { first: 5, count: 50 } });
    expect(new Set([all(0, 9), all(1, 10), all(0, 10), later(0, 9)]).size).toBe(4);
    // Row 50 takes the first selected one again.
    expect(later(50, 59)).toBe(later(0, 9));
  });

  it('is that of the whole source where a range begins it anew', () => {
    const keyBefore = keysOf(contentOf(upTo(200)));
    const keyAfter = keysOf(contentOf(upTo(200).map((n) => (n === 100 ? -1 : n))));
    expect(keyAfter(190, 209)).not.toBe(keyBefore(190, 209));
    expect(keyAfter(200, 209)).toBe(keyBefore(200, 209));
  });

  it('is that of the whole source where its rows are shuffled', () => {
    const keys = (numbers: readonly number[], seed?: string) =>
      keysOf(contentOf(numbers), { sampling: 'shuffle' }, seed)(0, 9);
    const changed = upTo(200).map((n) => (n === 199 ? -1 : n));
    expect(keys(upTo(200))).toBe(keys(upTo(200)));
    expect(new Set([keys(upTo(200)), keys(changed), keys(upTo(200), 'other')]).size).toBe(3);
  });
});
