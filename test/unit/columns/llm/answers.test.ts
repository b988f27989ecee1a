import { describe, expect, it } from 'vitest';
import { CHAT_READ_VERSION, type ChatColumn } from '../../../../src/columns/llm/declare-chat.ts';
import type { StructuredColumn } from '../../../../src/columns/llm-structured/declare.ts';
import type { CellError } from '../../../../src/errors.ts';
import { simulateAnswer } from '../../../../src/models/providers/simulated/simulated-answer.ts';
import type { CellRecord } from '../../../../src/store/records.ts';
import { fromPlain, parseJson, type Value } from '../../../../src/values.ts';
import { answerKindOf, readAgain, readerOf, reasoningOf } from '../../../support/chat-columns.ts';
import { judgeColumn, structuredColumn, textColumn, withForm } from '../../../support/plans.ts';

const text = textColumn('note', { type: { kind: 'json' } });
const readAnswer = (column: ChatColumn, raw: string) => readerOf(column).read(raw);
const structured = (schema: unknown) => structuredColumn('data', fromPlain(schema));

const judge = judgeColumn('verdict', [
  { name: 'Realism', description: 'Is it real?', options: { '1': 'not at all', '2': 'fully' } },
  { name: 'tone', description: 'How does it sound?', options: { Calm: 'calm', Angry: 'angry' } },
]);

function problemOf(column: ChatColumn, raw: string): string {
  try {
    readAnswer(column, raw);
  } catch (error) {
    expect((error as CellError).kind).toBe('UnusableAnswer');
    return (error as CellError).message;
  }
  throw new Error('The answer was taken');
}

describe('llm-text', () => {
  it('is the answer without the white space around it', () => {
    expect(readAnswer(text, '\n Hello.\n World \n')).toBe('Hello.\n World');
  });

  it('refuses an empty answer', () => {
    expect(problemOf(text, ' \n ')).toBe('The answer is empty');
    expect(problemOf(text, '<think>Hm.</think>')).toBe('The answer is empty: nothing follows the thoughts');
  });

  it('has no thoughts, unless its prompt asks for their tags', () => {
    const raw = '<think>A name.</think>\n\nNora';
    expect(readAnswer(text, raw)).toBe('Nora');
    expect(readAnswer(withForm(text, { prompt: 'Put your thoughts into <think> tags' }), raw)).toBe(raw);
    expect(readAnswer(withForm(text, { systemPrompt: 'Think as <think>…</think>' }), raw)).toBe(raw);
  });
});

