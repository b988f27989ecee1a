import { describe, expect, it } from 'vitest';
import type { BuildSnapshot } from '../../../src/client/build-snapshot.ts';
import { describeProgress } from '../../../src/client/run-report.ts';
import type { Wish } from '../../../src/client/wish.ts';

const SNAPSHOT: BuildSnapshot = {
  phase: 'running',
  reason: null,
  rows: 118,
  dropped: 0,
  columns: {
    body: {
      made: 300,
      failed: 1,
      calls: 302,
      failedCalls: 1,
      promptTokens: 61_000,
      completionTokens: 20_000,
    },
    verdict: {
      made: 230,
      failed: 0,
      calls: 230,
      failedCalls: 0,
      promptTokens: 20_000,
      completionTokens: 7_000,
    },
  },
  cellsInFlight: 64,
};

const COUNT = { kept: 0, keptAsIs: 0, missing: 400, lost: 0, stale: 0, downstream: 0, retried: 0 };
const WISH = {
  settings: { rows: 200 },
  counts: { columns: { body: COUNT, verdict: COUNT } },
} as unknown as Wish;

describe('progress', () => {
  it('shows the calls of this process as they end, in lengths for any terminal', () => {
    const place = {
      wish: WISH,
      calls: { answered: 540, inFlight: 16, waitedFor: [] },
      first: { at: 1_000, calls: 60 },
      now: 6_000,
    };
    expect(describeProgress(SNAPSHOT, place)).toEqual([
      'rows 118/200 · calls 540/800 · 96/s · 16 in flight · 81k tokens in, 27k out · 1 failed · 2.7 s left',
      'rows 118/200 · calls 540/800 · 96/s · 16 in flight · 1 failed · 2.7 s left',
      'rows 118/200 · calls 540/800 · 1 failed · 2.7 s left',
      'rows 118/200 · calls 540/800',
    ]);
  });

  it('shows of another process what its workflows know, and no rate before the second look', () => {
    const place = { wish: WISH, calls: null, first: { at: 1_000, calls: 532 }, now: 1_000 };
    expect(describeProgress(SNAPSHOT, place)[0]).toBe(
      'rows 118/200 · calls 532/800 · 64 cells in hand · 81k tokens in, 27k out · 1 failed',
    );
  });
});
