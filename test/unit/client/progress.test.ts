import { describe, expect, it } from 'vitest';
import type { BuildSnapshot } from '../../../src/client/look/build-snapshot.ts';
import {
  describeProgress,
  describeSnapshot,
  type ProgressPlace,
} from '../../../src/client/tell/progress-report.ts';
import type { Wish } from '../../../src/client/wish/wish.ts';

const SNAPSHOT: BuildSnapshot = {
  phase: 'running',
  reason: null,
  rows: 118,
  dropped: 2,
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
  waitedFor: [],
};

const COUNT = {
  kept: 0,
  keptAsIs: 0,
  costs: true,
  missing: 400,
  lost: 0,
  stale: 0,
  downstream: 0,
  retried: 0,
};
const WISH = {
  plan: {},
  settings: { rows: 200 },
  counts: { columns: { body: COUNT, verdict: COUNT } },
} as unknown as Wish;

const place = (more: Partial<ProgressPlace> = {}): ProgressPlace => ({
  wish: WISH,
  calls: { answered: 540, inFlight: 16, spent: 0, waitedFor: [] },
  first: { at: 1_000, calls: 60 },
  now: 6_000,
  ...more,
});

describe('progress', () => {
  it('shows the calls of this process as they end, in lengths for any terminal', () => {
    expect(describeProgress(SNAPSHOT, place())).toEqual([
      'rows 118/200 · calls 540/800 · 96/s · 16 in flight · 81k tokens in, 27k out · 2 dropped · 1 call failed · 2.7 s left',
      'rows 118/200 · calls 540/800 · 96/s · 16 in flight · 2 dropped · 1 call failed · 2.7 s left',
      'rows 118/200 · calls 540/800 · 2 dropped · 1 call failed · 2.7 s left',
      'rows 118/200 · calls 540/800',
    ]);
  });

  it('shows of another process what its workflows know, and no rate before the second look', () => {
    const first = { at: 1_000, calls: 532 };
    expect(describeProgress(SNAPSHOT, place({ calls: null, first, now: 1_000 }))[0]).toBe(
      'rows 118/200 · calls 532/800 · 64 cells under way · 81k tokens in, 27k out · 2 dropped · 1 call failed',
    );
  });

  it('names processors after generation once all rows are there', () => {
    const wish = { ...WISH, plan: { afterGeneration: [{ name: 'rank' }] } } as unknown as Wish;
    expect(describeProgress(SNAPSHOT, place({ wish }))[0]).toMatch(/calls 540/);
    expect(describeProgress({ ...SNAPSHOT, rows: 198 }, place({ wish }))).toEqual([
      'rows 198/200 · after generation: rank',
      'rows 198/200',
    ]);
  });

  it.each([
    ['so few calls', { first: { at: 1_000, calls: 521 } }],
    [
      'fewer calls than two for each in flight',
      { calls: { answered: 540, inFlight: 300, spent: 0, waitedFor: [] } },
    ],
    ['so few seconds', { now: 5_900 }],
  ])('says no time that is left after %s', (_, more) => {
    expect(describeProgress(SNAPSHOT, place(more)).join()).not.toContain('left');
  });

  it('counts the calls that go beyond the plan, such as those that ask for an answer again', () => {
    const calls = { answered: 860, inFlight: 3, spent: 0, waitedFor: [] };
    expect(describeProgress(SNAPSHOT, place({ calls })).at(-1)).toBe(
      'rows 118/200 · calls 860 (800 planned)',
    );
  });

  it('says who is waited for, why, and what happens next, from the second call on that failed', () => {
    const waited = {
      ...{ model: 'local/m', host: '127.0.0.1:8104', tries: 3, silentMs: 17_000, nextInMs: 7_300 },
      ...{ why: 'No answer from 127.0.0.1:8104: 127.0.0.1:8104 refuses connections', givesUpInMs: 43_000 },
    };
    const calls = { answered: 540, inFlight: 0, spent: 0, waitedFor: [waited] };
    expect(describeProgress(SNAPSHOT, place({ calls }))).toEqual([
      'waiting   127.0.0.1:8104 refuses connections · 3 calls failed in 17 s, next in 8 s, gives up in 43 s · rows 118/200 · calls 540/800',
      'waiting   127.0.0.1:8104 refuses connections · 3 calls failed in 17 s, next in 8 s, gives up in 43 s',
      'waiting   127.0.0.1:8104 refuses connections · gives up in 43 s',
      'waiting   127.0.0.1:8104 refuses connections · gives up in 43 s',
    ]);
    const watched = { ...SNAPSHOT, waitedFor: [waited] };
    expect(describeProgress(watched, place({ calls: null }))[2]).toBe(
      'waiting   127.0.0.1:8104 refuses connections · gives up in 43 s',
    );
    expect(describeSnapshot(watched)[0]).toBe(
      'waiting   127.0.0.1:8104 refuses connections · 3 calls failed in 17 s, next in 8 s, gives up in 43 s · rows 118 · 532 calls',
    );
    const busy = {
      ...waited,
      why: '127.0.0.1:8104 answered 503: the model is overloaded, try later',
      nextInMs: 0,
      givesUpInMs: 583_000,
    };
    expect(describeProgress(SNAPSHOT, place({ calls: { ...calls, waitedFor: [busy] } }))[1]).toBe(
      'waiting   127.0.0.1:8104 answered 503: the model is overloaded, try later · 3 calls failed in 17 s, next is under way, gives up in 9 min 43 s',
    );
    const last = { ...waited, nextInMs: 32_000, givesUpInMs: 24_000 };
    expect(describeProgress(SNAPSHOT, place({ calls: { ...calls, waitedFor: [last] } }))[1]).toBe(
      'waiting   127.0.0.1:8104 refuses connections · 3 calls failed in 17 s, gives up in 24 s',
    );
    const first = { ...waited, tries: 1 };
    expect(describeProgress(SNAPSHOT, place({ calls: { ...calls, waitedFor: [first] } }))[0]).toMatch(
      /^rows/,
    );
  });
});
