// A name inside a value is checked before any call where the value's shape is in the document.

import { describe, expect, it } from 'vitest';
import { type Files, prepareFiles, violationsOf } from './prepared.ts';

/** A document with structured and judged columns, seeds of one text, one number and one object, and one expression. */
function documentWith(expr: string): Files {
  return {
    'config.yaml': `seed_config:
  source: { seed_type: local, path: seeds.jsonl }
columns:
  - name: severity
    column_type: llm-structured
    model_alias: writer
    prompt: "{{ story }}"
    output_format:
      $defs:
        Person:
          type: object
          properties: { full name: { type: string }, age: { type: integer }, boss: { $ref: "#/$defs/Person" } }
        Named: { type: object, properties: { title: { type: string } } }
      type: object
      properties:
        level: { type: integer, enum: [1, 2] }
        reason: { type: string }
        people: { type: array, items: { $ref: "#/$defs/Person" } }
        owner: { anyOf: [{ $ref: "#/$defs/Person" }, { type: "null" }] }
        either: { oneOf: [{ $ref: "#/$defs/Person" }, { $ref: "#/$defs/Named" }] }
        both: { allOf: [{ $ref: "#/$defs/Named" }], type: object, properties: { number: { type: number } } }
        free: { type: object }
        open: { type: object, properties: { a: { type: string } }, additionalProperties: true }
        map: { type: object, additionalProperties: { $ref: "#/$defs/Named" } }
        textOrOne: { anyOf: [{ type: string }, { $ref: "#/$defs/Named" }] }
        pair: { type: array, prefixItems: [{ type: string }, { $ref: "#/$defs/Named" }] }
        items: { type: array, items: { type: object, properties: { name: { type: string } } } }
  - name: verdict
    column_type: llm-judge
    model_alias: writer
    prompt: "{{ severity.reason }}"
    scores: [{ name: Taste, description: d, options: { 1: low, 2: high } }]
  - { name: text, column_type: llm-text, model_alias: writer, prompt: "{{ story }}" }
  - { name: count, column_type: expression, expr: "1", dtype: int }
  - { name: copy, column_type: expression, expr: "{{ severity }}" }
  - { name: part, column_type: expression, expr: "{{ severity.reason }}" }
  - name: last
    column_type: expression
    expr: |
      ${expr}
model_configs:
  - { alias: writer, model: made-up, provider: local }
rowloom:
  providers: [{ name: local, provider_type: simulated }]
`,
    'seeds.jsonl': '{"story": "a", "size": 3, "author": {"name": "Ada", "books": [{"title": "x"}]}}\n',
  };
}

const ALL = 'level, reason, people, owner, either, both, free, open, map, textOrOne, pair, items';