describe('llm-structured', () => {
  const person = {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
    required: ['name'],
  };

  it('leaves out what the schema does not name, on every level', () => {
    const schema = {
      type: 'object',
      properties: {
        who: { $ref: '#/$defs/person' },
        all: { type: 'array', items: { $ref: '#/$defs/person' } },
      },
      $defs: { person },
    };
    const raw = '{"who": {"name": "A", "x": 1}, "all": [{"name": "B", "y": 2}], "z": 3}';
    expect(readAnswer(structured(schema), raw)).toEqual({ who: { name: 'A' }, all: [{ name: 'B' }] });
  });

  it('has no draft that stands in the thoughts', () => {
    const column = structured({ ...person, required: ['age'] });
    const raw = '<think>\n```json\n{"age": 1}\n```\n{never}\n</think>\n{"age": 3}';
    expect(readAnswer(withForm(column, { prompt: 'Think in <think> tags' }), raw)).toEqual({ age: 3n });
  });

  it.each([
    [{ type: 'integer' }, '9.0', 9n],
    [{ type: 'number' }, '9', 9],
    [{ type: ['number', 'null'] }, '9', 9],
    [{ type: ['integer', 'null'] }, 'null', null],
    [{ type: 'integer' }, '9007199254740993', 9007199254740993n],
    [{ enum: [1, 2] }, '2.0', 2n],
    [{ const: 1.5 }, '1.5', 1.5],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, '9', 9],
    [{ allOf: [{ type: 'number' }, { minimum: 1 }] }, '9', 9],
    [true, '9', 9n],
    [{}, '9.0', 9],
  ])('types numbers by the schema: under %j %s', (item, raw, value) => {
    const schema = { type: 'object', properties: { x: item } };
    expect(readAnswer(structured(schema), `{"x": ${raw}}`)).toEqual({ x: value });
  });

  const MONEY = String.raw`^(?!^[-+.]*$)[+-]?0*\d*\.?\d{0,2}0*$`;
  it.each([
    ['12.345', 12.35],
    ['1.005', 1.01],
    ['-0.125', -0.13],
    ['12', 12],
    ['"12.50"', 12.5],
    ['"+.5"', 0.5],
    ['1e-7', 0],
    ['123456789012345678901234567890', 1.2345678901234568e29],
    ['null', null],
  ])('takes a decimal number as pydantic has it for a float of its places: %s', (raw, value) => {
    const decimal = {
      anyOf: [{ type: 'number', maximum: 1e40 }, { type: 'string', pattern: MONEY }, { type: 'null' }],
    };
    const schema = { properties: { price: decimal, all: { type: 'array', items: decimal } } };
    expect(readAnswer(structured(schema), `{"price": ${raw}, "all": [${raw}]}`)).toEqual({
      price: value,
      all: [value],
    });
  });

  it('refuses a decimal number that breaks its schema, or is none', () => {
    const decimal = {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', pattern: MONEY },
      ],
    };
    const column = structured({ properties: { price: decimal } });
    expect(problemOf(column, '{"price": "12.345"}')).toContain('/price must');
    expect(problemOf(column, '{"price": -1}')).toContain('/price must');
    expect(problemOf(column, '{"price": "-1"}')).toContain('/price must');
    const year = { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^(\\d{4}|never)$' }] };
    expect(problemOf(structured({ properties: { year } }), '{"year": "never"}')).toBe(
      'The answer does not obey the schema: "never" is no number',
    );
  });

  it('refuses a number that no float holds, and keeps it where none is asked for', () => {
    const digits = '9'.repeat(400);
    const schema = { properties: { a: { type: 'number' }, b: {} } };
    expect(readAnswer(structured(schema), `{"a": 1, "b": ${digits}}`)).toEqual({ a: 1, b: BigInt(digits) });
    expect(problemOf(structured(schema), `{"a": ${digits}}`)).toBe(
      'The answer has a number of 400 digits: no float holds it',
    );
  });

  it('holds answers against patterns as Python writes them', () => {
    const schema = {
      properties: { p: { type: 'string', pattern: '^\\d{3}\\-\\d{4}$' } },
      patternProperties: { '(?i)^x\\_': { type: 'number' } },
    };
    expect(readAnswer(structured(schema), '{"p": "555-1234", "X_1": 2, "y": 3}')).toEqual({
      p: '555-1234',
      X_1: 2,
    });
    expect(problemOf(structured(schema), '{"p": "5551234"}')).toContain('/p must match pattern');
  });

  it('keeps the properties of the branch that the answer obeys', () => {
    const schema = {
      oneOf: [
        {
          type: 'object',
          properties: { kind: { const: 'cat' }, lives: { type: 'integer' } },
          required: ['kind', 'lives'],
        },
        {
          type: 'object',
          properties: { kind: { const: 'dog' }, weight: { type: 'number' } },
          required: ['kind', 'weight'],
        },
      ],
    };
    const raw = '{"kind": "dog", "weight": 9, "lives": 7}';
    expect(readAnswer(structured(schema), raw)).toEqual({ kind: 'dog', weight: 9 });
  });

  it('keeps any property of a free map, and those that a pattern names', () => {
    const free = { type: 'object', additionalProperties: { type: 'number' } };
    expect(readAnswer(structured(free), '{"a": 1, "b": 2}')).toEqual({ a: 1, b: 2 });
    const patterned = { type: 'object', properties: {}, patternProperties: { '^x_': { type: 'string' } } };
    expect(readAnswer(structured(patterned), '{"x_1": "a", "y": 2}')).toEqual({ x_1: 'a' });
  });

  it('follows a schema that refers to itself', () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: {
            value: { type: 'number' },
            next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
          },
          required: ['value'],
        },
      },
    };
    const raw = '{"value": 1, "next": {"value": 2, "next": null, "x": 1}}';
    expect(readAnswer(structured(schema), raw)).toEqual({ value: 1, next: { value: 2, next: null } });
  });

  it.each([
    ['anyOf', 2],
    ['anyOf', 5],
    ['oneOf', 5],
  ])('reads a deep answer under a schema that refers to itself from an %s of %i', (keyword, count) => {
    const node = { $ref: '#/$defs/node' };
    const branches = Array.from({ length: count }, (_, index) => ({
      type: 'object',
      properties: { below: node, all: { type: 'array', items: node }, kind: { const: `kind ${index}` } },
      required: ['kind'],
      additionalProperties: false,
    }));
    const column = structured({ ...node, $defs: { node: { [keyword]: branches } } });
    const nested = (leaf: unknown, more: object) => {
      let value = leaf;
      for (let level = 0; level < 95; level += 1)
        value = { kind: `kind ${level % count}`, below: value, ...more };
      return value;
    };
    const leaf = { kind: 'kind 1', all: [{ kind: 'kind 0' }] };
    expect(readAnswer(column, JSON.stringify(nested(leaf, { extra: 1 })))).toEqual(nested(leaf, {}));
    expect(problemOf(column, JSON.stringify(nested({ kind: 'none' }, {})))).toContain(
      'must be equal to constant',
    );
  });

  it('names the places of what breaks a schema that is referred to, wherever it stands', () => {
    const schema = {
      properties: { a: { $ref: '#/$defs/x' }, b: { items: { $ref: '#/$defs/x' } } },
      $defs: { x: { type: 'array', items: { type: 'string' } } },
    };
    expect(problemOf(structured(schema), '{"a": [1], "b": [["x"], [1]]}')).toBe(
      'The answer does not obey the schema: /a/0 must be string; /b/1/0 must be string',
    );
  });

  it('keeps what any of the joined schemas names', () => {
    const named = (name: string) => ({ properties: { who: { properties: { [name]: { type: 'number' } } } } });
    const schema = {
      allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }],
      unevaluatedProperties: false,
      $defs: { a: named('x'), b: named('y') },
    };
    expect(readAnswer(structured(schema), '{"who": {"x": 1, "y": 2, "z": 3}, "else": 4}')).toEqual({
      who: { x: 1, y: 2 },
    });
    const open = {
      ...schema,
      allOf: [{ $ref: '#/$defs/a' }],
      properties: { b: {}, c: { ...named('c'), unevaluatedProperties: false } },
    };
    expect(readAnswer(structured(open), '{"who": {"x": 1}, "b": 1, "c": {"who": {}}}')).toEqual({
      who: { x: 1 },
      b: 1n,
      c: { who: {} },
    });
  });

  it('gives up an answer that a pattern takes too long for, and reads the next', () => {
    const column = structured({ properties: { code: { type: 'string', pattern: '^(a+)+$' } } });
    expect(problemOf(column, `{"code": "${'a'.repeat(60)}!"}`)).toBe(
      'The answer cannot be held against the schema in 2 s: a pattern takes too long, or it is too large',
    );
    expect(readAnswer(column, '{"code": "aa"}')).toEqual({ code: 'aa' });
  });

  it('takes the schemas of other drafts, and knows formats', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'https://example.com/x',
      type: 'object',
      properties: { day: { type: 'string', format: 'date' } },
    };
    expect(readAnswer(structured(schema), '{"day": "2026-11-21"}')).toEqual({ day: '2026-11-21' });
    expect(problemOf(structured(schema), '{"day": "tomorrow"}')).toBe(
      'The answer does not obey the schema: /day must match format "date"',
    );
  });

  it('says all that breaks the schema', () => {
    expect(problemOf(structured(person), '{"age": "old"}')).toBe(
      "The answer does not obey the schema: it must have required property 'name'; /age must be integer",
    );
    expect(problemOf(structured(person), '[1]')).toBe(
      'The answer does not obey the schema: it must be object',
    );
    expect(problemOf(structured(person), '{"name": "A", "age": 9.5}')).toBe(
      'The answer does not obey the schema: /age must be integer',
    );
  });
});

