// Text in a cell that is JSON acts as what it says, and prints as it is written: what is ours to decide, as Jinja2 knows
// only text.

import { describe, expect, it } from 'vitest';
import { TemplateRenderError } from '../../../src/templates/syntax/template-error.ts';
import {
  evaluateExpression,
  parseExpression,
  parseTemplate,
  renderTemplate,
  type TemplateValues,
} from '../../../src/templates/template.ts';

const values: TemplateValues = {
  object: '{"b": 1, "c": {"d": [1, 2.0, "x", null, true]}}',
  list: ' [1, "two", {"k": "v"}]\n',
  nested: { inner: '{"a": "1", "b": "[2]"}', items: ['[1, 2]', 'x'] },
  bigObject: '{"n": 9007199254740993, "f": 1e3}',
  big: '9007199254740993',
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
  nine: '9',
  ten: '10',
  tenth: ' 1e1',
  twelve: '12',
  one: '1',
  zero: '0',
  id: '5e123456',
  plus: '+5',
  point: '.5',
  key: 'age',
  verdict: { taste: { score: '10' }, price: { score: '9' } },
  people: [{ age: '10' }, { age: '9' }],
  keys: { '10': 1n, '9': 2n },
  list9: '9,,0',
  cells: ['false', 'true', 'null', '9', 'x', '0', '[]'],
  no: 'false',
  emptyList: '[]',
  emptyObject: ' {}',
  emptyText: '""',
  inside: '{"a": "0"}',
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
  ['{{ object }}', '{"b": 1, "c": {"d": [1, 2.0, "x", null, true]}}'],
  ['{{ list }}', ' [1, "two", {"k": "v"}]\n'],
  // What is read out of it is no text of a cell, and prints as Python prints it.
  ['{{ object.c }} {{ list[2] }}', "{'d': [1, 2.0, 'x', None, True]} {'k': 'v'}"],
  ['{{ list[2].k }} {{ list | length }}', 'v 3'],
  ['{% for item in list %}{{ item }};{% endfor %}', "1;two;{'k': 'v'};"],
  ['{{ object is mapping }} {{ object is string }}', 'True False'],
  ['{{ object ~ "" }}', '{"b": 1, "c": {"d": [1, 2.0, "x", null, true]}}'],
  [
    '{{ list | trim | replace("two", "2") }} {{ list.count(1) }} {{ list.upper() | trim }}',
    '[1, "2", {"k": "v"}] 1 [1, "TWO", {"K": "V"}]',
  ],
  [
    '{% if emptyList %}a{% endif %}{% if emptyObject %}b{% endif %}{% if emptyText %}c{% endif %}{% if list %}d{% endif %}',
    'd',
  ],
  [
    '{{ list == [1, "two", {"k": "v"}] }} {{ "two" in list }} {{ "b" in object }} {{ 2 in [list][0] }}',
    'True True True False',
  ],
  [
    '{{ list + [2] }} {{ object | items | first }} {{ list | first + 1 }}',
    "[1, 'two', {'k': 'v'}, 2] ('b', 1) 2",
  ],
  ['{{ "%s" % emptyList }} {{ "%(b)d" % object }} {{ [emptyList] }}', "[] 1 ['[]']"],
  // Inside an object text is opened as well, but not inside what was text itself.
  ['{{ nested.inner.a }} {{ nested.items[0][1] }} {{ nested.items[1] }}', '1 2 x'],
  ['{{ nested.inner.b }} {{ nested.inner.b | length }}', '[2] 3'],
  ['{{ nested }}', `{'inner': '{"a": "1", "b": "[2]"}', 'items': ['[1, 2]', 'x']}`],
  // Text inside JSON text is text, and a number where it meets one.
  [
    '{{ inside.a + 1 }} {{ inside.a == 0 }} {{ inside.a is string }} {{ inside.a and "on" }} {{ inside.a == "0" }}',
    '1 True True on True',
  ],
  ['{{ bigObject.n }} {{ bigObject.n + 1 }} {{ bigObject.f }}', '9007199254740993 9007199254740994 1000.0'],
  // What is no JSON object or list stays as it is written.
  ['{{ badObject }} {{ prose }} {{ reference }} {{ quoted }}', '{"b": 1 {not json} [1] see below "text"'],
  ['[{{ badObject.b }}]', '[]'],
  ['{{ deep | length }} {{ deep is string }}', '400 True'],
  ['{{ twice is string }}', 'True'],
  ['{{ yes }} {{ nothing }} {{ nan }} {{ yes is string }} {{ nothing is none }}', 'true null NaN False True'],
  [
    '{{ yes is true }} {{ no is boolean }} {{ no is sameas false }} {{ nothing is defined }} {{ nan is string }}',
    'True True True True True',
  ],
  [
    '{{ 1 if yes else 0 }}{{ 1 if no else 0 }}{{ 1 if nothing else 0 }}{{ 1 if zero else 0 }}{{ 1 if nan else 0 }}{{ 1 if not no else 0 }}',
    '100011',
  ],
  [
    '{{ nothing or "none" }} {{ yes and zero }} {% if no %}x{% elif whole %}y{% endif %} {{ zero or no or "z" }}',
    'none 0 y z',
  ],
  ['{% for cell in cells if cell %}{{ cell }};{% endfor %}', 'true;9;x;'],
  [
    '{{ yes == true }} {{ no == false }} {{ nothing == none }} {{ yes == "true" }} {{ yes == other }} {{ yes + 1 }}',
    'True True True True False 2',
  ],
  [
    '{{ true in cells }} {{ none in cells }} {{ 9 in cells }} {{ 10 in cells }} {{ "x" in cells }}',
    'True True True False True',
  ],
  [
    '{{ yes | upper }} {{ no | length }} {{ yes ~ no }} {{ [yes, no] }} {{ yes | int }} {{ nothing | int(5) }}',
    "TRUE 5 truefalse ['true', 'false'] 1 5",
  ],
];

