import { describe, expect, it } from 'vitest';
import { Company } from '../../src/activities/company.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;
const open = (): boolean => true;

/** A company in which names come and go; who is in it stands in `inside`. */
function companyOf() {
  const company = new Company();
  const inside: string[] = [];
  const enter = async (
    name: string,
    { isAlone = false, headStartMs = 0, mayStart = open, signal = never } = {},
  ) => {
    company.enter({ name, isAlone, headStartMs, mayStart }, signal).then(
      () => inside.push(name),
      () => undefined,
    );
    await settled();
  };
  const leave = async (name: string) => {
    inside.splice(inside.indexOf(name), 1);
    company.leave();
    await settled();
  };
  return { company, inside, enter, leave };
}

async function settled(): Promise<void> {
  await new Promise(setImmediate);
}

const alone = { isAlone: true };

describe('a company', () => {
  it('takes in all who come, but one who is to be alone when the others have left', async () => {
    const { inside, enter, leave } = companyOf();
    await enter('a');
    await enter('b');
    await enter('loner', alone);
    expect(inside).toEqual(['a', 'b']);
    await leave('a');
    expect(inside).toEqual(['b']);
    await leave('b');
    expect(inside).toEqual(['loner']);
  });

  it('lets all others who wait in between two loners', async () => {
    const { inside, enter, leave } = companyOf();
    await enter('a');
    await enter('first loner', alone);
    await enter('second loner', alone);
    await enter('b');
    await enter('third loner', alone);
    await enter('c');
    const seen: string[] = [];
    while (inside.length > 0) {
      seen.push(inside.join(' and '));
      for (const name of [...inside]) await leave(name);
    }
    expect(seen).toEqual(['a', 'first loner', 'b and c', 'second loner', 'third loner']);
  });

  it('goes on without one who gave up waiting', async () => {
    const { inside, enter } = companyOf();
    const giveUp = new AbortController();
    await enter('a');
    await enter('loner', { isAlone: true, signal: giveUp.signal });
    await enter('b');
    expect(inside).toEqual(['a']);
    giveUp.abort();
    await settled();
    expect(inside).toEqual(['a', 'b']);
    await enter('late', { signal: giveUp.signal });
    expect(inside).toEqual(['a', 'b']);
  });

  it('has those wait outside whose gate is shut, and counts them as there', async () => {
    const { company, inside, enter } = companyOf();
    let isOpen = false;
    const shut = { mayStart: () => isOpen };
    const loner = { name: 'loner', isAlone: true, headStartMs: 0, mayStart: open };
    await enter('a', shut);
    await enter('other loner', { ...alone, ...shut });
    await enter('b');
    expect(inside).toEqual(['b']);
    company.leave();
    await enter('loner', alone);
    expect(inside).toEqual(['b', 'loner']);
    expect(company.hasProof(loner)).toBe(false);
    company.leave();
    isOpen = true;
    await until(() => inside.length === 3);
    expect(inside).toEqual(['b', 'loner', 'a']);
  });

  it('lets a loner go first who was there less often, until another cell was answered', async () => {
    const { company, inside, enter, leave } = companyOf();
    await enter('often', { isAlone: true, headStartMs: 60_000 });
    await enter('once', alone);
    expect(inside).toEqual(['once']);
    company.answered('once');
    await leave('once');
    await until(() => inside.length > 0);
    expect(inside).toEqual(['often']);
  });

  it('has proof for a cell when another one was answered, or none other is there', async () => {
    const { company, enter, leave } = companyOf();
    const guest = { name: 'a', isAlone: true, headStartMs: 0, mayStart: open };
    await enter('a', alone);
    expect(company.hasProof(guest)).toBe(true);
    await enter('b', { isAlone: true, headStartMs: 60_000 });
    company.answered('a');
    expect(company.hasProof(guest)).toBe(false);
    company.answered('c');
    expect(company.hasProof(guest)).toBe(true);
    await leave('a');
    expect(company.hasProof({ ...guest, name: 'c' })).toBe(true);
  });
});
