import { describe, expect, it } from 'vitest';
import { loadDocument } from '../../../src/config/load.ts';

/** What is said of a text: `2:9 warning …`. */
function said(text: string): readonly string[] {
  const { document, violations } = loadDocument(Buffer.from(text), 'config.yaml');
  return (document?.warnings ?? violations).map(
    ({ line, column, level, message }) =>
      `${line}:${column} ${level === 'warning' ? 'warning ' : ''}${message}`,
  );
}

const bare = (sample: string) =>
  `put the template into quotes, as "${sample}": YAML takes a bare "{" for a map`;
const COMMENT =
  'warning the text ends before this "#", which starts a comment in YAML: put the text into quotes';

describe('a template without quotes', () => {
  it.each([
    ['a:\n  expr: {{ u }}\n', '2:9'],
    ['expr: {{ a }} and {{ b }}\n', '1:7'],
    ['- { name: e, expr: {{ u }} }\n', '1:20'],
    ['- { name: e, expr: tag {{ u }} }\n', '1:24'],
    ['a: [{{ u }}, b]\n', '1:5'],
    ['a:\n  - {{ u }}\n', '2:5'],
    ['expr: {{ a["b"] }}\n', '1:7'],
    ["expr: {{ 'a' if b else 'c' }}\n", '1:7'],
    ['prompt: {{ a }}\n  and more\nb: 1\n', '1:9'],
    ['prompt:\n  {{ a }} text\n', '2:3'],
    ['prompt: {{ a }}: x\n', '1:9'],
    ['{"a": {{ x }} }', '1:7'],
  ])('is named where it stands: %j', (text, place) => {
    expect(said(text)).toEqual([`${place} ${bare('{{ … }}')}`]);
  });

  it.each([
    ['expr: {% if u %}x{% endif %}\n', '{% … %}'],
    ['expr: {%- if a -%}x{%- endif -%}\n', '{% … %}'],
    ['expr: {# c #} {{ u }}\n', '{# … #}'],
  ])('may be a tag or a comment: %j', (text, sample) => {
    expect(said(text)).toEqual([`1:7 ${bare(sample)}`]);
  });

  it('is named on every line that has one', () => {
    expect(said('a: {{ x }} # c\nb: {{ y }}\nc: 1\n')).toEqual([
      `1:4 ${bare('{{ … }}')}`,
      `2:4 ${bare('{{ … }}')}`,
    ]);
  });

  it('is not looked for behind one that leaves a bracket open', () => {
    expect(said('a: {# x\nb: Write {{ f }}\n')).toEqual([`1:4 ${bare('{# … #}')}`]);
  });

  it.each([
    'a: Write {{ x }} and {% if y %}z{% endif %}\n',
    'a: |\n  {{ x }} #{{ y }}\n',
    'a: >- # {{ x }}\n  {{ x }}\n',
    'a: "{{ x }}" # was {{ y }}\n',
    "a: '#{{ x }}'\n",
    '# a: {{ x }}\nb: 1\n',
    'drop: true # until {{ x }}\n',
    'values: [C#, F#]\n',
    'prompt: Write {{ x }} # keep it short\n',
  ])('is none: %j', (text) => {
    expect(said(text)).toEqual([]);
  });
});

describe('a text whose end is a comment', () => {
  it.each([
    ['expr: tag #{{ u }}\n', '1:11'],
    ['expr: tag # {{ u }}\n', '1:11'],
    ['prompt: #{{ u }}\n', '1:9'],
    ['a:\n  - tag #{{ u }}\n', '2:9'],
    ['prompt: Write ticket #5 now\n', '1:22'],
  ])('is named: %j', (text, place) => {
    expect(said(text)).toEqual([`${place} ${COMMENT}`]);
  });

  it('is named beside the error that follows from it', () => {
    expect(said('- { name: e, expr: tag #{{ u }} }\n')).toEqual([
      '2:1 cannot be read as YAML: a "}" is missing here or above',
      `1:24 ${COMMENT}`,
    ]);
  });
});

