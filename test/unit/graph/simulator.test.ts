// The conductor in a whole build under a virtual clock: what it makes of a model's parallel requests.

import { describe, expect, it } from 'vitest';
import { graphOf } from '../../support/graph.ts';
import { lognormal, type Simulation, simulate } from '../../support/simulator.ts';

const WRITER = 'local/writer';

function modelColumn(...needs: readonly string[]) {
  return { needs, limiters: [WRITER] } as const;
}

/** Data Designer's published shape: a chain of four model columns. */
const NARROW = graphOf({
  seed: [],
  topic: modelColumn('seed'),
  summary: modelColumn('topic'),
  analysis: modelColumn('summary'),
  conclusion: modelColumn('analysis'),
});

function build(options: Partial<Simulation> & { rows: number; cap: number }) {
  const { cap, ...rest } = options;
  const simulation = {
    graph: NARROW,
    rowGroupSize: 1_000,
    caps: { [WRITER]: cap },
    latencyMs: () => 100,
    ...rest,
  };
  const result = simulate({ turnaroundMs: 5, ...simulation });
  return { ...result, callsPerSecond: (result.calls * 1_000) / result.virtualMs };
}

/** How much of its requests' time a model is busy, with latencies that vary. */
function busyShare(options: { rows: number; cap: number }): number {
  const draw = lognormal({ medianMs: 100, jitter: 4 });
  let latencySum = 0;
  const latencyMs = () => {
    const latency = draw();
    latencySum += latency;
    return latency;
  };
  const { virtualMs } = build({ ...options, latencyMs });
  return latencySum / options.cap / virtualMs;
}

describe('a simulated build', () => {
  it('asks for every cell once', () => {
    const { calls, completeRows, droppedRows } = build({ rows: 2_500, cap: 64 });
    expect([calls, completeRows, droppedRows]).toEqual([10_000, 2_500, 0]);
  });

  it('ends with every row complete or dropped when cells fail and are left over', () => {
    const { completeRows, droppedRows } = build({ rows: 2_500, cap: 64, dropRate: 0.02, leftoverRate: 0.1 });
    expect(completeRows + droppedRows).toBe(2_500);
    expect(droppedRows).toBeGreaterThan(100);
  });

  it('ends with columns made as a whole, in order and gathered, whatever is dropped and left over', () => {
    const graph = graphOf({
      seed: [],
      topic: modelColumn('seed'),
      ranks: { needs: ['topic'], strategy: 'column', limiters: ['threads'] },
      story: { needs: ['ranks', 'seed'], strategy: 'column', inOrder: true, limiters: [WRITER] },
      batch: { ...modelColumn('topic'), gathers: true },
      verdict: modelColumn('story', 'batch'),
    });
    const options = { graph, rows: 5_000, cap: 64, dropRate: 0.02, leftoverRate: 0.01, window: 4 };
    const { completeRows, droppedRows } = build(options);
    expect(completeRows + droppedRows).toBe(5_000);
    expect(completeRows).toBeGreaterThan(4_000);
  });

  it('is the same for the same seed', () => {
    const options = { rows: 1_000, cap: 64, dropRate: 0.02, leftoverRate: 0.1, seed: 7 };
    expect(build(options)).toEqual(build(options));
  });

  it.each([
    { rows: 1_000, cap: 64, share: 0.92 },
    { rows: 4_000, cap: 256, share: 0.9 },
    { rows: 4_000, cap: 512, share: 0.85 },
  ])('of $rows rows keeps $cap requests busy', ({ rows, cap, share }) => {
    expect(build({ rows, cap }).callsPerSecond).toBeGreaterThan(share * cap * 10);
  });

  it.each([
    { rows: 1_000, cap: 64, share: 0.9 },
    { rows: 10_000, cap: 64, share: 0.97 },
  ])('of $rows rows keeps $cap requests busy when latencies vary', ({ rows, cap, share }) => {
    expect(busyShare({ rows, cap })).toBeGreaterThan(share);
  });

  it.each([
    { rows: 4_000, cap: 256, share: 0.88 },
    { rows: 5_000, cap: 256, share: 0.92 },
    { rows: 13_000, cap: 512, share: 0.9 },
  ])('of $rows rows leaves all $cap requests to the last groups', ({ rows, cap, share }) => {
    expect(busyShare({ rows, cap })).toBeGreaterThan(share);
  });

  it('needs four round trips for a handful of rows', () => {
    expect(build({ rows: 10, cap: 16 }).virtualMs).toBe(4 * (100 + 5));
  });

  it('stays below 400 slices a row group, undisturbed', () => {
    expect(build({ rows: 4_000, cap: 512 }).maxSlicesOfGroup).toBeLessThanOrEqual(400);
    expect(build({ rows: 4_000, cap: 16 }).maxSlicesOfGroup).toBeLessThanOrEqual(400);
  });
});
