import { describe, expect, it } from 'vitest';
import { type FailureClass, ModelError } from '../../../src/errors.ts';
import { Limiter, type LimiterOptions } from '../../../src/models/limiter.ts';
import type { Asker, Permit } from '../../../src/models/waiting-line.ts';

const never = new AbortController().signal;
const anybody: Asker = { mayStart: () => true };

/** A limiter under a clock that tests move. */
function limiterOf(options: Partial<LimiterOptions> = {}) {
  let time = 0;
  const timers = new Set<{ readonly at: number; readonly wake: () => void }>();
  const limiter = new Limiter({
    max: 4,
    skipProbe: true,
    now: () => time,
    random: () => 0,
    schedule: (wake, ms) => {
      const timer = { at: time + ms, wake };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    ...options,
  });
  const granted: Permit[] = [];
  const rejected: ModelError[] = [];
  return {
    limiter,
    granted,
    rejected,
    /** Asks for `count` permits. */
    async ask(count = 1, signal = never, asker: Asker = anybody) {
      for (let index = 0; index < count; index += 1) {
        limiter.acquire(signal, asker).then(
          (permit) => granted.push(permit),
          (error) => rejected.push(error),
        );
      }
      await settled();
    },
    /** Ends the oldest call that still runs. */
    async succeed(count = 1) {
      for (let index = 0; index < count; index += 1) granted.shift()!.succeed();
      await settled();
    },
    async fail(failure: FailureClass, retryAfterMs: number | null = null) {
      granted.shift()!.fail(new ModelError(`made to be ${failure}`, { failure, retryAfterMs }));
      await settled();
    },
    async pass(ms: number) {
      time += ms;
      for (const timer of [...timers].filter(({ at }) => at <= time)) {
        timers.delete(timer);
        timer.wake();
      }
      await settled();
    },
  };
}

async function settled(): Promise<void> {
  await new Promise(setImmediate);
}

describe('Limiter', () => {
  it('lets as many calls start as the cap says, and the next when one ends', async () => {
    const { limiter, granted, ask, succeed } = limiterOf({ max: 2 });
    await ask(3);
    expect(granted).toHaveLength(2);
    expect(limiter.stats()).toMatchObject({ inFlight: 2, waiting: 1 });
    await succeed();
    expect(granted).toHaveLength(2);
    expect(limiter.stats()).toMatchObject({ inFlight: 2, waiting: 0, answered: 1 });
  });

  it('serves waiters in the order they came', async () => {
    const limiter = new Limiter({ max: 1, skipProbe: true });
    const order: number[] = [];
    const calls = Array.from({ length: 300 }, async (_, index) => {
      const permit = await limiter.acquire(never);
      order.push(index);
      permit.succeed();
    });
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 300 }, (_, index) => index));
  });

  it('starts with one call alone until it is answered', async () => {
    const { granted, ask, succeed } = limiterOf({ skipProbe: false });
    await ask(5);
    expect(granted).toHaveLength(1);
    await succeed();
    expect(granted).toHaveLength(4);
  });

  it('rejects all who wait when the probe is denied', async () => {
    const { granted, rejected, ask, fail } = limiterOf({ skipProbe: false });
    await ask(5);
    await fail('denied');
    expect(granted).toHaveLength(0);
    expect(rejected.map(({ failure }) => failure)).toEqual(['denied', 'denied', 'denied', 'denied']);
  });

  it('lets nobody call any more once a call was denied', async () => {
    const { granted, rejected, ask, fail } = limiterOf();
    await ask(2);
    await fail('denied');
    await ask();
    expect(granted).toHaveLength(1);
    expect(rejected.map(({ failure }) => failure)).toEqual(['denied']);
  });

  it('lets other builds find out for themselves what one was denied', async () => {
    const { granted, rejected, ask, succeed, fail } = limiterOf();
    const [denied, other] = [{ ...anybody }, { ...anybody }];
    await ask(4, never, denied);
    await ask(2, never, denied);
    await ask(1, never, other);
    await fail('denied');
    expect(rejected.map(({ failure }) => failure)).toEqual(['denied', 'denied']);
    expect(granted).toHaveLength(4);
    await ask(1, never, denied);
    expect(rejected).toHaveLength(3);
    await succeed(4);
    await ask(1, never, other);
    expect(granted).toHaveLength(1);
  });

  it('makes the next call the probe when the input of the first was refused', async () => {
    const { granted, ask, fail, succeed } = limiterOf({ skipProbe: false });
    await ask(6);
    await fail('input');
    expect(granted).toHaveLength(1);
    await succeed();
    expect(granted).toHaveLength(4);
  });

  it('takes a refusal after an outage for a sign that the endpoint is there', async () => {
    const { granted, ask, fail, pass } = limiterOf();
    for (let index = 0; index < 8; index += 1) {
      await ask();
      await fail('unavailable');
    }
    await ask(4);
    await pass(1_000);
    expect(granted).toHaveLength(1);
    await fail('rejected');
    expect(granted).toHaveLength(3);
  });

  it('tells how many calls had no answer since the last one that had, and when the next may start', async () => {
    const { limiter, ask, fail } = limiterOf({ skipProbe: false });
    await ask(3);
    await fail('unavailable');
    expect(limiter.stats()).toMatchObject({ unanswered: 1, nextInMs: 1_000 });
    const open = limiterOf();
    await open.ask(2);
    await open.fail('unavailable');
    await open.succeed();
    expect(open.limiter.stats()).toMatchObject({ unanswered: 0, nextInMs: 0 });
  });

  it('takes for its limit what is in flight still after a 429, and goes on with it at once', async () => {
    const { limiter, granted, ask, fail, succeed } = limiterOf({ max: 16 });
    await ask(20);
    for (let index = 0; index < 10; index += 1) await fail('busy', 5_000);
    expect(limiter.stats()).toMatchObject({ limit: 6, inFlight: 6, nextInMs: 0 });
    expect(granted).toHaveLength(6);
    await succeed();
    expect(granted).toHaveLength(6);
  });

  it('never cuts the limit below one', async () => {
    const { limiter, ask, fail, pass } = limiterOf({ max: 2 });
    for (let index = 0; index < 5; index += 1) {
      await ask(1);
      await fail('busy');
      await pass(2_000);
    }
    expect(limiter.stats().limit).toBe(1);
  });

  it('pauses where nobody is taken, for as long as the endpoint asks, else for two seconds', async () => {
    const { granted, ask, fail, pass } = limiterOf();
    await ask(1);
    await fail('busy', 5_000);
    await ask(1);
    await pass(4_999);
    expect(granted).toHaveLength(0);
    await pass(1);
    expect(granted).toHaveLength(1);
    await fail('busy');
    await ask(1);
    await pass(1_999);
    expect(granted).toHaveLength(0);
    await pass(1);
    expect(granted).toHaveLength(1);
  });

  it('adds up to a quarter to a pause, so that not all wake at once', async () => {
    const { granted, ask, fail, pass } = limiterOf({ random: () => 1 });
    await ask(1);
    await fail('busy', 4_000);
    await ask(1);
    await pass(4_999);
    expect(granted).toHaveLength(0);
    await pass(1);
    expect(granted).toHaveLength(1);
  });

  it('asks for one more after answers at full use, then for twice as much a round, up to the cap', async () => {
    const { limiter, ask, succeed, fail } = limiterOf({ max: 9 });
    await ask(9);
    for (let index = 0; index < 5; index += 1) await fail('busy');
    const answers = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        await ask(1);
        await succeed();
      }
      return limiter.stats().limit;
    };
    expect(await answers(19)).toBe(4);
    expect(await answers(1)).toBe(5);
    await ask(1);
    expect(await answers(5)).toBe(7);
    await ask(2);
    expect(await answers(7)).toBe(9);
  });

  it('learns nothing from answers while fewer are in flight than it lets', async () => {
    const { limiter, ask, succeed, fail } = limiterOf({ max: 9 });
    await ask(9);
    for (let index = 0; index < 5; index += 1) await fail('busy');
    await succeed(4);
    for (let index = 0; index < 100; index += 1) {
      await ask(3);
      await succeed(3);
    }
    expect(limiter.stats().limit).toBe(4);
  });

  it('starts with 16 and doubles each round as long as nothing is rejected', async () => {
    const { limiter, granted, ask, succeed } = limiterOf({ max: 100 });
    await ask(300);
    const limits = [granted.length];
    for (const round of [16, 32, 64]) {
      await succeed(round);
      limits.push(limiter.stats().limit);
    }
    expect([...limits, granted.length]).toEqual([16, 32, 64, 100, 100]);
  });

  it('does not stop for passing faults', async () => {
    const { granted, ask, fail, succeed } = limiterOf({ max: 1 });
    for (let index = 0; index < 20; index += 1) {
      await ask(2);
      expect(granted).toHaveLength(1);
      await fail('unavailable');
      await succeed();
    }
  });

  it('stops after eight calls in a row without an answer, and lets one try after a second', async () => {
    const { granted, ask, fail, succeed, pass } = limiterOf({ max: 8 });
    await ask(20);
    for (let index = 0; index < 8; index += 1) await fail('unavailable');
    const during = granted.length;
    for (let index = 0; index < during; index += 1) await fail('unavailable');
    expect(granted).toHaveLength(0);
    await pass(1_000);
    expect(granted).toHaveLength(1);
    await succeed();
    expect(granted.length).toBeGreaterThan(1);
  });

  it('doubles the pause with each probe that fails', async () => {
    const { granted, ask, fail, pass } = limiterOf({ skipProbe: false });
    await ask(10);
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000]) {
      await fail('unavailable');
      await pass(pauseMs - 1);
      expect(granted).toHaveLength(0);
      await pass(1);
      expect(granted).toHaveLength(1);
    }
  });

  it('ends an outage when a call that was under way is answered', async () => {
    const { granted, ask, fail, succeed } = limiterOf({ max: 10 });
    await ask(9);
    for (let index = 0; index < 8; index += 1) await fail('unavailable');
    await ask(3);
    expect(granted).toHaveLength(1);
    await succeed();
    expect(granted).toHaveLength(3);
  });

  it('turns waiters away once the model stays blocked for more than 30 s', async () => {
    const { granted, rejected, ask, fail, pass, limiter } = limiterOf();
    await ask(6);
    for (let index = 0; index < 4; index += 1) await fail('busy', 40_000);
    expect(rejected).toHaveLength(2);
    expect(rejected[0]).toMatchObject({ failure: 'busy', retryAfterMs: 40_000 });
    await pass(10_000);
    await ask(1);
    expect(rejected[2]).toMatchObject({ failure: 'busy', retryAfterMs: 30_000 });
    await pass(30_000);
    await ask(1);
    expect(rejected).toHaveLength(3);
    expect(granted).toHaveLength(1);
    expect(limiter.stats().waiting).toBe(0);
  });

  it('pauses between probes that are rejected, whatever hangs from before the outage', async () => {
    const { limiter, granted, ask, fail, pass } = limiterOf({ max: 12 });
    await ask(12);
    for (let index = 0; index < 8; index += 1) await fail('unavailable');
    await ask(3);
    await pass(1_000);
    granted.unshift(granted.pop()!);
    await fail('busy', 7_000);
    expect(limiter.stats().inFlight).toBe(4);
    await pass(6_999);
    expect(limiter.stats().inFlight).toBe(4);
    await pass(1);
    expect(limiter.stats().inFlight).toBe(5);
  });

  it('adds up the pauses of an outage: nobody waits through all of them', async () => {
    const { granted, rejected, ask, fail, pass } = limiterOf({ skipProbe: false });
    await ask(10);
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000]) {
      await fail('unavailable');
      await pass(pauseMs);
    }
    expect(granted).toHaveLength(1);
    expect(rejected).toHaveLength(0);
    await fail('unavailable');
    expect(rejected).toHaveLength(5);
    expect(rejected[0]).toMatchObject({ failure: 'unavailable', retryAfterMs: 16_000 });
  });

  it('sends away all who wait for a build whose gate is shut, and nobody else', async () => {
    let isOpen = true;
    const build = { mayStart: () => isOpen };
    const { limiter, granted, rejected, ask, succeed } = limiterOf({ max: 1 });
    await ask(3, never, build);
    await ask(1);
    isOpen = false;
    await succeed();
    expect(rejected.map(({ failure }) => failure)).toEqual(['cancelled', 'cancelled']);
    expect(granted).toHaveLength(1);
    await succeed();
    await ask(1, never, build);
    expect(granted).toHaveLength(0);
    expect(rejected).toHaveLength(3);
    isOpen = true;
    await ask(1, never, build);
    expect(granted).toHaveLength(1);
    expect(limiter.stats()).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  it('looks at once into an outage from before a time in which nobody asked', async () => {
    const { limiter, granted, ask, fail, pass } = limiterOf({ max: 8 });
    await ask(8);
    for (let call = 0; call < 8; call += 1) await fail('unavailable');
    await ask(2);
    expect(granted).toHaveLength(0);
    limiter.wakeUp();
    await ask(1);
    expect(granted).toHaveLength(1);
    expect(limiter.stats().silentSince).toBeNull();
    await fail('unavailable');
    await pass(999);
    expect(granted).toHaveLength(0);
    await pass(1);
    expect(granted).toHaveLength(1);
  });

  it('lets a waiter leave without holding up the others', async () => {
    const { limiter, granted, rejected, ask, succeed } = limiterOf({ max: 1 });
    const leaving = new AbortController();
    await ask(1);
    await ask(2, leaving.signal);
    await ask(1);
    leaving.abort();
    await ask(0);
    expect(rejected.map(({ failure }) => failure)).toEqual(['cancelled', 'cancelled']);
    expect(limiter.stats().waiting).toBe(1);
    await succeed();
    expect(granted).toHaveLength(1);
    expect(limiter.stats().waiting).toBe(0);
  });

  it('follows a change of the cap', async () => {
    const { limiter, granted, ask } = limiterOf({ max: 2 });
    await ask(6);
    limiter.setMax(5);
    await ask(0);
    expect(granted).toHaveLength(5);
    limiter.setMax(1);
    expect(limiter.stats()).toMatchObject({ limit: 1, max: 1, inFlight: 5, waiting: 1 });
  });

  it('tells since when nothing was accepted', async () => {
    const { limiter, ask, fail, succeed, pass } = limiterOf();
    await ask(3);
    expect(limiter.stats().silentSince).toBeNull();
    await pass(10);
    await fail('unavailable');
    await pass(10);
    await fail('busy');
    expect(limiter.stats().silentSince).toBe(10);
    await succeed();
    expect(limiter.stats().silentSince).toBeNull();
  });

  it('costs the same for a permit however many wait', async () => {
    const cpuOf = async (waiting: number) => {
      const limiter = new Limiter({ max: 8, skipProbe: true });
      const before = process.cpuUsage();
      const calls = Array.from({ length: waiting }, async () => {
        (await limiter.acquire(new AbortController().signal)).succeed();
      });
      await Promise.all(calls);
      return process.cpuUsage(before).user / waiting;
    };
    await cpuOf(2_000);
    const few = await cpuOf(2_000);
    expect(await cpuOf(20_000)).toBeLessThan(few * 10);
  });
});
