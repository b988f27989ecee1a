// No template, however strange, does more than give a text or one of the two template errors.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TemplateRenderError, TemplateSyntaxError } from '../../../src/templates/syntax/template-error.ts';
import {
  evaluateExpression,
  parseExpression,
  parseTemplate,
  renderTemplate,
  type TemplateValues,
} from '../../../src/templates/template.ts';
import type { Value } from '../../../src/values.ts';

const NAMES = [
  'a',
  'b',
  'rows',
  'poison',
  'constructor',
  '__proto__',
  'toString',
  'prototype',
  'then',
  'length',
  'loop',
];
const FILTERS = [
  'upper',
  'int',
  'float',
  'list',
  'length',
  'sort',
  'unique',
  'reverse',
  'items',
  'first',
  'last',
  'max',
  'min',
  'round(2)',
  'round(-3, "ceil")',
  'truncate(3)',
  'replace("", "ab")',
  'title',
  'urlencode',
  'escape',
  'abs',
  'random',
  'trim("a")',
  'string',
  'tojson',
  'tojson(2)',
  'sort(attribute="a.0")',
  'default("d")',
  'join(a)',
  'map("upper")',
  'map(attribute="a")',
  'select("gt", 1)',
  'rejectattr("a")',
  'groupby("a")',
  'dictsort',
  'batch(b)',
  'slice(2, 0)',
  'sum',
  'indent(b)',
  'format(a)',
  'filesizeformat',
  'wordwrap(3)',
  'wordcount',
  'striptags',
  'xmlattr',
  'pprint',
  'center(b)',
  'attr("index")',
  'constructor',
];
const METHODS = [
  'split()',
  'split(a)',
  'rsplit("a", 1)',
  'join(rows)',
  'items()',
  'get(a)',
  'keys()',
  'format(a, b=b)',
  'find(a)',
  'count(a, 1)',
  'index(a)',
  'center(b)',
  'zfill(b)',
  'replace(a, b)',
  'splitlines()',
  'expandtabs(b)',
  'encode()',
  'encode("ascii", "ignore")',
  'decode()',
  'next()',
  'reset()',
  'partition(a)',
  'startswith((a, b))',
  'constructor()',
  'call()',
  'apply()',
  'poison()',
];
const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '**',
  '~',
  'and',
  'or',
  '==',
  '!=',
  '<',
  '>=',
  'in',
  'not in',
];
const LITERALS = [
  '0',
  'range(3)',
  'range(5, 0, -2)',
  'dict(a=1)',
  'cycler(1, "x")',
  'joiner()',
  'lipsum(1, false)',
  '"é".encode()',
  '-1',
  '3',
  '2.5',
  '1e308',
  '10 ** 20',
  '"a"',
  '"%s %d %.3f %r"',
  '"{} {:>5} {a!r} {0:,}"',
  '""',
  '"😀"',
  '"{\\"a\\": 1}"',
  'none',
  'true',
  '[]',
  '{}',
  '(1, "x")',
  '[3, 1, 2]',
  '{"a": [1]}',
];

const expressions = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression');
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(...NAMES, ...LITERALS),
      fc.tuple(inner, fc.constantFrom(...FILTERS)).map(([object, filter]) => `${object} | ${filter}`),
      fc.tuple(inner, fc.constantFrom(...METHODS)).map(([object, method]) => `(${object}).${method}`),
      fc.tuple(inner, fc.constantFrom(...NAMES)).map(([object, name]) => `(${object}).${name}`),
      fc.tuple(inner, inner).map(([object, key]) => `(${object})[${key}]`),
      fc.tuple(inner, inner, inner).map(([object, start, stop]) => `(${object})[${start}:${stop}]`),
      fc.tuple(inner, fc.constantFrom(...OPERATORS), inner).map((parts) => parts.join(' ')),
      fc.tuple(inner, inner, inner).map(([test, left, right]) => `(${left} if ${test} else ${right})`),
      fc
        .tuple(inner, fc.constantFrom('defined', 'odd', 'mapping', 'upper', 'eq a', 'in rows', 'sameas b'))
        .map((parts) => parts.join(' is ')),
      inner.map((item) => `[${item}, -${item}]`),
      inner.map((item) => `not ${item}`),
    ),
  };
}).expression;

