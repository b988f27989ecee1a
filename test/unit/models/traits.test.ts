import { describe, expect, it } from 'vitest';
import { MAX_REFUSALS, ModelTraits } from '../../../src/models/traits.ts';

const traitsOf = (isProved = false) => new ModelTraits({ hasAnswered: () => isProved });

/** Starts calls of a column and refuses each in turn. The numbers of those that were taken for a refusal of all cells. */
function refuseInTurn(traits: ModelTraits, count: number, column = 'a'): readonly number[] {
  const calls = Array.from({ length: count }, () => traits.startCall(column));
  return calls.flatMap((call, index) => (call.refused() ? [index + 1] : []));
}

describe('a refusal', () => {
  it('of the first call, which goes alone, is about all cells', () => {
    expect(traitsOf().startCall('a').refused()).toBe(true);
  });

  it('after an answer is about its cell, also when an earlier build had the answer', () => {
    const traits = traitsOf();
    traits.startCall('a').answered();
    expect(traits.startCall('a').refused()).toBe(false);
    expect(traitsOf(true).startCall('a').refused()).toBe(false);
  });

  it('of a first call beside others is about its cell: they may be answered', () => {
    const traits = traitsOf();
    const [first, second] = [traits.startCall('a'), traits.startCall('a')];
    expect(first.refused()).toBe(false);
    expect(second.refused()).toBe(true);
  });

  it('is about all cells once so many in a row were refused', () => {
    expect(refuseInTurn(traitsOf(true), MAX_REFUSALS + 1)).toEqual([MAX_REFUSALS, MAX_REFUSALS + 1]);
  });

  it('is in a row by the start of its call: answers take longer to come', () => {
    const traits = traitsOf(true);
    const calls = Array.from({ length: 4 * MAX_REFUSALS }, () => traits.startCall('a'));
    const refusedOnes = calls.filter((_, index) => index % 4 === 0);
    expect(refusedOnes.map((call) => call.refused())).not.toContain(true);
    for (const call of calls) if (!refusedOnes.includes(call)) call.answered();
    expect(refuseInTurn(traits, MAX_REFUSALS - 1)).toEqual([]);
  });

  it('does not end a row when it says nothing about other cells', () => {
    const traits = traitsOf(true);
    for (let index = 1; index < MAX_REFUSALS; index += 1) {
      expect(traits.startCall('a').refused()).toBe(false);
      traits.startCall('a').passed();
    }
    expect(traits.startCall('a').refused()).toBe(true);
  });

  it('is in a row with those of its column, though another column of the model is answered', () => {
    const traits = traitsOf(true);
    for (let index = 1; index < MAX_REFUSALS; index += 1) {
      traits.startCall('b').answered();
      expect(traits.startCall('a').refused()).toBe(false);
    }
    traits.startCall('b').answered();
    expect(traits.startCall('a').refused()).toBe(true);
  });

  it('is in a row with those of all columns together', () => {
    const traits = traitsOf(true);
    const half = MAX_REFUSALS / 2;
    expect([...refuseInTurn(traits, half, 'a'), ...refuseInTurn(traits, half, 'b')]).toEqual([half]);
  });

  it('is judged after any number of calls', () => {
    const traits = traitsOf(true);
    for (let index = 0; index < 10_000; index += 1) traits.startCall('a').answered();
    expect(refuseInTurn(traits, MAX_REFUSALS)).toEqual([MAX_REFUSALS]);
  });
});

describe('a schema', () => {
  it('that was refused is sent with no column of the model any more', () => {
    const traits = traitsOf();
    expect(traits.sendsSchema('a')).toBe(true);
    traits.learnSchema('a', false);
    expect([traits.sendsSchema('a'), traits.sendsSchema('b')]).toEqual([false, false]);
  });

  it('of one column that was refused says nothing of others once one was taken', () => {
    const traits = traitsOf();
    traits.learnSchema('a', true);
    traits.learnSchema('b', false);
    expect(['a', 'b', 'c'].map((column) => traits.sendsSchema(column))).toEqual([true, false, true]);
  });

  it('that was taken once is not what later refusals are about', () => {
    const traits = traitsOf();
    expect(traits.mayRefuseSchema('a')).toBe(true);
    traits.learnSchema('a', true);
    expect([traits.mayRefuseSchema('a'), traits.mayRefuseSchema('b')]).toEqual([false, true]);
  });
});