describe('refuses a name that is never there', () => {
  it.each<readonly [string, string, string]>([
    ['{{ severity.levle }}', 'levle', `severity has ${ALL}; did you mean "level"?`],
    ['{{ severity["levle"] }}', '"levle"', `severity has ${ALL}; did you mean "level"?`],
    ['{{ severity.get("levle") }}', 'get', `severity has ${ALL}; did you mean "level"?`],
    ['{{ severity.nonsense.more }}', 'nonsense', `severity has ${ALL}, and no "nonsense"`],
    ['{% if severity.levle == 2 %}x{% endif %}', 'levle', `severity has ${ALL}; did you mean "level"?`],
    [
      '{{ "x" if "a" in severity.raeson else severity.level }}',
      'raeson',
      `severity has ${ALL}; did you mean "reason"?`,
    ],
    ['{{ severity.level.x }}', 'x', 'severity.level has no fields, and no "x"'],
    [
      '{{ severity.people[0].agee }}',
      'agee',
      'severity.people[0] has full name, age, boss; did you mean "age"?',
    ],
    [
      '{{ severity.people[-1].boss.boss.agee }}',
      'agee',
      'severity.people[…].boss.boss has full name, age, boss; did you mean "age"?',
    ],
    [
      '{{ severity.people.age }}',
      'age',
      'severity.people is a list and has no "age": read it of an item, as in severity.people[0].age',
    ],
    ['{{ (severity.people | first).agee }}', 'agee', '… has full name, age, boss; did you mean "age"?'],
    [
      '{{ severity.people | sort(attribute="agee") | list }}',
      '"agee"',
      'an item of severity.people has full name, age, boss; did you mean "age"?',
    ],
    [
      '{% for p in severity.people %}{{ p.agee }}{% endfor %}',
      'agee',
      'p has full name, age, boss; did you mean "age"?',
    ],
    [
      '{% for p in severity.people[:2] | reverse if p.agee %}{% endfor %}x',
      'agee',
      'p has full name, age, boss; did you mean "age"?',
    ],
    ['{% for i in severity.items %}{{ i.nmae }}{% endfor %}', 'nmae', 'i has name; did you mean "name"?'],
    [
      '{% for k, v in verdict.items() %}{{ v.scor }}{% endfor %}',
      'scor',
      'v has reasoning, score; did you mean "score"?',
    ],
    [
      '{% for v in verdict.values() %}{{ v.scor }}{% endfor %}',
      'scor',
      'v has reasoning, score; did you mean "score"?',
    ],
    [
      '{% with s = severity.owner %}{{ s.agee }}{% endwith %}',
      'agee',
      's has full name, age, boss; did you mean "age"?',
    ],
    [
      '{{ (severity.owner or severity.people[0]).agee }}',
      'agee',
      '… has full name, age, boss; did you mean "age"?',
    ],
    ['{{ severity.owner.nmae }}', 'nmae', 'severity.owner has full name, age, boss, and no "nmae"'],
    [
      '{{ severity.either.titel }}',
      'titel',
      'severity.either has full name, age, boss, title; did you mean "title"?',
    ],
    ['{{ severity.both.titel }}', 'titel', 'severity.both has number, title; did you mean "title"?'],
    ['{{ severity.map.any.titel }}', 'titel', 'severity.map.any has title; did you mean "title"?'],
    [
      '{% for k, v in severity.map.items() %}{{ v.titel }}{% endfor %}',
      'titel',
      'v has title; did you mean "title"?',
    ],
    [
      '{% for k in severity.map %}{{ severity.map[k].titel }}{% endfor %}',
      'titel',
      'severity.map[k] has title; did you mean "title"?',
    ],
    ['{{ severity.pair[1].titel }}', 'titel', 'severity.pair[1] has title; did you mean "title"?'],
    [
      '{% for p in severity.map.values() if p["titel"] %}x{% endfor %}',
      '"titel"',
      'p has title; did you mean "title"?',
    ],
    ['{{ severity.upper() }}', 'upper', 'severity is an object, which has no method "upper"'],
    ['{{ verdict.taste.score }}', 'taste', 'verdict has Taste; did you mean "Taste"?'],
    ['{{ verdict.Taste.scroe }}', 'scroe', 'verdict.Taste has reasoning, score; did you mean "score"?'],
    ['{{ author.nmae }}', 'nmae', 'author has name, books; did you mean "name"?'],
    ['{{ author.books[0].titel }}', 'titel', 'author.books[0] has title; did you mean "title"?'],
    ['{{ size.x }}', 'x', 'size has no fields, and no "x"'],
    ['{{ count.x }}', 'x', 'count has no fields, and no "x"'],
    ['{{ copy.level }}', 'level', 'copy is text, the printed severity: write severity.level'],
  ])('%s', async (expr, place, message) => {
    expect(await violationsOf(documentWith(expr))).toEqual([
      `error config.yaml:40:${7 + expr.lastIndexOf(place)} column "last": ${message} (in expr)`,
    ]);
  });

  it('of a prompt too', async () => {
    const files = documentWith('x');
    const text = (files['config.yaml'] as string).replace(
      '"{{ severity.reason }}"',
      '"Say {{ severity.raeson }}"',
    );
    expect(await violationsOf({ ...files, 'config.yaml': text })).toEqual([
      `error config.yaml:31:30 column "verdict": severity has ${ALL}; did you mean "reason"? (in prompt)`,
    ]);
  });
});

it.each([
  '{% if severity.levle is defined %}{{ severity.levle }}{% endif %}x',
  '{{ severity["levle"] if "levle" in severity else 2 }}',
])('only warns of a field that the template asks for elsewhere: %s', async (expr) => {
  expect((await prepareFiles(documentWith(expr))).warnings).toHaveLength(2);
});

it.each([
  '{{ severity.level }} {{ severity["reason"] }} {{ severity.get("people") }} {{ severity.items() | list }}',
  '{{ severity.people[0]["full name"] }} {{ severity.people[0].boss.boss.age }} {{ severity.owner.age }}',
  '{{ severity.either.title }} {{ severity.either.age }} {{ severity.both.title }} {{ severity.both.number }}',
  '{{ severity.free.any.thing }} {{ severity.open.other }} {{ severity.map.any.title }} {{ severity.textOrOne.any }}',
  '{{ severity.pair[0].any }} {{ severity.pair[-1].any }} {{ severity.map.items.title }} {{ "any" in severity.map }} {{ severity.reason.any }} {{ severity[story] }} {{ severity.people | length }}',
  '{% for k, v in severity.items() %}{{ k.x }}{{ v.any }}{% endfor %}{% for k in severity %}{{ k }}{% endfor %}',
  '{% for p in severity.people %}{{ loop.index }}{{ p.age }}{{ loop.previtem.any }}{% endfor %}',
  '{% with severity = text %}{{ severity.any }}{% endwith %}{{ text.any }}{{ story.any }}{{ part.any }}',
  '{{ verdict.Taste.score }} {{ verdict["Taste"]["reasoning"] }} {{ author.books[0].title }} {{ verdict.Taste.score.any }}',
  '{{ (severity.people | sort(attribute="boss.age") | first).age }} {{ [author, severity][0].level }}',
])('takes %s', async (expr) => {
  expect((await prepareFiles(documentWith(expr))).warnings).toEqual([]);
});

it.each([
  ['{{ 1 if severity.levle is defined else 2 }}', 'levle'],
  ['{{ severity.get("levle", "none") }}', 'get'],
  ['{{ 1 if "levle" in severity else 2 }}', '"levle"'],
])('warns where the template asks whether it is there: %s', async (expr, place) => {
  const { warnings } = await prepareFiles(documentWith(expr));
  expect(warnings.map(({ line, column, message }) => [line, column, message])).toEqual([
    [40, 7 + expr.indexOf(place), `column "last": severity has ${ALL}; did you mean "level"? (in expr)`],
  ]);
});
