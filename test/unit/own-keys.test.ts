import { describe, expect, it } from 'vitest';
import { findOwn, setOwn } from '../../src/own-keys.ts';

/** What every object inherits, and what assigning to it would not store. */
const INHERITED = [...Object.getOwnPropertyNames(Object.prototype)];

describe('an object whose keys people choose', () => {
  it.each(INHERITED)('has nothing under %s that was not put there', (name) => {
    expect(findOwn({}, name)).toBeUndefined();
    expect(findOwn(undefined, name)).toBeUndefined();
  });

  it.each(INHERITED)('keeps what is put under %s, through JSON too', (name) => {
    const object: Record<string, number> = {};
    setOwn(object, name, 7);
    setOwn(object, name, 8);
    const sent = JSON.parse(JSON.stringify(object)) as typeof object;
    expect([findOwn(object, name), findOwn(sent, name), Object.keys({ ...sent })]).toEqual([8, 8, [name]]);
  });
});
