// The schema for editors takes every document that Rowloom takes, and underlines what its fields alone show to be wrong.

import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { editorSchema } from '../../../src/config/editor-schema.ts';

const takes = new Ajv({ strict: false, validateFormats: false }).compile(editorSchema());
const FOLDERS = ['examples', 'examples/processors', 'examples/python-worker', 'conformance/documents'];
const refused = FOLDERS.flatMap((folder) => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.filter((name) => !takes(parse(readFileSync(`${folder}/${name}`, 'utf8'))));
});

it('takes all examples and all documents of Data Designer but some that are wrong', () => {
  expect(refused.filter((name) => !name.startsWith('wrong-'))).toEqual([]);
  expect(refused).toContain('wrong-unknown-field.yaml');
});

const column = (text: string) => parse(`columns: [${text}]`);

it.each<readonly [string, boolean]>([
  ['{ name: a, column_type: sampler, sampler_type: uuid }', true],
  ['{ name: 7, column_type: expression, expr: 1.10, drop: yes }', true],
  ['{ name: a, column_type: sampler, sampler_type: uniform, params: { low: "1", high: 1_000 } }', true],
  ['{ name: a, column_type: sampler, sampler_type: nope }', false],
  ['{ name: a, column_type: sampler, sampler_type: uniform, params: { low: 1, hihg: 2 } }', false],
  ['{ name: a, column_type: llm-text, model_alias: m }', false],
  ['{ name: a, column_type: llm-text, model_alias: m, prompt: x, tool_alias: null, with_trace: null }', true],
  ['{ name: a, column_type: nope }', false],
  [
    '{ name: a, column_type: validation, target_columns: [b], validator_params: { validator_type: code, code_lang: cobol } }',
    false,
  ],
])('%s', (text, isTaken) => {
  expect(takes(column(text))).toBe(isTaken);
});

it('says what each kind of column is', () => {
  const { definitions } = editorSchema() as { definitions: Record<string, { description?: string }> };
  expect(definitions['llm-judge']!.description).toMatch(/^For each score the option/);
});
