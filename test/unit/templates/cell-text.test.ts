// Text in a cell that is JSON or a number: what is ours to decide, as Jinja2 knows only text.

import { describe, expect, it } from 'vitest';
import {
  evaluateExpression,
  parseExpression,
  parseTemplate,
  renderTemplate,
  type TemplateValues,
} from '../../../src/templates/template.ts';
import { TemplateRenderError } from '../../../src/templates/template-error.ts';

const values: TemplateValues = {
  object: '{"b": 1, "c": {"d": [1, 2.0, "x", null, true]}}',
  list: ' [1, "two", {"k": "v"}]\n',
  nested: { inner: '{"a": "1", "b": "[2]"}', items: ['[1, 2]', 'x'] },
  big: '{"n": 9007199254740993, "f": 1e3}',
  badObject: '{"b": 1',
  prose: '{not json}',
  reference: '[1] see below',
  quoted: '"text"',
  deep: `${'['.repeat(200)}${']'.repeat(200)}`,
  twice: '{"a": 1, "a": 2}',
  whole: '42',
  other: '5',
  money: '12.50',
  float: '1e3',
  minus: '-7',
  padded: ' 8\n',
  zeros: '007',
  version: '1.10.2',
  word: 'abc',
  yes: 'true',
  nothing: 'null',
  nan: 'NaN',
  scores: ['9', '10', 'x'],
  record: { age: '36', id: '007' },
  csv: '3,4',
  number: 42n,
  half: 12.5,
};

const json: readonly (readonly [string, string])[] = [
  ['{{ object.b }}', '1'],
  ['{{ object.c.d[1] }}', '2.0'],
  ['{{ object["c"].d | last }}', 'True'],
  ['{{ object }}', "{'b': 1, 'c': {'d': [1, 2.0, 'x', None, True]}}"],
  ['{{ list }}', "[1, 'two', {'k': 'v'}]"],
  ['{{ list[2].k }} {{ list | length }}', 'v 3'],
  ['{% for item in list %}{{ item }};{% endfor %}', "1;two;{'k': 'v'};"],
  ['{{ object is mapping }} {{ object is string }}', 'True False'],
  ['{{ object ~ "" }}', "{'b': 1, 'c': {'d': [1, 2.0, 'x', None, True]}}"],
  // Inside an object text is opened as well, but not inside what was text itself.
  ['{{ nested.inner.a }} {{ nested.items[0][1] }} {{ nested.items[1] }}', '1 2 x'],
  ['{{ nested.inner.b }} {{ nested.inner.b | length }}', '[2] 3'],
  ['{{ nested }}', "{'inner': {'a': '1', 'b': '[2]'}, 'items': [[1, 2], 'x']}"],
  ['{{ big.n }} {{ big.n + 1 }} {{ big.f }}', '9007199254740993 9007199254740994 1000.0'],
  // What is no JSON object or list stays as it is written.
  ['{{ badObject }} {{ prose }} {{ reference }} {{ quoted }}', '{"b": 1 {not json} [1] see below "text"'],
  ['[{{ badObject.b }}]', '[]'],
  ['{{ deep | length }} {{ deep is string }}', '400 True'],
  ['{{ twice is string }}', 'True'],
  ['{{ yes }} {{ nothing }} {{ nan }} {{ yes is string }} {{ nothing is none }}', 'true null NaN True False'],
];

