import { describe, expect, it } from 'vitest';
import { decimalPlacesOf, fromDraft4, patternOf } from '../../../src/schemas/dialect.ts';

describe('patternOf', () => {
  it.each([
    [String.raw`^\d{3}\-\d{4}$`, ['555-1234'], ['5551234']],
    [String.raw`^[^\@]+\@x$`, ['a@x'], ['a@@x']],
    [String.raw`^[a-z\_]+$`, ['a_b'], ['a-b']],
    [String.raw`^\#\d+$`, ['#12'], ['12']],
    [String.raw`^[\w\-\.\ ]+$`, ['a-b. c'], ['a/b']],
    [String.raw`^\<\w+\>\"\'\é$`, [`<b>"'é`], ['<b>']],
    ['^{a}]$', ['{a}]'], ['a']],
    ['^[]a]+$', [']a'], ['b']],
    ['^[^]a]+$', ['bc'], ['b]']],
    ['^[[:]x$', ['[x', ':x'], ['x']],
    ['^a{,2}$', ['', 'aa'], ['aaa']],
    ['^a{,}$', ['', 'aaa'], ['b']],
    ['(?i)^abc$', ['ABC'], ['abd']],
    ['(?is)^a.c$', ['A\nC'], ['ac']],
    [String.raw`^(?P<y>\d{2})-(?P=y)$`, ['12-12'], ['12-13']],
    [String.raw`\A\d+\Z`, ['12'], ['a12', '12\n']],
    [String.raw`(?m)\Aa$`, ['a\nb'], ['b\na']],
    ['^a(?#why)b$', ['ab'], ['b']],
    ['^.$', ['😀'], ['ab']],
    [String.raw`^\p{L}+$`, ['Zoë'], ['1']],
    [String.raw`\-.$`, ['-😀'], ['-']],
    [String.raw`^\w+$`, ['José', 'имя_1'], ['a b', '-']],
    [String.raw`^[\w\-']+$`, ["O'Šea-Łuk"], ['a b']],
    [String.raw`^\W$`, ['-'], ['é']],
    [String.raw`^\d{2}\D$`, ['٣4x'], ['123']],
    [String.raw`^é\b.\Bx$`, [], ['éx']],
    [String.raw`\bñu\b`, ['el ñu.'], ['ñuu', 'xñu']],
    [String.raw`(?a)^\w+$`, ['Jose'], ['José']],
  ])('reads %s as Python or JavaScript do', (source, matching, others) => {
    const pattern = patternOf(source);
    for (const text of matching) expect([text, pattern.test(text)]).toEqual([text, true]);
    for (const text of others) expect([text, pattern.test(text)]).toEqual([text, false]);
  });

  it.each(['(', 'a**', '[b-a]', String.raw`\y`])('says what JavaScript says of %s', (source) => {
    expect(() => patternOf(source)).toThrow(/^Invalid regular expression: [^;]+$/);
  });

  it.each(['(?x) a b', '(?>a)b', 'a++', '(a)(?(1)b|c)', String.raw`\N{BULLET}`, String.raw`\U0001F600`])(
    'says of %s that only Python has it',
    (source) => {
      expect(() => patternOf(source)).toThrow(
        "of what Python's regular expressions alone have, only (?i), (?P<name>…), \\A and \\Z are known",
      );
    },
  );
});

describe('decimalPlacesOf', () => {
  const number = { type: 'number' };
  const text = (pattern: string) => ({ type: 'string', pattern });
  const plain = String.raw`^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$`;
  it.each([
    [{ anyOf: [number, text(plain)] }, null],
    [{ anyOf: [number, text(plain), { type: 'null' }] }, null],
    [{ anyOf: [number, text(String.raw`^(?!^[-+.]*$)[+-]?0*\d*\.?\d{0,2}0*$`)] }, 2],
    [
      {
        anyOf: [
          { ...number, exclusiveMinimum: 0 },
          text(String.raw`^(?!^[-+.]*$)[+-]?0*(?:\d{0,8}|(?=[\d.]{1,11}0*$)\d{0,8}\.\d{0,3}0*$)`),
        ],
      },
      3,
    ],
    [{ anyOf: [number, { type: 'string' }] }, undefined],
    [{ anyOf: [number, text('^(low|high)$')] }, undefined],
    [{ anyOf: [{ type: 'integer' }, text(plain)] }, undefined],
    [{ anyOf: [number, text(plain), { type: 'object' }] }, undefined],
    [number, undefined],
    [true, undefined],
  ])('knows %j', (schema, places) => {
    expect(decimalPlacesOf(schema)).toBe(places);
  });
});

describe('fromDraft4', () => {
  it('writes exclusive bounds as later drafts do, on every level, and leaves data alone', () => {
    const old = { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true };
    const data = { minimum: 1, exclusiveMinimum: true };
    expect(
      fromDraft4({
        properties: { a: old, minimum: { minimum: 1, exclusiveMinimum: false } },
        anyOf: [old],
        enum: [data],
        default: data,
      }),
    ).toEqual({
      properties: {
        a: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 9 },
        minimum: { minimum: 1 },
      },
      anyOf: [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 9 }],
      enum: [data],
      default: data,
    });
  });

  it('leaves other schemas as they are, in their order', () => {
    const schema = { b: { exclusiveMinimum: true }, a: { exclusiveMaximum: 3, maximum: 2 } };
    expect(JSON.stringify(fromDraft4(schema as never))).toBe(JSON.stringify(schema));
  });
});