describe('a text whose beginning is a name for YAML', () => {
  it('is named', () => {
    const of = (name: string) =>
      `warning YAML takes "${name}" for a name to refer to, and leaves it out of the text: put the text into quotes`;
    expect(said('prompt: &more of it\nexpr: &a "x"\n')).toEqual([`1:9 ${of('&more')}`, `2:7 ${of('&a')}`]);
    expect(said('prompt: &more {{ x }}\n')).toEqual([`1:9 ${of('&more')}`, `1:15 ${bare('{{ … }}')}`]);
  });

  it.each([
    'prompt: &p Write {{ x }}\nother: *p\n',
    'columns: &all\n  - prompt: a &more\n',
    'prompt: "&x"\n',
    'prompt: |\n  &x\n',
    'prompt: a\n  &x\n',
  ])('is none: %j', (text) => {
    expect(said(text)).toEqual([]);
  });
});

const INDENT = 'this line is indented differently from those that it belongs to';
const FIELD = 'here a field is expected: its name, a colon, a space and its value on one line';
const COMPLETE =
  'something follows a complete value: put the whole text into quotes, and use the other kind of quotes inside it';
const COLON = 'text with ": " in it has to stand in quotes, and a field right below those beside it';

describe('what cannot be read as YAML is said in plain words', () => {
  it.each([
    ['columns:\n\t- name: a\n', '2:1', 'this line is indented with a tab: use spaces'],
    ['columns:\n  - name: a\n   b: c\n', '3:1', INDENT],
    ['prompt: one\n  two\n three\nb: 1\nc\n', '5:1', FIELD],
    ['prompt: Rate this: good\n', '1:9', COLON],
    ['columns:\n  - name: a\n      b: c\n', '2:11', COLON],
    ['prompt: @x\n', '1:9', 'text that starts with "@" has to stand in quotes'],
    ['prompt: `x`\n', '1:9', 'text that starts with "`" has to stand in quotes'],
    ['prompt: %x\n', '1:9', 'text that starts with "%" has to stand in quotes'],
    ['prompt: > text\n  more\n', '1:11', 'the text of "|" or ">" has to start on a line of its own'],
    ['prompt: "say {{ a["b"] }}"\n', '1:20', COMPLETE],
    ["prompt: '{{ x == 'a' }}'\n", '1:19', COMPLETE],
    ['a: [1, 2\nb: 3\n', '2:1', 'a "]" is missing here or above'],
    ['a: {x: 1\nb: 3\n', '2:1', 'a "}" is missing here or above'],
    ['a: [1]]\n', '1:7', 'this "]" closes nothing'],
    ['a: [1,,2]\n', '1:7', 'there is nothing before this comma'],
    ['{"a" 1}', '1:6', 'a comma or a colon is missing before this'],
    ['{"a": 1 "b": 2}', '1:7', 'a comma is missing, or this needs a line of its own'],
    ['a: {b: - c}\n', '1:8', 'a comma is missing, or this needs a line of its own'],
    ['a: 1\nb\nc: 2\n', '2:1', FIELD],
    ['a:1\nb: 2\n', '1:1', FIELD],
    ['columns:\n- a\nb: 1\n- c\n', '4:1', FIELD],
    [
      'a: "\\d+"\n',
      '1:5',
      '"\\d" means nothing between double quotes: write the backslash twice, or use single quotes',
    ],
    [
      'prompt: !important x\n',
      '1:9',
      'the tag "!important" is not known here: text that starts with "!" has to stand in quotes',
    ],
    ['a: 1\n...\nb: 1\n', '3:1', 'a second document starts here, and only one is allowed'],
  ])('%j', (text, place, message) => {
    expect(said(text)).toEqual([`${place} cannot be read as YAML: ${message}`]);
  });

  it('a quote that is never closed stands where it opens', () => {
    expect(said('a: "x\nb: 1\n')).toEqual(['1:4 the quote that opens here is never closed']);
    expect(said("a: 1\nb: 'x\n")).toEqual(['2:4 the quote that opens here is never closed']);
  });
});
