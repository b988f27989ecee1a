import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPlainRow } from '../../../src/seeds/plain-json.ts';
import { lineOf } from '../../../src/seeds/row-blocks.ts';
import { TypeObserver } from '../../../src/seeds/seed-types.ts';
import { parseJson, type Value, type ValueObject } from '../../../src/values.ts';

describe('rows of JSON that need no exact parser', () => {
  it.each([
    '{"a": 12.0}',
    '{"a": 1e3}',
    '{"a": [1, -2.00]}',
    '{"a": 9007199254740993}',
    '{"a": 0.99999999999999999}',
    '{"a": 1, "a": 2}',
    '{"a": {"b": 1, "b": 1}}',
    '{"a" :1,"a":2}',
    '{"a"\n: 1}',
    String.raw`{"a\\": 1, "b": 1, "b": 2}`,
    '{"__proto__": 1}',
    `{"a": ${'['.repeat(300)}${']'.repeat(300)}}`,
    '{"a": NaN}',
    '[1]',
    '7',
    '{"a"',
  ])('are not those that it would change or refuse: %s', (text) => {
    expect(findPlainRow(text)).toBeUndefined();
  });

  it('are those with numbers in their texts, quotes, and names in any order', () => {
    for (const text of [
      String.raw`{"z": "say \"a\": 1", "b": 12, "a": [0.5, -3, {"c": null}], "10": true, "2": ""}`,
      '{"a": "on 1.0 and 2e5", "b": -0}',
      '{"a": 3.0501, "b": 123456789012345}',
    ])
      expect(findPlainRow(text)).toBeDefined();
  });

  it('become the same lines and types as by the exact parser, or are left to it', () => {
    const number = fc.oneof(
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,18})?([eE][+-]?\d{1,2})?$/),
    );
    const text = fc
      .oneof(fc.string(), fc.constantFrom('": ', '\\', '1.0', ': 12.0,', '"'))
      .map((s) => JSON.stringify(s));
    const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        number,
        text,
        fc.constantFrom('null', 'true', '[]', '{}'),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
        tie('object'),
      ),
      object: fc
        .array(fc.tuple(fc.oneof(fc.constantFrom('"a"', '"b"', '"1"'), text), tie('value')), { maxLength: 4 })
        .map((fields) => `{${fields.map(([name, item]) => `${name}: ${item}`).join(', ')}}`),
    }));
    const field = fc.tuple(
      fc.constantFrom('"b"', '"a"', '"é"', '"7"'),
      value,
      fc.constantFrom(':', ': ', ' :', '\t: '),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 4 }), (fields) => {
        const json = `{${fields.map(([name, item, colon]) => name + colon + item).join(',')}}`;
        const plain = findPlainRow(json);
        if (plain === undefined) return;
        const exact = parseJson(json);
        const [isPlain, isExact] = [{ isPlain: true }, { isPlain: false }];
        expect(lineOf(plain, isPlain).toString()).toBe(lineOf(exact as ValueObject, isExact).toString());
        const [one, other] = [new TypeObserver(), new TypeObserver()];
        one.observe(plain, isPlain);
        other.observe(exact as Value, isExact);
        expect(one.typeOf('json')).toEqual(other.typeOf('json'));
      }),
      { numRuns: 2_000 },
    );
  });
});
