import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowMask } from '../../../src/graph/row-mask.ts';
import type { RowRange } from '../../../src/graph/types.ts';
import { anyRows } from '../../support/any-graph.ts';

const TEN: RowRange = { first: 100, last: 109 };

function anyMask(rows: RowRange) {
  return fc.subarray(Array.from({ length: rows.last - rows.first + 1 }, (_, index) => rows.first + index));
}

describe('RowMask as text', () => {
  it('writes four rows a digit, the lowest row in the lowest bit of the first digit', () => {
    expect(RowMask.of(TEN, [100]).toHex()).toBe('100');
    expect(RowMask.of(TEN, [103, 104, 109]).toHex()).toBe('812');
    expect(RowMask.full(TEN).toHex()).toBe('ff3');
  });

  it('reads back what it wrote', () => {
    const maskOfRange = anyRows(200).chain((range) => fc.tuple(fc.constant(range), anyMask(range)));
    fc.assert(
      fc.property(maskOfRange, ([range, rows]) => {
        const hex = RowMask.of(range, rows).toHex();
        expect(RowMask.fromHex(range, hex).rows()).toEqual(rows);
        expect(hex).toHaveLength(Math.ceil((range.last - range.first + 1) / 4));
      }),
    );
  });

  it.each(['ff', 'ff30', 'ff4', 'fg3', 'FF3', ''])('refuses "%s" for ten rows', (hex) => {
    expect(() => RowMask.fromHex(TEN, hex)).toThrow(
      new RangeError(`Cannot read the mask "${hex}": it is none over rows 100-109`),
    );
  });
});

describe('RowMask as a set', () => {
  it('holds what was set and not cleared', () => {
    const mask = RowMask.empty(TEN);
    mask.set(100);
    mask.set(109);
    mask.clear(100);
    expect(mask.rows()).toEqual([109]);
    expect([mask.has(109), mask.has(100), mask.has(99), mask.has(110)]).toEqual([true, false, false, false]);
  });

  it.each([99, 110, 100.5, Number.NaN])('refuses row %d outside its range', (row) => {
    expect(() => RowMask.empty(TEN).set(row)).toThrow(RangeError);
    expect(() => RowMask.empty(TEN).clear(row)).toThrow(RangeError);
  });

  it('refuses a range without rows', () => {
    expect(() => RowMask.empty({ first: 5, last: 4 })).toThrow(RangeError);
  });

  it('is a copy after clone', () => {
    const mask = RowMask.full(TEN);
    mask.clone().clear(105);
    expect(mask.isFull).toBe(true);
  });

  it('agrees with a plain set, whatever the two ranges are', () => {
    const range = fc
      .record({ first: fc.nat(150), size: fc.integer({ min: 1, max: 150 }) })
      .map(({ first, size }): RowRange => ({ first, last: first + size - 1 }));
    const masked = range.chain((rows) => fc.tuple(fc.constant(rows), anyMask(rows)));
    fc.assert(
      fc.property(masked, masked, ([ours, members], [theirs, others]) => {
        const other = RowMask.of(theirs, others);
        const inOurs = others.filter((row) => ours.first <= row && row <= ours.last);
        const union = [...new Set([...members, ...inOurs])].sort((one, two) => one - two);
        const changed = (change: (mask: RowMask) => void) => {
          const mask = RowMask.of(ours, members);
          change(mask);
          // Counting sees bits past the last row, which rows() and has() may not.
          expect(mask.count).toBe(mask.rows().length);
          return mask.rows();
        };
        expect(changed((mask) => mask.or(other))).toEqual(union);
        expect(changed((mask) => mask.and(other))).toEqual(members.filter((row) => inOurs.includes(row)));
        expect(changed((mask) => mask.andNot(other))).toEqual(members.filter((row) => !inOurs.includes(row)));
        const mask = RowMask.of(ours, members);
        expect(mask.isEmpty).toBe(members.length === 0);
        expect(mask.isFull).toBe(members.length === ours.last - ours.first + 1);
        expect(mask.findFirst()).toBe(members[0]);
        expect(mask.slice(theirs).rows()).toEqual(
          members.filter((row) => theirs.first <= row && row <= theirs.last),
        );
        expect(mask.equals(other)).toBe(
          ours.first === theirs.first && ours.last === theirs.last && `${members}` === `${others}`,
        );
      }),
      { numRuns: 200 },
    );
  });
});