const numbers: readonly (readonly [string, string])[] = [
  // It prints as it is written.
  [
    '{{ whole }} {{ money }} {{ float }} {{ minus }} [{{ padded }}] {{ zeros }} {{ version }}',
    '42 12.50 1e3 -7 [ 8\n] 007 1.10.2',
  ],
  [
    '{{ whole ~ other }} {{ money | length }} {{ whole is string }} {{ whole is number }}',
    '425 5 True False',
  ],
  ['{{ [whole, money] }} {{ record }}', "['42', '12.50'] {'age': '36', 'id': '007'}"],
  ['{{ whole[0] }} {{ money.split(".")[1] }} {{ money | replace(".", ",") }}', '4 50 12,50'],
  // Arithmetic.
  [
    '{{ whole + 1 }} {{ 1 + whole }} {{ money * 2 }} {{ float / 4 }} {{ -minus }} {{ padded ** 2 }}',
    '43 43 25.0 250.0 7 64',
  ],
  ['{{ whole // 5 }} {{ whole % 5 }} {{ minus % 5 }} {{ whole - half }}', '8 2 3 29.5'],
  ['{{ whole + other }} {{ whole * other }} {{ whole - money }}', '47 210 29.5'],
  ['{{ record.age + 1 }} {{ scores[0] * 2 }} {{ scores | first + 1 }}', '37 18 10'],
  ['{{ (whole if true else other) + 1 }} {{ (missing or whole) + 1 }}', '43 43'],
  ['{{ money | round }} {{ minus | abs }} {{ money | round(1) | string }}', '12.0 7 12.5'],
  [
    '{{ whole | int + 1 }} {{ money | float }} {{ whole is even }} {{ whole is divisibleby 7 }}',
    '43 12.5 True True',
  ],
  ['{% for score in scores[:2] %}{{ score + 1 }} {% endfor %}', '10 11 '],
  // Also under another name, in a loop, and as a part of what was read.
  ['{% with a = whole, b = "2" %}{{ a + 1 }} {{ a - 1 }} {{ b * 2 }}{% endwith %}', '43 41 22'],
  ['{% for key, age in record.items() if age == 36 %}{{ key }} {{ age + 1 }}{% endfor %}', 'age 37'],
  ['{{ record.get("age") + 1 }} {{ record.values() | first - 1 }} {{ {"a": whole}.a + 1 }}', '37 35 43'],
  ['{% for n in csv.split(",") %}{{ n + 1 }} {% endfor %}{{ csv.partition(",")[2] * 2 }}', '4 5 8'],
  // Not when an operand is other text, and not text that the template wrote or made.
  ['{{ whole + "-x" }} {{ whole + word }} {{ zeros + whole }}', '42-x 42abc 00742'],
  ['{{ "1" * 3 }} {{ "1" + "2" }} {{ (whole ~ "0") * 2 }} {{ whole | trim * 2 }}', '111 12 420420 4242'],
  ['{{ word * 2 }} {{ zeros * 2 }} {{ version * 2 }}', 'abcabc 007007 1.10.21.10.2'],
  // Comparison with a number.
  [
    '{{ whole == 42 }} {{ 42 == whole }} {{ whole == 42.0 }} {{ money == 12.5 }} {{ whole != 42 }}',
    'True True True True False',
  ],
  [
    '{{ whole > 5 }} {{ whole < 100 }} {{ 5 <= whole <= 50 }} {{ money >= half }} {{ minus < 0 }}',
    'True True True True True',
  ],
  [
    '{{ whole == number }} {{ number in [whole] }} {{ whole in [1, 42] }} {{ 9 in scores }} {{ 8 in scores }}',
    'True True True True False',
  ],
  [
    '{{ word == 42 }} {{ zeros == 7 }} {{ yes == true }} {{ whole == true }} {{ "42" == 42 }}',
    'False False False False False',
  ],
  // Comparison of texts.
  ['{{ whole == "42" }} {{ money == "12.5" }} {{ whole < other }} {{ scores | max }}', 'True False True x'],
];

describe('text that is JSON', () => {
  it.each(json)('%s', (source, text) => expect(render(source)).toBe(text));
});

describe('text that is a number', () => {
  it.each(numbers)('%s', (source, text) => expect(render(source)).toBe(text));

  it.each([
    '{{ word + 1 }}',
    '{{ zeros + 1 }}',
    '{{ word > 1 }}',
    '{{ "3" + 4 }}',
    '{{ "3" > 4 }}',
    '{{ -word }}',
  ])('refuses %s', (source) => {
    expect(() => render(source)).toThrow(TemplateRenderError);
  });
});

describe('an expression', () => {
  const evaluate = (source: string) => evaluateExpression(parseExpression(source), values, { draw: () => 0 });

  it('has a value of its own type', () => {
    expect(evaluate("word == 'abc' and number > 41")).toBe(true);
    expect(evaluate('number * 2')).toBe(84n);
    expect(evaluate('half')).toBe(12.5);
    expect(evaluate('object.c')).toEqual({ d: [1n, 2, 'x', null, true] });
    expect(evaluate("{'a': (1, none), 2: scores}")).toEqual({ a: [1n, null], 2: ['9', '10', 'x'] });
    expect(evaluate('scores | reverse')).toEqual(['x', '10', '9']);
  });

  it('gives null for what is missing', () => {
    expect(evaluate('object.nope')).toBeNull();
    expect(evaluate('nope')).toBeNull();
  });

  it('refuses a number that is no value of a cell', () => {
    expect(() => evaluate('1e308 * 10')).toThrow('Cannot keep the number: it is not finite');
  });
});

describe('the values that a template reads', () => {
  it('are own properties only', () => {
    expect(render('[{{ toString }}{{ constructor }}{{ hasOwnProperty }}]')).toBe('[]');
    expect(
      render('[{{ record.constructor }}{{ record["__proto__"] }}{{ word.length }}{{ scores.length }}]'),
    ).toBe('[]');
    expect(render('{{ record.get("constructor") }} {{ "toString" in record }}')).toBe('None False');
    expect(render('[{{ {"a": 1}["__proto__"] }}{{ {"a": 1}.constructor }}]')).toBe('[]');
  });

  it('come before methods of the same name', () => {
    const order = { items: ['pen'], keys: 2n, get: 'x' };
    const template = parseTemplate(
      '{{ order.items }} {{ order.keys }} {{ order.get }} {{ order.items() | length }}',
    );
    expect(renderTemplate(template, { order }, { draw: () => 0 })).toBe("['pen'] 2 x 3");
  });
});

describe('the filter random', () => {
  it('takes the item that the draw falls on', () => {
    const template = parseTemplate('{{ scores | random }}{{ "xyz" | random }}');
    const draws = [0.99, 0.4];
    expect(renderTemplate(template, values, { draw: () => draws.shift()! })).toBe('xy');
  });

  it('gives nothing for an empty list', () => {
    expect(renderTemplate(parseTemplate('[{{ [] | random }}]'), values, { draw: () => 0 })).toBe('[]');
  });
});

function render(source: string): string {
  return renderTemplate(parseTemplate(source), values, { draw: () => 0 });
}
