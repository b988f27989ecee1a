import { describe, expect, it } from 'vitest';
import { TemplateRenderError, TemplateSyntaxError } from '../../../src/templates/syntax/template-error.ts';
import { parseExpression, parseTemplate, renderTemplate } from '../../../src/templates/template.ts';

/** `line:column message` of the error that parsing throws. */
function refusal(source: string, parse: (source: string) => unknown = parseTemplate): string {
  try {
    parse(source);
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return `${error.line}:${error.column} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

/** `kind line:column message` of the error that rendering throws. */
function failure(source: string): string {
  const values = { a: { b: 1n, 'c d': [1n] }, text: 'abc', number: 5n, nothing: null, list: [1n, 'x'] };
  try {
    return `rendered ${renderTemplate(parseTemplate(source), values, { draw: () => 0 })}`;
  } catch (error) {
    if (!(error instanceof TemplateRenderError)) throw error;
    return `${error.kind} ${error.place?.line}:${error.place?.column} ${error.message}`;
  }
}

describe('refuses when it parses', () => {
  const table: readonly (readonly [string, string])[] = [
    // Filters.
    ['{{ x | uper }}', '1:8 Cannot use the filter "uper": templates do not have it, did you mean "upper"?'],
    [
      'a\n  {{ x | tojsn }}',
      '2:10 Cannot use the filter "tojsn": templates do not have it, did you mean "tojson"?',
    ],
    [
      '{{ x | jsonpath("$.a") }}',
      '1:8 Cannot use the filter "jsonpath": templates do not have it, read fields by name, as in {{ value.field[0].name }}',
    ],
    [
      '{{ x | constructor }}',
      '1:8 Cannot use the filter "constructor": templates do not have it, use one of abs, attr, batch, capitalize',
    ],
    [
      '{{ x | replace("a") }}',
      '1:8 Cannot use the filter "replace" without the argument "new": it takes old, new, [count]',
    ],
    ['{{ x | upper(1) }}', '1:8 Cannot give the filter "upper" 1 argument: it takes none'],
    [
      '{{ x | round(digits=1) }}',
      '1:8 Cannot give the filter "round" the argument "digits": it takes [precision], [method]',
    ],
    [
      '{% filter nope %}{% endfilter %}',
      '1:11 Cannot use the filter "nope": templates do not have it, use one of abs, attr, batch, capitalize',
    ],
    // Tests, methods, functions.
    ['{{ x is defind }}', '1:9 Cannot use the test "defind": no such test, did you mean "defined"?'],
    ['{{ x is divisibleby }}', '1:9 Cannot give the test "divisibleby" 0 arguments: it takes one'],
    ['{{ x.uper() }}', '1:6 Cannot use the method "uper": no such method, did you mean "upper"?'],
    ['{{ rang(3) }}', '1:4 Cannot use the function "rang": no such function, did you mean "range"?'],
    [
      '{{ upper(x) }}',
      '1:4 Cannot use the function "upper": no such function, use one of cycler, dict, joiner',
    ],
    [
      '{{ range() }}',
      '1:4 Cannot use the function "range" without the argument "start": it takes start, [stop], [step]',
    ],
    [
      '{{ lipsum(words=3) }}',
      '1:4 Cannot give the function "lipsum" the argument "words": it takes [n], [html], [min], [max]',
    ],
    ['{{ x.y()() }}', '1:6 Cannot use the method "y": no such method, use one of capitalize'],
    ['{{ (x)(1) }}', '1:7 Cannot call a value: only methods can be called, such as name.upper()'],
    ['{{ x["a"](1) }}', '1:10 Cannot call a value: only methods can be called, such as name.upper()'],
    ['{{ x.__class__ }}', '1:6 Cannot read "__class__": names that start with "__" are private'],
    ['{{ x.__proto__.y }}', '1:6 Cannot read "__proto__": names that start with "__" are private'],
    ['{{ self.x }}', '1:4 Cannot use "self": templates have no access to themselves'],
    ['{{ x.join(*y) }}', '1:11 Cannot unpack arguments: write each one'],
    ['{{ x.split(sep=1, sep=2) }}', '1:19 Cannot give "sep" twice'],
    // Tags.
    ['{% set x %}a', '1:4 Cannot find the end of "set": "{% endset %}" is missing'],
    ['{% endset %}', '1:4 Cannot use "endset" here: there is no "set" to belong to'],
    ['{% set x.y %}{% endset %}', '1:12 Cannot read the template: unexpected "%}", expected "="'],
    ['{% fi x %}', '1:4 Cannot use the tag "fi": did you mean "if"?'],
    [
      '{{ x | map("uper") }}',
      '1:8 Cannot use the filter "uper": templates do not have it, did you mean "upper"?',
    ],
    ['{{ x | select("od") }}', '1:8 Cannot use the test "od" in "select": there is none of this name'],
    ['{{ x | selectattr("a", "eq") }}', '1:8 Cannot give the test "eq" in "selectattr" 0 arguments'],
    ['{% import "x" as y %}', '1:4 Cannot use the tag "import": there are no other templates to load'],
    ['{% from "x" import y %}', '1:4 Cannot use the tag "from": there are no other templates to load'],
    ['{% include "x" %}', '1:4 Cannot use the tag "include": there are no other templates to load'],
    ['{% extends "x" %}', '1:4 Cannot use the tag "extends": there are no other templates to load'],
    ['{% call x() %}{% endcall %}', '1:9 Cannot use the function "x": no such function, use one of cycler'],
    ['{% fro x in y %}', '1:4 Cannot use the tag "fro": did you mean "for"?'],
    ['{% for loop in y %}{% endfor %}', '1:8 Cannot assign to this: expected a name, or names with commas'],
    ['{% for 1 in y %}{% endfor %}', '1:8 Cannot assign to this: expected a name, or names with commas'],
    ['{% else %}', '1:4 Cannot use "else" here: there is no "if" or "for" to belong to'],
    ['{% endfor %}', '1:4 Cannot use "endfor" here: there is no "for" to belong to'],
    ['a\n{% if x %}\nb', '2:4 Cannot find the end of "if": "{% endif %}" is missing'],
    ['{% for x in y %}', '1:4 Cannot find the end of "for": "{% endfor %}" is missing'],
    // Syntax.
    ['Hello {{ name', '1:7 Cannot find the end of "{{": "}}" is missing'],
    ['{% if x', '1:1 Cannot find the end of "{%": "%}" is missing'],
    ['{# note', '1:1 Cannot find the end of the comment: "#}" is missing'],
    ['{% raw %} x', '1:1 Cannot find the end of "raw": "{% endraw %}" is missing'],
    ['{{ }}', '1:4 Cannot read the template: unexpected "}}", expected a value'],
    ['{{ a b }}', '1:6 Cannot read the template: unexpected "b", expected "}}"'],
    ['{{ (a }}', '1:7 Cannot read the template: unexpected "}", expected ")"'],
    ['{{ a) }}', '1:5 Cannot read the template: unexpected ")"'],
    ['{{ "abc }}', '1:4 Cannot read the text: its closing " is missing'],
    ['{{ a ? b }}', '1:6 Cannot read the template: unexpected "?"'],
    ['{{ a. }}', '1:7 Cannot read the template: unexpected "}}", expected a name or a number after "."'],
    ['{{ a[] }}', '1:6 Cannot read the template: unexpected "]", expected a key'],
    [
      '{{ x is string is string }}',
      '1:16 Cannot read the template: unexpected "is", tests cannot be chained with "is"',
    ],
    ['x\r\ny {{ a b }}', '2:8 Cannot read the template: unexpected "b", expected "}}"'],
    // Limits.
    [
      `{{ ${'1 + '.repeat(1600)}1 }}`,
      '1:4 Cannot use the template: it has more than 3,000 parts, split it over columns',
    ],
    [
      `{{ ${'('.repeat(1000)}x${')'.repeat(1000)} }}`,
      '1:104 Cannot use the template: it is nested too deeply',
    ],
    [`{{ ${'not '.repeat(5000)}x }}`, '1:404 Cannot use the template: it is nested too deeply'],
    [`{{ ${'-'.repeat(5000)}x }}`, '1:104 Cannot use the template: it is nested too deeply'],
    [`${'{% if x %}'.repeat(2000)}`, '1:1007 Cannot use the template: it is nested too deeply'],
    [`{{ ${'9'.repeat(5000)} }}`, '1:4 Cannot use the number: it has more than 4,300 digits'],
  ];
  it.each(table)('%#: %j', (source, message) => {
    if (/use one of [a-z, ]+$/.test(message)) expect(refusal(source)).toContain(message);
    else expect(refusal(source)).toBe(message);
  });

  it('refuses more text and more parts than any template needs', () => {
    expect(refusal('x'.repeat(512_001))).toBe(
      '1:1 Cannot use the template: it has more than 512,000 characters',
    );
    expect(refusal(`{{ (${'(x)'.repeat(4000)}`)).toBe(
      '1:10003 Cannot use the template: it has too many parts, split it over columns',
    );
  });

  it('refuses what follows a bare expression', () => {
    expect(refusal("tier == 'pro' tier", parseExpression)).toBe(
      '1:15 Cannot read the template: unexpected "tier", expected the end',
    );
    expect(refusal('{{ tier }}', parseExpression)).toBe(
      '1:1 Cannot read the expression: it stands here without braces',
    );
    expect(refusal('', parseExpression)).toBe(
      '1:1 Cannot read the template: unexpected end of the template, expected a value',
    );
  });
});

describe('fails when it renders', () => {
  const table: readonly (readonly [string, string])[] = [
    ['{{ a.b.c.d }}', 'render 1:10 Cannot read "d": "a.b.c" is undefined'],
    ['{{ a["c d"][4].e }}', 'render 1:16 Cannot read "e": "a[\'c d\'][4]" is undefined'],
    ['{{ nope.x }}', 'render 1:9 Cannot read "x": "nope" is undefined'],
    ['{{ nope.upper() }}', 'render 1:9 Cannot call "upper": "nope" is undefined'],
    [
      'x\n{{ text + number }}',
      'render 2:4 Cannot apply "+" to a text and a whole number: join texts with "~"',
    ],
    ['{{ number + nope }}', 'render 1:4 Cannot compute with a missing value: "nope" is undefined'],
    ['{{ list - 1 }}', 'render 1:4 Cannot apply "-" to a list and a whole number: they do not fit'],
    ['{{ number / 0 }}', 'arithmetic 1:4 Cannot divide: the divisor is zero'],
    ['{{ number < text }}', 'render 1:4 Cannot compare a whole number with a text: neither is the smaller'],
    ['{{ text.upper }}', 'render 1:9 Cannot use "upper" as a value: it is a method, write upper()'],
    ['{{ number.upper() }}', 'render 1:11 Cannot call "upper": a whole number has no such method'],
    ['{{ text.split(1) }}', 'render 1:9 Cannot use a whole number as an argument: a text is needed'],
    [
      '{{ text.replace("a") }}',
      'render 1:9 Cannot use the method "replace" without the argument "new": it takes old, new, [count]',
    ],
    ['{% for x in number %}{% endfor %}', 'render 1:4 Cannot loop over a whole number: it has no items'],
    ['{% for x, y in list %}{% endfor %}', 'render 1:4 Cannot loop over a whole number: it has no items'],
    ['{% for x, y in ["abc"] %}{% endfor %}', 'render 1:4 Cannot unpack the item: 2 names for 3 values'],
    ['{% for x, y in ["a"] %}{% endfor %}', 'render 1:4 Cannot unpack the item: 2 names for 1 value'],
    ['{{ list | reverse }}', 'render 1:4 Cannot print a sequence of items: add "|list"'],
    ['{{ ",".join(list) }}', 'render 1:8 Cannot join a whole number: all items have to be texts'],
    ['{{ text[::0] }}', 'render 1:8 Cannot slice: the step is zero'],
    ['{{ "%d" % text }}', 'render 1:4 Cannot format a text as "d": it is no whole number'],
    ['{{ {[]: 1} }}', 'render 1:4 Cannot use a list as a key: it has no fixed value'],
    ['{{ 9 ** 9999 }}', 'limit 1:4 Cannot compute the number: it would have more than 4,300 digits'],
    ['{{ "x" * 10 ** 9 }}', 'limit 1:4 Cannot make the text: it would have more than 1,024,000 characters'],
    ['{{ [1] * 10 ** 9 }}', 'limit 1:4 Cannot finish the template: it takes too many steps'],
    ['{{ "x" * 512001 }}', 'limit 1:4 Cannot render the template: the text has more than 512,000 characters'],
    [
      '{{ "a\\tb".expandtabs(10 ** 400) }}',
      'limit 1:11 Cannot make the text: it would have more than 1,024,000 characters',
    ],
    [
      '{{ "".zfill(10 ** 400) }}',
      'limit 1:7 Cannot make the text: it would have more than 1,024,000 characters',
    ],
    ['{{ range(100001) }}', 'limit 1:4 Cannot make the range: it has more than 100,000 numbers'],
    ['{{ range(1, 9, 0) }}', 'render 1:4 Cannot make the range: its step is zero'],
    ['{{ range(10 ** 9) | length }}', 'limit 1:4 Cannot make the range: it has more than 100,000 numbers'],
    [
      '{% for i in range(99999) %}{{ i * i }} {% endfor %}',
      'limit 1:4 Cannot finish the template: it takes too many steps',
    ],
    ['{{ dict(5) }}', 'render 1:4 Cannot loop over a whole number: it has no items'],
    [
      '{{ dict([[1, 2, 3]]) }}',
      'render 1:4 Cannot make the dict: it takes one dict or list of pairs, and names with values',
    ],
    ['{{ cycler() }}', 'render 1:4 Cannot make the cycler: no values to cycle through'],
    ['{{ lipsum(10 ** 6) }}', 'limit 1:4 Cannot finish the template: it takes too many steps'],
    ['{{ lipsum(1, true, 5, 5) }}', 'render 1:4 Cannot make the text: max has to be more than min'],
    [
      '{% with text = "a" %}{{ text() }}{% endwith %}',
      'render 1:25 Cannot call "text": a text is no function',
    ],
    ['{{ "é".encode("ascii") }}', 'render 1:8 Cannot encode the text: "ascii" has no code for "é"'],
    [
      '{{ text.encode("utf-16") }}',
      'render 1:9 Cannot encode the text as "utf-16": only as utf-8, ascii or latin-1',
    ],
    [
      '{{ list | reverse | tojson }}',
      'render 1:21 Cannot use the filter "tojson" on a view of items: add "|list"',
    ],
    [
      '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
      'limit 1:19 Cannot finish the template: too many calls and operations are in each other',
    ],
    [
      '{% for x in list recursive %}{{ loop(list) }}{% endfor %}',
      'limit 1:4 Cannot finish the template: too many calls and operations are in each other',
    ],
    ['{% macro f(x) %}{% endmacro %}{{ f(1, 2) }}', 'render 1:34 Cannot call "f": it takes x'],
    [
      '{% set n = {} %}{% set n.x = 1 %}',
      'render 1:20 Cannot assign to a field of "n": it is no namespace(…)',
    ],
    ['{{ list | sum }}', 'render 1:11 Cannot use the filter "sum" on a text: numbers are needed'],
    [
      '{{ list | map }}',
      'render 1:11 Cannot use the filter "map": it takes the name of a filter, or attribute="…"',
    ],
    ['{{ "%99999d" % 1 }}', 'limit 1:4 Cannot format with 99999 places: the limit is 10000'],
  ];
  it.each(table)('%#: %j', (source, message) => {
    expect(failure(source)).toBe(message);
  });

  it('counts characters of two units as one', () => {
    expect(failure(`{{ "😀" * 512000 }}`)).toMatch(/^rendered 😀/);
    expect(failure(`{{ "😀" * 512001 }}`)).toMatch(/^limit/);
  });
});

describe('accepts', () => {
  it('a condition with many "and"s, which Data Designer counts as nesting', () => {
    expect(
      refusal(
        `{% if ${Array.from({ length: 30 }, (_, index) => `c${index} == ${index}`).join(' and ')} %}x{% endif %}`,
      ),
    ).toBe('accepted');
    expect(refusal(`{{ ${'a ~ '.repeat(50)}a }}`)).toBe('accepted');
    expect(refusal(`{{ a${'.b'.repeat(50)}${' | upper'.repeat(50)} }}`)).toBe('accepted');
    expect(refusal(`{{ ${'1 if a else '.repeat(50)}2 }}`)).toBe('accepted');
    expect(refusal(`{% if a %}${'{% elif b %}'.repeat(50)}{% endif %}`)).toBe('accepted');
  });
});

describe("notes what Data Designer's secure engine refuses", () => {
  const deep = (levels: number) => `{{ ${'['.repeat(levels)}${']'.repeat(levels)} }}`;
  const table: readonly (readonly [string, string])[] = [
    ['{{ x | upper | round }}{% if x is odd %}{% for y in x %}{{ loop.index }}{% endfor %}{% endif %}', ''],
    [
      '{% with a = 1 %}{% endwith %}{% filter upper %}{% endfilter %}{% autoescape true %}{% endautoescape %}',
      '',
    ],
    ['{% set x %}a{% endset %}{{ range(3) }}', ''],
    ['{{ x | join }}{{ x | d }}{{ y | join }}', '7 warning the filter "join", 21 warning the filter "d"'],
    ['{{ x | tojson }}', '7 warning the filter "tojson"'],
    ['{% set x = 1 %}', '3 error "set" with "="'],
    ['{% for x in y %}{% for z in x %}{% endfor %}{% endfor %}', '19 error a "for" inside a "for"'],
    ['{% for x in y %}{% endfor %}{% for x in y %}{% endfor %}', ''],
    ['{% for x in y recursive %}{% endfor %}', '14 error "recursive"'],
    ['{% macro f() %}{% endmacro %}', '3 error "macro"'],
    ['{% block x %}{% endblock %}', '3 error "block"'],
    [`{{ ${'1 + '.repeat(400)}1 }}`, '3 error more than 600 parts'],
    [deep(8), ''],
    [deep(9), '11 error more than 10 levels in each other'],
  ];
  it.each(table)('%#: %j', (source, noted) => {
    const { refusals } = parseTemplate(source);
    expect(refusals.map(({ at, level, what }) => `${at} ${level} ${what}`).join(', ')).toBe(noted);
  });

  it('in bare expressions too', () => {
    expect(parseExpression("x | join == 'a'").refusals).toEqual([
      { at: 4, level: 'warning', what: 'the filter "join"' },
    ]);
  });
});