const numbers: readonly (readonly [string, string])[] = [
  // It prints as it is written.
  [
    '{{ whole }} {{ money }} {{ float }} {{ minus }} [{{ padded }}] {{ zeros }} {{ version }}',
    '42 12.50 1e3 -7 [ 8\n] 007 1.10.2',
  ],
  [
    '{{ whole ~ other }} {{ money | length }} {{ whole is string }} {{ whole is number }}',
    '425 5 False True',
  ],
  [
    '{{ whole is integer }} {{ money is float }} {{ float is number }} {{ zeros is string }} {{ word is string }}',
    'True True True True True',
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
    'False False True False False',
  ],
  // Against text of the template, and against text that is no number, it is text.
  ['{{ whole == "42" }} {{ money == "12.5" }} {{ whole < other }} {{ scores | max }}', 'True False False x'],
  [
    '{{ whole < "5" }} {{ "42" == whole }} {{ whole in ["42"] }} {{ whole in ["42.0"] }} {{ whole < word }}',
    'True True True False True',
  ],
  [
    '{{ version < money }} {{ zeros == other }} {{ whole is in ["42"] }} {{ whole is gt("5") }}',
    'True False True False',
  ],
  // Two cells compare as numbers.
  [
    '{{ ten > nine }} {{ ten >= nine }} {{ nine < ten <= ten }} {{ ten == "10" }} {{ tenth == ten }} {{ ten != tenth }}',
    'True True True True True False',
  ],
  ['{{ verdict.taste.score > verdict.price.score }} {{ verdict.taste.score == 10 }}', 'True True'],
  [
    '{{ ten is gt(nine) }} {{ ten is eq(10) }} {{ nine is in([9, 1]) }} {{ ten in [tenth] }} {{ ten is sameas(10) }}',
    'True True True True False',
  ],
  [
    '{{ [nine, twelve] | max }} {{ [nine, twelve] | min }} {{ [nine, 10] | max }} {{ [nine, twelve, "x"] | max }}',
    '12 9 10 x',
  ],
  [
    '{{ [twelve, nine, ten] | sort }} {{ [ten, 9, nine] | sort(reverse=true) }} {{ [ten, tenth, nine] | unique | list }}',
    "['9', '10', '12'] ['10', 9, '9'] ['10', '9']",
  ],
  ['{{ people | sort(attribute="age") }}', "[{'age': '9'}, {'age': '10'}]"],
  [
    '{{ (people | max(attribute="age")).age }} {{ [ten, nine] == [10, 9] }} {{ (ten, 1) < (nine, 2) }} {{ {"a": ten} == {"a": 10} }}',
    '10 True False True',
  ],
  // Wherever it came through.
  [
    '{{ (nine if yes else 0) + 1 }} {{ (nine if no else 0) + 1 }} {{ (no or nine) * 2 }} {{ [nine, ten][1] + 1 }}',
    '10 1 18 11',
  ],
  [
    '{% with low, high = [nine, ten] %}{{ high - low }}{% endwith %} {{ {"a": nine}.a + 1 }} {{ [nine] | first + 1 }}',
    '1 10 10',
  ],
  [
    '{% for cell in [nine, ten] %}{{ cell * 2 }} {{ loop.previtem < cell if loop.previtem }};{% endfor %}',
    '18 ;20 True;',
  ],
  // As an index, a key, a bound, a count.
  [
    '{{ "abcdef"[other] }} {{ [1, 2, 3][one] }} {{ "abcdef"[one:other] }} {{ "=" * other }} {{ word.center(nine) }}',
    'f 2 bcde =====    abc   ',
  ],
  [
    '{{ {1: "a"}[one] }} {{ {"1": "b"}[one] }} {{ record[key] }} {{ {42: 1}.get(whole) }} {{ {whole: 1}["42"] }}',
    'a b 36 1 1',
  ],
  [
    '{{ half | round(one) }} {{ word | truncate(one, true, "") }} {{ "a,b,c".split(",", one) }}',
    "12.5 abc ['a', 'b,c']",
  ],
  [
    '{{ range(one, other) | list }} {{ dict(a=one) }} {{ {"n": nine, "l": emptyList} | tojson }} {{ list | tojson }}',
    `[1, 2, 3, 4] {'a': '1'} {"l": "[]", "n": "9"} [1, "two", {"k": "v"}]`,
  ],
  ['{% set x %}{{ nine }}{% endset %}{{ x * 2 }} {{ x == nine }} {{ word.encode() }}', "99 True b'abc'"],
  // Formatted as text it is as written, as a number what it says.
  [
    '{{ "%d" % nine }} {{ "%s" % money }} {{ "%05.1f|%r" % (money, nine) }} {{ "%x" % ten }} {{ "%5s|" % nine }}',
    "9 12.50 012.5|'9' a     9|",
  ],
  [
    '{{ "{}".format(money) }} {{ "{:.1f}".format(money) }} {{ "{:>6}".format(money) }} {{ "{:,}".format(big) }} {{ "{:03d}".format(nine) }}',
    '12.50 12.5  12.50 9,007,199,254,740,993 009',
  ],
  [
    '{{ "{:04}|{:4}|{:<4}|{:<04}".format(nine, ten, ten, nine) }} {{ "{:6}|{:6s}|{:4}|{:05}".format(money, money, key, word) }}',
    '0009|  10|10  |9000  12.50|12.50 |age |abc00',
  ],
  // Arguments and bounds too.
  ['{{ word[nothing:one] }} {{ "%.0f" % (2.6 | round(nothing)) }} {{ (one ~ "") | int(nothing) }}', 'a 3 1'],
  // Of any size, and only where it is a number.
  [
    '{{ big + 1 }} {{ big == 9007199254740993 }} {{ big == 9007199254740992 }}',
    '9007199254740994 True False',
  ],
  [
    '{{ id is string }} {{ id == id }} {{ id ~ "" }} {{ [id, nine] | max }} {{ plus is string }} {{ point is string }}',
    'True True 5e123456 9 True True',
  ],
  // Parts of a text are text, and numbers where they meet numbers.
  [
    '{% for n in list9.split(",") if n %}{{ n }}{{ n is string }}{{ n == 0 }};{% endfor %}',
    '9TrueFalse;0TrueTrue;',
  ],
  [
    '{{ list9.split(",")[0] > 8 }} {{ record | sort }} {{ keys | first + 1 }} {{ keys | sort }}',
    "True ['age', 'id'] 10 ['10', '9']",
  ],
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
    '{{ nothing + 1 }}',
    '{{ nothing < nine }}',
    '{{ id + 1 }}',
    '{{ [nine, word, 10] | max }}',
    '{{ "%d" % word }}',
    '{{ word | abs }}',
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
    expect(evaluate('verdict.taste')).toEqual({ score: '10' });
    expect(evaluate("{'a': (1, none), 2: scores}")).toEqual({ a: [1n, null], 2: ['9', '10', 'x'] });
    expect(evaluate('scores | reverse')).toEqual(['x', '10', '9']);
  });

  it('leaves texts as they are, as Data Designer does in conditions', () => {
    expect(evaluate("ten == 10 or object.b or record.age == 36 or yes == true or 'b' == no")).toBe(false);
    expect(evaluate("ten == '10' and record.age == '36' and no and ten < nine")).toBe(true);
    expect(() => evaluate('ten > 9')).toThrow('Cannot compare a text with a whole number');
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

describe('lipsum', () => {
  const render = (source: string, draw: () => number) => renderTemplate(parseTemplate(source), {}, { draw });

  it('is the same for the same draws', () => {
    const drawsOf = (seed: number) => {
      let state = seed;
      return () => {
        state = (state * 16807) % 2147483647;
        return state / 2147483647;
      };
    };
    const text = render('{{ lipsum(2, false, 30, 40) }}', drawsOf(7));
    expect(render('{{ lipsum(2, false, 30, 40) }}', drawsOf(7))).toBe(text);
    expect(render('{{ lipsum(2, false, 30, 40) }}', drawsOf(8))).not.toBe(text);
    const paragraphs = text.split('\n\n');
    expect(paragraphs.length).toBe(2);
    for (const paragraph of paragraphs) {
      expect(paragraph).toMatch(/^[A-Z][a-z]+ .*[a-z]\.$/);
      expect(paragraph.split(' ').length).toBeGreaterThanOrEqual(30);
      expect(paragraph.split(' ').length).toBeLessThan(40);
    }
  });

  it('is in HTML unless asked otherwise', () => {
    expect(render('{{ lipsum(n=2, min=1, max=2) }}', () => 0)).toBe('<p>Ac.</p>\n<p>Ac.</p>');
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