const templates = fc
  .array(
    fc.oneof(
      expressions.map((item) => `{{ ${item} }}`),
      fc
        .tuple(expressions, expressions)
        .map(([items, item]) => `{% for a in ${items} %}{{ ${item} }}{{ loop.index }}{% endfor %}`),
      fc
        .tuple(expressions, expressions)
        .map(([test, item]) => `{% if ${test} %}{{ ${item} }}{% else %}x{% endif %}`),
      fc
        .tuple(expressions, expressions)
        .map(([value, item]) => `{% with b = ${value} %}{{ ${item} }}{% endwith %}`),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));

const noise = fc
  .array(
    fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      '-',
      ' ',
      '\n',
      '|',
      '.',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      "'",
      '\\',
      'for',
      'in',
      'if',
      'else',
      'endif',
      'endfor',
      'raw',
      'endraw',
      'is',
      'not',
      'a',
      'upper',
      '1',
      '.5',
      'e9',
      '=',
      '**',
      '%',
      '~',
      '😀',
      '\ud83d',
      '\0',
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

const cells = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt(),
    fc.bigInt({ min: -5n, max: 5n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.json({ maxDepth: 2 }),
    fc.constantFrom('7', '-2.50', '1e3', '{"a": "b"}', '[[1], "x"]', '{"__proto__": {"a": 1}}'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'x y', '__proto__', 'constructor', '0'), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value;

const rows: fc.Arbitrary<TemplateValues> = fc.record({
  a: cells,
  b: cells,
  rows: fc.array(cells, { maxLength: 5 }),
});

const prototypes = [
  Object.prototype,
  Array.prototype,
  String.prototype,
  Number.prototype,
  Function.prototype,
  BigInt.prototype,
];
let reads = 0;

beforeAll(() => {
  for (const prototype of prototypes) {
    Object.defineProperty(prototype, 'poison', { configurable: true, get: () => () => reads++ });
  }
});
afterAll(() => {
  for (const prototype of prototypes) Reflect.deleteProperty(prototype, 'poison');
});

describe('gives a text or a template error', () => {
  it('for templates that make sense', () => {
    fc.assert(
      fc.property(templates, rows, (source, values) =>
        endsWell(() => renderTemplate(parseTemplate(source), values, { draw: () => 0.5 })),
      ),
      { numRuns: 3000 },
    );
  });

  it('for templates that make none', () => {
    fc.assert(
      fc.property(noise, rows, (source, values) =>
        endsWell(() => renderTemplate(parseTemplate(source), values, { draw: () => 0.5 })),
      ),
      { numRuns: 3000 },
    );
  });

  it('for expressions', () => {
    fc.assert(
      fc.property(expressions, rows, (source, values) => {
        endsWell(() => evaluateExpression(parseExpression(source), values, { draw: () => 0.5 }));
      }),
      { numRuns: 2000 },
    );
  });

  it('and calls nothing that it finds on a prototype', () => {
    expect(reads).toBe(0);
    for (const source of [
      '{{ a.poison }}',
      '{{ a["poison"] }}',
      '{{ poison }}',
      '{{ [].poison }}',
      '{{ "".poison }}',
      '{{ a | first }}',
    ]) {
      endsWell(() => renderTemplate(parseTemplate(source), { a: { b: 1n } }, { draw: () => 0 }));
    }
    expect(reads).toBe(0);
  });

  it('the same at each rendering', () => {
    fc.assert(
      fc.property(templates, rows, (source, values) => {
        const outcome = () =>
          outcomeOf(() => renderTemplate(parseTemplate(source), values, { draw: () => 0.5 }));
        expect(outcome()).toEqual(outcome());
      }),
      { numRuns: 300 },
    );
  });
});

function endsWell(run: () => unknown): void {
  outcomeOf(run);
}

function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof TemplateSyntaxError || error instanceof TemplateRenderError) return error.message;
    throw error;
  }
}