describe('an answer that no file can hold', () => {
  const fields = [{ name: 'n', type: { kind: 'int' } }] as const;
  const counted = structured({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] });
  const column: StructuredColumn = { ...counted, type: { kind: 'struct', fields } };

  it('is for the model to correct: at the commit its row would be lost', () => {
    expect(readAnswer(column, '{"n": 9223372036854775807}')).toEqual({ n: 9223372036854775807n });
    expect(problemOf(column, '{"n": 9223372036854775808}')).toBe(
      'The answer cannot be kept: 9223372036854775808 does not fit into 64 bits',
    );
  });

  it('is kept as JSON text where the column is that', () => {
    expect(readAnswer(counted, '{"n": 9223372036854775808}')).toEqual({ n: 9223372036854775808n });
  });
});

describe('llm-judge', () => {
  const answer = (scores: Value) => JSON.stringify(scores);

  it('tells options apart that differ in capitals alone', () => {
    const scores = [{ name: 'Size', description: 'Unit', options: { m: 'milli', M: 'mega' } }];
    const said = answer({ Size: { reasoning: 'r', score: 'M' } });
    expect(readAnswer(judgeColumn('verdict', scores), said)).toEqual({
      Size: { reasoning: 'r', score: 'M' },
    });
  });

  it('gives each score as the text of an option, with the reasoning', () => {
    const raw = answer({
      Realism: { reasoning: 'r', score: '2' },
      tone: { reasoning: 't', score: 'Calm' },
      extra: 1,
    });
    expect(readAnswer(judge, raw)).toEqual({
      Realism: { reasoning: 'r', score: '2' },
      tone: { reasoning: 't', score: 'Calm' },
    });
  });

  it('takes numbers, other cases and white space for the option that is meant', () => {
    const raw =
      '{"realism": {"Score": 2.0, "Reasoning": "r"}, "TONE": {"score": " angry ", "reasoning": "t"}}';
    expect(readAnswer(judge, raw)).toEqual({
      Realism: { reasoning: 'r', score: '2' },
      tone: { reasoning: 't', score: 'Angry' },
    });
    expect(parseJson('2.0')).toBe(2);
  });

  it.each([
    [
      '{"tone": {"score": "Calm", "reasoning": "t"}}',
      '"Realism" is missing: it must be an object with reasoning and score',
    ],
    [
      '{"Realism": {"score": 3, "reasoning": "r"}}',
      'The score of "Realism" is 3: it must be one of "1", "2"',
    ],
    ['{"Realism": {"reasoning": "r"}}', 'The score of "Realism" is missing: it must be one of "1", "2"'],
    ['{"Realism": {"score": 1}}', 'The reasoning of "Realism" is missing: it must be text'],
    ['[1]', 'The answer is not a JSON object'],
  ])('refuses %s', (raw, problem) => {
    expect(problemOf(judge, raw)).toBe(problem);
  });
});

