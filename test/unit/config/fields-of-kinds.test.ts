// A field that is never there is found before any call, of every kind of column whose values have a known shape.

import { expect, it } from 'vitest';
import { violationsOf } from './prepared.ts';

const COLUMNS = `seed_config: { source: { seed_type: local, path: seeds.jsonl } }
model_configs:
  - { alias: writer, model: m, provider: local }
  - { alias: vectors, model: v, provider: local, inference_parameters: { generation_type: embedding } }
  - { alias: painter, model: p, provider: local, inference_parameters: { generation_type: image } }
rowloom:
  persons: faker
  providers: [{ name: local, provider_type: simulated }]
columns:
  - { name: one, column_type: sampler, sampler_type: person, params: {} }
  - { name: two, column_type: sampler, sampler_type: person_from_faker, params: {} }
  - { name: opened, column_type: sampler, sampler_type: datetime, params: { start: 2024-01-01, end: 2025-01-01 } }
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: price, column_type: sampler, sampler_type: uniform, params: { low: 1, high: 2 } }
  - { name: label, column_type: sampler, sampler_type: category, params: { values: [a, b] } }
  - { name: when, column_type: sampler, sampler_type: uuid, conditional_params: { "two.sexx == 'Male'": {} } }
  - name: story
    column_type: llm-text
    model_alias: writer
    prompt: "{{ label }}"
    with_trace: all_messages
  - { name: code, column_type: llm-code, model_alias: writer, prompt: "{{ label }}", code_lang: python }
  - { name: sql, column_type: llm-code, model_alias: writer, prompt: "{{ label }}", code_lang: "sql:ansi" }
  - name: record
    column_type: llm-structured
    model_alias: writer
    prompt: "{{ label }}"
    output_format: { type: object, properties: { tags: { type: array, items: { type: string } }, size: { type: integer } } }
  - name: verdict
    column_type: llm-judge
    model_alias: writer
    prompt: "{{ story }}"
    scores: [{ name: taste, description: d, options: { 1: low } }]
  - { name: lint, column_type: validation, target_columns: [code], validator_type: code, validator_params: { code_lang: python } }
  - { name: parse, column_type: validation, target_columns: [sql], validator_type: code, validator_params: { code_lang: "sql:ansi" } }
  - name: asked
    column_type: validation
    target_columns: [story]
    validator_type: remote
    validator_params:
      endpoint_url: http://localhost/check
      output_schema: { type: object, properties: { data: { type: array, items: { type: object, properties: { is_valid: { type: boolean }, grade: { type: integer } } } } } }
  - { name: vector, column_type: embedding, model_alias: vectors, target_column: story }
  - { name: cover, column_type: image, model_alias: painter, prompt: "{{ label }}" }
  - { name: whole, column_type: expression, dtype: int, expr: "1" }
`;

const TABLE: readonly (readonly [string, string])[] = [
  ['one.frist_name', 'did you mean "first_name"?'],
  ['two.occupatoin', 'did you mean "occupation"?'],
  ['opened.year', 'opened is text, and has no "year"'],
  ['id.hex', 'id is text, and has no "hex"'],
  ['price.amount', 'price has no fields, and no "amount"'],
  [
    'story__trace[0].contnet',
    'story__trace[0] has role, content, reasoning_content; did you mean "content"?',
  ],
  ['story__trace[0].content[0].txt', 'story__trace[0].content[0] has type, text; did you mean "text"?'],
  ['code.lines', 'code is text, and has no "lines"'],
  ['record.sise', 'record has tags, size; did you mean "size"?'],
  ['record.tags.first', 'record.tags is a list and has no "first": read it of an item'],
  ['verdict.taste.scor', 'verdict.taste has reasoning, score; did you mean "score"?'],
  ['lint.valid', 'lint has is_valid, python_linter_score, '],
  ['lint.python_linter_messages[0].lien', 'did you mean "line"?'],
  ['parse.error_message', 'parse has is_valid, error_messages; did you mean "error_messages"?'],
  ['asked.grad', 'asked has is_valid, grade; did you mean "grade"?'],
  ['vector.embedding', 'vector has embeddings, num_embeddings, dimension; did you mean "embeddings"?'],
  ['cover[0].path', 'cover[0] is text, and has no "path"'],
  ['cover.path', 'cover is a list and has no "path": read it of an item'],
  ['whole.x', 'whole has no fields, and no "x"'],
  ['author.nmae', 'author has name, books; did you mean "name"?'],
  [
    'author.books | map(attribute="titel") | join',
    'an item of author.books has title; did you mean "title"?',
  ],
  ['author.books | selectattr("titel") | list', 'an item of author.books has title; did you mean "title"?'],
  ['(author.books | map(attribute="title") | first).x', ''],
  ['author.nmae | default("x")', 'author has name, books; did you mean "name"?'],
  ['one.first_name ~ code[0] ~ code.split()[0] ~ id[:2] ~ label.x ~ story.x ~ cover[0]', ''],
];

it('of every kind', async () => {
  const own = TABLE.map(
    ([expr], index) => `  - { name: c${index}, column_type: expression, expr: '{{ ${expr} }}' }\n`,
  );
  const found = await violationsOf({
    'config.yaml': COLUMNS + own.join(''),
    'seeds.jsonl': '{"author": {"name": "Ada", "books": [{"title": "x"}]}}\n',
  });
  const of = (name: string) =>
    found.filter((line) => line.includes(`column "${name}"`) && !line.includes('the filter')).join('\n');
  const missed = TABLE.flatMap(([expr, message], index) => {
    const said = of(`c${index}`);
    return message === '' ? (said === '' ? [] : [said]) : said.includes(message) ? [] : [`${expr}: ${said}`];
  });
  expect(missed).toEqual([]);
  expect(of('when')).toContain('two has uuid, locale');
  expect(of(`c${TABLE.length - 2}`)).toMatch(/^warning/);
});
