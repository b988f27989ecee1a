import { describe, expect, it } from 'vitest';
import {
  groupCount,
  planSizes,
  rowsOfGroup,
  rowsOfSlice,
  type SizeOptions,
  sliceCount,
} from '../../../src/graph/row-groups.ts';

describe('row groups', () => {
  it('holds rows [g·R, (g+1)·R), the last group what is left', () => {
    const shape = { rows: 2_500, rowGroupSize: 1_000 };
    expect(groupCount(shape)).toBe(3);
    expect(rowsOfGroup(0, shape)).toEqual({ first: 0, last: 999 });
    expect(rowsOfGroup(1, shape)).toEqual({ first: 1_000, last: 1_999 });
    expect(rowsOfGroup(2, shape)).toEqual({ first: 2_000, last: 2_499 });
  });

  it('has no group for no rows', () => {
    expect(groupCount({ rows: 0, rowGroupSize: 1_000 })).toBe(0);
  });

  it.each([-1, 3, 0.5])('refuses group %d of 3', (group) => {
    expect(() => rowsOfGroup(group, { rows: 2_500, rowGroupSize: 1_000 })).toThrow(RangeError);
  });

  it('refuses groups of no rows', () => {
    expect(() => groupCount({ rows: 10, rowGroupSize: 0 })).toThrow(RangeError);
  });
});

describe('slices', () => {
  it('cuts a range from its first row on', () => {
    const rows = { first: 1_000, last: 1_024 };
    expect(sliceCount(rows, 10)).toBe(3);
    expect([0, 1, 2].map((index) => rowsOfSlice(index, { rows, sliceRows: 10 }))).toEqual([
      { first: 1_000, last: 1_009 },
      { first: 1_010, last: 1_019 },
      { first: 1_020, last: 1_024 },
    ]);
  });
});

describe('planSizes', () => {
  function sizesOf(options: Partial<SizeOptions> & { cap: number }) {
    const { window, limits } = planSizes({
      ...{ caps: { m: options.cap }, rowGroupSize: 1_000, cellColumns: 4, rows: 10_000 },
      ...options,
    });
    return { window, sliceRows: limits.sliceRows, maxCells: limits.maxCells.m };
  }

  it.each([
    // A handful of rows: every cell is its own activity.
    { cap: 16, rows: 10, window: 2, sliceRows: 1, maxCells: 64 },
    { cap: 512, rows: 10, window: 4, sliceRows: 1, maxCells: 2_048 },
    { cap: 16, rows: 100, window: 2, sliceRows: 8, maxCells: 64 },
    // Eight slices for each model, of 32 rows at most.
    { cap: 32, rows: 1_000, window: 2, sliceRows: 16, maxCells: 128 },
    { cap: 64, rows: 1_000, window: 2, sliceRows: 32, maxCells: 256 },
    { cap: 64, rows: 4_000, window: 2, sliceRows: 32, maxCells: 256 },
    { cap: 512, rows: 4_000, window: 4, sliceRows: 32, maxCells: 2_048 },
    { cap: 4_096, rows: 100_000, window: 18, sliceRows: 32, maxCells: 16_384 },
    // A long history costs more than a late answer, up to 64 rows.
    { cap: 16, rows: 1_000, window: 2, sliceRows: 10, maxCells: 64 },
    { cap: 16, rows: 100_000, cellColumns: 40, window: 2, sliceRows: 64, maxCells: 64 },
    { cap: 16, rows: 100_000, rowGroupSize: 50_000, window: 2, sliceRows: 64, maxCells: 64 },
    { cap: 1, rows: 100_000, window: 2, sliceRows: 10, maxCells: 10 },
  ])('of $rows rows at $cap parallel requests', ({ window, sliceRows, maxCells, ...options }) => {
    expect(sizesOf(options)).toEqual({ window, sliceRows, maxCells });
  });

  it.each([
    { cap: 64, rows: 64, cellColumns: 1 },
    { cap: 41, rows: 1_000, cellColumns: 1 },
    { cap: 100, rows: 50, cellColumns: 2 },
    { cap: 79, rows: 79, cellColumns: 1 },
  ])('has room for $cap cells at work where $rows rows of $cellColumns columns are ready', (options) => {
    const { cap, rows, cellColumns } = options;
    const { sliceRows, maxSlicesInFlight } = planSizes({
      ...{ rows, rowGroupSize: 1_000, cellColumns, caps: { m: cap } },
    }).limits;
    const slices = Array.from({ length: cellColumns }, () =>
      Array.from({ length: Math.ceil(rows / sliceRows) }, (_, nth) =>
        Math.min(sliceRows, rows - nth * sliceRows),
      ),
    ).flat();
    const atWork = slices.slice(0, maxSlicesInFlight).reduce((sum, cells) => sum + cells, 0);
    expect(atWork).toBeGreaterThanOrEqual(Math.min(cap, rows * cellColumns));
  });

  it('takes what is set', () => {
    expect(sizesOf({ cap: 64, window: 5, sliceSize: 1 })).toEqual({ window: 5, sliceRows: 1, maxCells: 256 });
  });

  it('leaves a slower model eight slices unless all places are needed for the faster one', () => {
    const shape = { rows: 100_000, rowGroupSize: 1_000, cellColumns: 2 };
    const limits = { maxSlicesInFlight: 40, maxSlicesWithLeftovers: 48 };
    expect(planSizes({ ...shape, caps: { one: 100, two: 24 } })).toEqual({
      window: 2,
      limits: { ...limits, sliceRows: 13, maxCells: { one: 400, two: 96 } },
    });
    expect(planSizes({ ...shape, caps: { one: 240, two: 8 } })).toEqual({
      window: 2,
      limits: { ...limits, sliceRows: 25, maxCells: { one: 960, two: 32 } },
    });
  });

  it('cuts no slices for a handful of threads, which have two slices at hand', () => {
    const shape = { rows: 100_000, rowGroupSize: 1_000, cellColumns: 2, caps: { one: 100 } };
    const { limits } = planSizes({ ...shape, fixedCaps: { threads: 2 } });
    expect(limits).toEqual({
      ...planSizes(shape).limits,
      maxCells: { one: 400, threads: 2 * limits.sliceRows },
    });
  });

  it('has sizes for a dataset without models and for none at all', () => {
    const sizes = planSizes({ caps: {}, rows: 0, rowGroupSize: 1_000, cellColumns: 0 });
    expect(sizes).toMatchObject({ window: 2, limits: { sliceRows: 1, maxCells: {} } });
  });
});
