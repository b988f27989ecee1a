import { describe, expect, it } from 'vitest';
import { formatJson, fromPlain, parseJson, toPlain, type ValueObject } from '../../src/values.ts';

describe('the key __proto__', () => {
  const text = '{"__proto__":{"admin":true},"a":[{"__proto__":null}],"constructor":{"prototype":1}}';

  it('is a key like others', () => {
    const value = parseJson(text) as ValueObject;
    expect(Object.keys(value)).toEqual(['__proto__', 'a', 'constructor']);
    expect(formatJson(value)).toBe(text);
    expect(formatJson(fromPlain(JSON.parse(text)))).toBe(text);
    expect(JSON.stringify(toPlain(value))).toBe(text);
  });

  it('changes the prototype of nothing', () => {
    for (const value of [parseJson(text), fromPlain(JSON.parse(text)), toPlain(parseJson(text))]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
    expect('admin' in {}).toBe(false);
  });
});

describe('JSON text', () => {
  const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;

  it('is read up to 200 levels, and refused beyond without running out of stack', () => {
    expect(formatJson(parseJson(nested(200)))).toBe(nested(200));
    for (const levels of [202, 1_000_000]) {
      expect(() => parseJson(nested(levels))).toThrow(
        new SyntaxError('Cannot read the text: it is nested more than 200 levels deep'),
      );
    }
  });

  it('has no levels in its texts', () => {
    const value = { a: `"\\${'['.repeat(500)}`, b: `${'{'.repeat(500)}\\"` };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });
});