describe('an answer with several pieces of JSON', () => {
  it('is for a judge the one with the scores', () => {
    const scores =
      '{"Realism": {"reasoning": "r", "score": 2}, "tone": {"reasoning": "see [1]", "score": "Calm"}}';
    const raw = `By the rules [1] and {Realism: 1 or 2}:\n${scores}\nThe scale was {"min": 1}`;
    expect(readAnswer(judge, raw)).toEqual(readAnswer(judge, scores));
  });
});

describe('reasoningOf', () => {
  it('gives the thoughts of the answer after those that came in a field of their own, once', () => {
    const answer = '<think>A name.</think>\nNora';
    expect(reasoningOf(text, { by: 'model', text: 'Nora' })).toBeNull();
    expect(reasoningOf(text, { by: 'model', text: 'Nora', reasoning: 'Given.' })).toBe('Given.');
    expect(reasoningOf(text, { by: 'model', text: answer })).toBe('A name.');
    expect(reasoningOf(text, { by: 'model', text: answer, reasoning: 'Given.' })).toBe('Given.\n\nA name.');
    expect(reasoningOf(text, { by: 'model', text: answer, reasoning: 'Is it A name.' })).toBe(
      'Is it A name.',
    );
  });
});

describe('readAgain', () => {
  const record = {
    turns: [
      { by: 'model', text: 'Hm', problem: 'Too short' },
      { by: 'model', text: ' Hello ' },
    ],
    value: 'old',
    read: CHAT_READ_VERSION - 1,
  } as unknown as CellRecord;

  it('reads the answer of a record of another version, and leaves the others as they are', () => {
    expect(readAgain(text, record)).toEqual({ ...record, value: 'Hello', read: CHAT_READ_VERSION });
    const current = { ...record, read: CHAT_READ_VERSION };
    expect(readAgain(text, current)).toBe(current);
  });

  it('gives up a record whose answer is of no use now', () => {
    expect(readAgain(text, { ...record, turns: [{ by: 'model', text: '' }] })).toBeNull();
  });
});

describe('a simulated model', () => {
  it('gives answers that judge and structured columns take', () => {
    const schema = {
      type: 'object',
      properties: { level: { type: 'integer' }, share: { type: 'number' } },
      required: ['level'],
    };
    for (const column of [judge, structured(schema)]) {
      for (let row = 0; row < 50; row += 1) {
        const messages = [{ role: 'user', content: `Row ${row}` }] as const;
        const raw = simulateAnswer({ model: 'm', messages, schema: answerKindOf(column).schema(column) });
        expect(() => readAnswer(column, raw)).not.toThrow();
      }
    }
  });
});
