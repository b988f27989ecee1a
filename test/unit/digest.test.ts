import { describe, expect, it } from 'vitest';
import { canonicalJson, digestOf } from '../../src/digest.ts';

describe('a digest', () => {
  it('is the same for keys in any order', () => {
    expect(digestOf({ a: 1n, b: { d: [1n], c: null } })).toBe(digestOf({ b: { c: null, d: [1n] }, a: 1n }));
  });

  it('tells a whole number from a float and from text', () => {
    const digests = [{ a: 12n }, { a: 12 }, { a: '12' }, { a: [12n] }].map(digestOf);
    expect(new Set(digests).size).toBe(4);
  });

  it('leaves out undefined fields, and only those', () => {
    expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}');
  });

  it('keeps every digit of large whole numbers', () => {
    expect(canonicalJson([9007199254740993n, 12, -0, 1e21, 0.1])).toBe(
      '[9007199254740993,12.0,-0.0,1e+21,0.1]',
    );
  });

  it('is 32 hex digits', () => {
    expect(digestOf('tickets')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('refuses what is no plain data', () => {
    expect(() => digestOf([undefined])).toThrow(TypeError);
    expect(() => digestOf({ a: () => 1 })).toThrow(TypeError);
    expect(() => digestOf(Number.NaN)).toThrow(RangeError);
  });
});
