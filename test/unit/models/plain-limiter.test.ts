import { describe, expect, it } from 'vitest';
import { cancelled } from '../../../src/models/failures.ts';
import { Limiters } from '../../../src/models/limiters.ts';
import type { Permit } from '../../../src/models/waiting-line.ts';

const never = new AbortController().signal;

function callsOf(limiters: Limiters, { key, cap }: { readonly key: string; readonly cap: number }) {
  const limiter = limiters.plain(key, cap);
  const permits: Permit[] = [];
  const refused: string[] = [];
  return {
    ...{ limiter, permits, refused },
    async ask(count: number, signal = never, mayStart = () => true) {
      for (let call = 0; call < count; call += 1)
        limiter.acquire(signal, { mayStart }).then(
          (permit) => permits.push(permit),
          ({ failure }) => refused.push(failure),
        );
      await new Promise(setImmediate);
    },
  };
}

describe('a limiter of what is no model', () => {
  it('lets so many calls run at once, whoever asks in the process', async () => {
    const limiters = new Limiters();
    const one = callsOf(limiters, { key: 'threads cpu', cap: 2 });
    const other = callsOf(limiters, { key: 'threads cpu', cap: 2 });
    const elsewhere = callsOf(limiters, { key: 'host checks.example.com', cap: 1 });
    await one.ask(2);
    await other.ask(1);
    await elsewhere.ask(1);
    expect([one, other, elsewhere].map(({ permits }) => permits.length)).toEqual([2, 0, 1]);
    one.permits[0]!.succeed();
    await other.ask(0);
    expect(other.permits).toHaveLength(1);
    expect(other.limiter.answered).toBe(1);
  });

  it('follows the cap that was asked for last', async () => {
    const limiters = new Limiters();
    const { ask, permits } = callsOf(limiters, { key: 'a', cap: 1 });
    await ask(3);
    limiters.plain('a', 2);
    await ask(0);
    expect(permits).toHaveLength(2);
  });

  it('sends away who leaves, and who may not start any more', async () => {
    const { ask, permits, refused } = callsOf(new Limiters(), { key: 'a', cap: 1 });
    const leaving = new AbortController();
    let isOpen = true;
    await ask(1);
    await ask(1, leaving.signal);
    await ask(1, never, () => isOpen);
    await ask(1);
    leaving.abort();
    isOpen = false;
    await ask(1, leaving.signal);
    expect(refused).toEqual(['cancelled', 'cancelled']);
    permits[0]!.succeed();
    await ask(0);
    expect(refused).toHaveLength(3);
    expect(permits).toHaveLength(2);
  });
});

it('counts among the answered calls of its process', async () => {
  const limiters = new Limiters();
  const limiter = limiters.plain('tools:kb', 2);
  const [answered, failed] = await Promise.all([limiter.acquire(never), limiter.acquire(never)]);
  answered.succeed();
  failed.fail(cancelled());
  expect(limiters.answered).toBe(1);
});
