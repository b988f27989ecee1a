import { describe, expect, it } from 'vitest';
import { ownIdentity, ownPlace } from '../../../src/server/processes.ts';
import type { EpochRecord } from '../../../src/store/dataset-store.ts';
import { livenessBy, livenessOf } from '../../../src/store/liveness.ts';
import { startOf } from '../store/support.ts';

const HERE = { host: 'app', machine: 'boot1/100' };
const REBOOTED = { host: 'app', machine: 'boot0/100' };
const OTHER_CONTAINER = { host: 'app', machine: 'boot1/101' };
const OTHER_MACHINE = { host: 'other', machine: 'boot2/100' };

function start(change: Partial<EpochRecord> = {}): EpochRecord {
  return { ...startOf(HERE), v: 2, epoch: 1, endedAt: null, ...change };
}

describe('a start as this machine knows it', () => {
  it('lives or not where its process is looked for', () => {
    const own = ownPlace();
    const { pid, start: processStart } = ownIdentity();
    expect(livenessOf(start({ ...own, pid, processStart }))).toBe(true);
    expect(livenessOf(start({ ...own, pid, processStart, endedAt: 2 }))).toBe(false);
    expect(livenessOf(start({ ...own, pid, processStart: 'another' }))).toBe(false);
    expect(livenessOf(start({ ...own, pid, processStart: null }))).toBe(false);
  });

  it('is dead after a reboot when its server was of that machine, else its server is asked', () => {
    expect(livenessOf(start(REBOOTED), HERE)).toBe(false);
    // Another machine of the same name could be at work.
    expect(livenessOf(start({ ...REBOOTED, isEmbedded: false }), HERE)).toBeUndefined();
  });

  it.each([OTHER_CONTAINER, OTHER_MACHINE])('is not known of %j', (place) => {
    expect(livenessOf(start(place), HERE)).toBeUndefined();
    expect(livenessOf(start({ ...place, isEmbedded: false }), HERE)).toBeUndefined();
  });

  it('is not known without a process', () => {
    expect(livenessOf(start({ kind: 'start' }), HERE)).toBeUndefined();
  });
});

describe('a start by what its server says', () => {
  it('of a named server: what it says, and nothing without an answer', () => {
    for (const place of [HERE, REBOOTED, OTHER_CONTAINER, OTHER_MACHINE]) {
      const named = start({ ...place, isEmbedded: false });
      const verdicts = [true, false, undefined].map((answer) => livenessBy(answer, named, HERE));
      expect(verdicts).toEqual([true, false, undefined]);
    }
  });

  it('of an embedded one of this machine: dead without an answer, after a reboot too', () => {
    for (const place of [HERE, REBOOTED]) {
      const verdicts = [true, false, undefined].map((answer) =>
        livenessBy(answer, start({ ...place, kind: 'start' }), HERE),
      );
      expect(verdicts).toEqual([true, false, false]);
    }
  });

  it('of an embedded one of another container or machine: only a yes counts', () => {
    for (const place of [OTHER_CONTAINER, OTHER_MACHINE]) {
      const verdicts = [true, false, undefined].map((answer) => livenessBy(answer, start(place), HERE));
      expect(verdicts).toEqual([true, undefined, undefined]);
    }
  });
});
