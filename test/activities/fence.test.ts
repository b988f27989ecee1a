import { describe, expect, it } from 'vitest';
import { Fence } from '../../src/activities/fence.ts';

/** A fence over answers that a test gives, and how often they were asked for. */
function fenceOver(answers: readonly (boolean | Error)[]) {
  const seen = { looks: 0, fenced: 0 };
  const fence = new Fence(
    async () => {
      const answer = answers[seen.looks++];
      if (answer instanceof Error) throw answer;
      return answer === true;
    },
    {
      onFenced: () => {
        seen.fenced += 1;
      },
    },
  );
  return { fence, seen };
}

const nextTurn = () => new Promise(setImmediate);

describe('a fence', () => {
  it('looks once for all who ask in one turn of the event loop, and anew in the next', async () => {
    const { fence, seen } = fenceOver([false, true]);
    expect(await Promise.all([fence.look(), fence.look(), fence.look()])).toEqual([false, false, false]);
    expect(seen.looks).toBe(1);
    await nextTurn();
    expect(fence.isFenced).toBe(false);
    expect(await fence.look()).toBe(true);
    expect(seen.looks).toBe(2);
  });

  it('stays shut, tells so once, and looks no more', async () => {
    const { fence, seen } = fenceOver([true]);
    for (const _ of [1, 2, 3]) {
      expect(await fence.look()).toBe(true);
      await nextTurn();
    }
    expect(fence.isFenced).toBe(true);
    expect(seen).toEqual({ looks: 1, fenced: 1 });
  });

  it('says nothing of what it could not see, and looks again', async () => {
    const { fence, seen } = fenceOver([new Error('no disk'), false]);
    await expect(fence.look()).rejects.toThrow('no disk');
    await nextTurn();
    expect(await fence.look()).toBe(false);
    expect(seen).toEqual({ looks: 2, fenced: 0 });
  });
});
