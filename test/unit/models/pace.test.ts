// How near a limiter comes to what an endpoint takes: calls in simulated time, against endpoints that serve so many at
// once and reject the others at once. The bounds are those of DESIGN §11.

import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/activities/backoff.ts';
import type { WaitError } from '../../../src/columns/calls.ts';
import { ModelError } from '../../../src/errors.ts';
import { Limiter } from '../../../src/models/limiter.ts';

const LATENCY_MS = 200;
const REJECTION_MS = 20;

interface Pace {
  readonly ms: number;
  readonly rejected: number;
  /** When each call was answered, in milliseconds. */
  readonly answeredAt: readonly number[];
}

interface Endpoint {
  readonly max: number;
  /** How many the endpoint serves at a time, by the milliseconds since the start. */
  readonly serves: (ms: number) => number;
  readonly retryAfterMs?: number | null;
  /** Calls that it takes in each whole minute; the others are told when the next one begins. */
  readonly perMinute?: number;
  readonly latencyMs?: number;
}

/** Makes `calls`, or as many as there is time for. */
async function pace(
  { max, serves, perMinute = Number.POSITIVE_INFINITY, latencyMs = LATENCY_MS, ...endpoint }: Endpoint,
  calls: number,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<Pace> {
  let now = 0;
  const due: { at: number; happen: () => void }[] = [];
  const after = (ms: number, happen: () => void) => void due.push({ at: now + ms, happen });
  const limiter = new Limiter({
    ...{ max, skipProbe: true, now: () => now, random: () => 0 },
    schedule: (wake, ms) => {
      after(ms, wake);
      return () => undefined;
    },
  });
  const wait = (ms: number) => new Promise<void>((resolve) => after(ms, resolve));
  let served = 0;
  let rejected = 0;
  const taken = new Map<number, number>();
  const answeredAt: number[] = [];
  const isTaken = () => {
    const minute = Math.floor(now / 60_000);
    const takenBefore = taken.get(minute) ?? 0;
    if (served >= serves(now) || takenBefore >= perMinute) return false;
    taken.set(minute, takenBefore + 1);
    return true;
  };
  const tryOnce = async (backoff: Backoff) => {
    const permit = await limiter.acquire(new AbortController().signal);
    if (isTaken()) {
      served += 1;
      await wait(latencyMs);
      served -= 1;
      answeredAt.push(now);
      permit.succeed();
      return true;
    }
    rejected += 1;
    await wait(REJECTION_MS);
    const restOfMinute = 60_000 - (now % 60_000);
    const retryAfterMs = Number.isFinite(perMinute) ? restOfMinute : (endpoint.retryAfterMs ?? null);
    const error = new ModelError('busy', { failure: 'busy', retryAfterMs });
    permit.fail(error);
    await wait(backoff.after(error));
    return false;
  };
  const make = async () => {
    for (let backoff = new Backoff(); ; ) {
      try {
        if (await tryOnce(backoff)) return;
      } catch (error) {
        // A slice gives up its place, and comes back after the time.
        await wait((error as WaitError | ModelError).retryAfterMs!);
        backoff = new Backoff();
      }
    }
  };
  const made = Array.from({ length: calls }, make);
  for (;;) {
    await new Promise(setImmediate);
    if (answeredAt.length === calls || now >= limitMs) break;
    now = Math.min(...due.map(({ at }) => at));
    for (const one of due.splice(0)) one.at <= now ? one.happen() : due.push(one);
  }
  if (limitMs === Number.POSITIVE_INFINITY) await Promise.all(made);
  return { ms: now, rejected, answeredAt };
}

describe('the pace of calls', () => {
  it.each([1_000, null])('finds 8 of a cap of 64 with Retry-After %s', async (retryAfterMs) => {
    const { ms, rejected } = await pace({ max: 64, serves: () => 8, retryAfterMs }, 800);
    expect(ms / ((800 / 8) * LATENCY_MS)).toBeLessThan(1.15);
    expect(rejected / (800 + rejected)).toBeLessThan(0.03);
  });

  it('takes nearly all of an endpoint that rejects nothing', async () => {
    const { ms, rejected } = await pace({ max: 64, serves: () => 1_000 }, 2_000);
    expect(ms / ((2_000 / 64) * LATENCY_MS)).toBeLessThan(1.15);
    expect(rejected).toBe(0);
  });

  it('follows an endpoint that serves 8, then 32, then 4, within 30 s', async () => {
    const serves = (ms: number) => (ms < 20_000 ? 8 : ms < 60_000 ? 32 : 4);
    const { answeredAt, rejected } = await pace({ max: 64, serves, retryAfterMs: 1_000 }, 20_000, 100_000);
    const perSecond = (fromMs: number, toMs: number) =>
      answeredAt.filter((at) => fromMs <= at && at < toMs).length / ((toMs - fromMs) / 1_000);
    expect(perSecond(50_000, 60_000)).toBeGreaterThan(0.9 * 160);
    expect(perSecond(90_000, 100_000)).toBeGreaterThan(0.9 * 20);
    expect(rejected / (answeredAt.length + rejected)).toBeLessThan(0.03);
  });

  it('uses each minute of an endpoint that takes 600 calls in one', async () => {
    const endpoint = { max: 64, serves: () => 1_000, perMinute: 600, latencyMs: 5_000 };
    const { answeredAt } = await pace(endpoint, 5_000, 480_000);
    const later = answeredAt.filter((at) => at >= 120_000).length;
    expect(later / (6 * 600)).toBeGreaterThan(0.9);
  });
});
