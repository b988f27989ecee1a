import { describe, expect, it } from 'vitest';
import { CellError } from '../../../../src/errors.ts';
import { parseAnswer } from '../../../../src/generators/llm/parse-answer.ts';
import { fitToSchema } from '../../../../src/generators/llm/schema-fit.ts';
import { formatJson } from '../../../../src/values.ts';

describe('parseAnswer', () => {
  it.each([
    ['{"a": 1}', { a: 1n }],
    ['  [1, 2.0]\n', [1n, 2]],
    ['Here you are:\n```json\n{"a": 1}\n```\nAnything else?', { a: 1n }],
    ['```\n{"a": 1}\n```', { a: 1n }],
    ['```json5\n{"a": 1}\n```\n``` json title\n{"a": 2}\n```\n```text\nno\n```', { a: 2n }],
    ['```json\n{"draft": 1}\n```\nOn second thought:\n```json\n{"a": 2}\n```', { a: 2n }],
    ['```python\nprint({})\n```\n```JSON\n{"a": 1}\n```\n```sh\nls\n```', { a: 1n }],
    ['Sure! {"a": {"b": [1]}} is my answer.', { a: { b: [1n] } }],
    ["{'a': 'x', b: True, c: None,}", { a: 'x', b: true, c: null }],
    ['{"a": 1, // why\n "b": 2}', { a: 1n, b: 2n }],
    ['{"id": 9007199254740993, "x": 12.0}', { id: 9007199254740993n, x: 12 }],
    ['"just text"', 'just text'],
    ['42', 42n],
  ])('reads %j', (raw, value) => {
    expect(parseAnswer(raw)).toEqual(value);
  });

  const CODE = '```python\nprint(1)\n```';
  const titled = { title: 'Sum', code: CODE };
  const asked = { question: 'What does ```x=1``` do?', answer: '```' };
  it.each([
    ['on one line, fenced', `\`\`\`json ${JSON.stringify(titled)} \`\`\``, titled],
    ['on one line, within prose', `Here:\n\`\`\`json ${JSON.stringify(titled)} \`\`\`\nWell?`, titled],
    ['on a line of its own', `\`\`\`json\n${JSON.stringify(titled)}\n\`\`\``, titled],
    ['closed at the end of its line', `\`\`\`json\n${JSON.stringify(titled)}\`\`\``, titled],
    ['begun in the line of the fence', '```json {"a": 1,\n"b": "```"}\n```', { a: 1n, b: '```' }],
    ['in an indented block', `So:\n  \`\`\`json\n  ${JSON.stringify(asked)}\n  \`\`\`\nWell?`, asked],
    ['unfenced', JSON.stringify(asked, null, 2), asked],
    ['unfenced, of lines', JSON.stringify(titled, null, 2), titled],
    ['unfenced, within prose', `Here: ${JSON.stringify(titled, null, 2)}. Well?`, titled],
    ['with bare line ends', `\`\`\`json\n{"title": "Sum", "code": "${CODE}"}\n\`\`\``, titled],
    [
      'with bare line ends, and text after the inner fence',
      `\`\`\`\n{"code": "\n\`\`\`js\nf = () => {\n}\n\`\`\`\n", a: 1}\n\`\`\``,
      { code: '\n```js\nf = () => {\n}\n```\n', a: 1n },
    ],
    [
      'unfenced, not quite JSON',
      '{"code": "\n```json\n[1]\n```\n", a: 1}',
      { code: '\n```json\n[1]\n```\n', a: 1n },
    ],
  ])('keeps fences that are part of the JSON: %s', (_, raw, value) => {
    expect(parseAnswer(raw)).toEqual(value);
  });

  it.each(['```json\n{a: 2,}\n```', '```json\n{"a": 2}```', '```json {"a": 2} ```\nWell?'])(
    'takes the last block rather than the draft before it: %j',
    (block) => {
      expect(parseAnswer(`\`\`\`json\n{"draft": 1}\n\`\`\`\nBetter:\n${block}`)).toEqual({ a: 2n });
    },
  );

  it.each([
    ['``` ', 'a'],
    ['```', ' '],
    ['', '`'],
    ['', '``` '],
    ['', '```json\n'],
    ['', '```json\nx\n```\n'],
    ['```\n{', '"\\'],
  ])('takes no long time for %j and 100 kB of %j', (start, part) => {
    const startedAt = performance.now();
    expect(() => parseAnswer(start + part.repeat(100_000 / part.length))).toThrow('The answer is');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it.each(['{"__proto__": {"admin": true}, "a": 1}', "{'__proto__': {admin: true}, a: 1,}"])(
    'takes the key __proto__ in %j for a key like others',
    (raw) => {
      const answer = parseAnswer(raw);
      for (const schema of [{ type: 'object' }, { properties: { a: {}, ['__proto__']: {} } }]) {
        expect(formatJson(fitToSchema(answer, schema))).toBe('{"__proto__":{"admin":true},"a":1}');
      }
      expect(formatJson(fitToSchema(answer, { properties: { a: {} } }))).toBe('{"a":1}');
      expect('admin' in {}).toBe(false);
    },
  );

  it.each([
    ['', 'The answer is empty'],
    ['I would rather not say.', 'The answer is not JSON'],
    ['{"a" 1 2}', /^The answer is not JSON: /],
    [
      `["${'a"b,"c'.repeat(20_000)}`,
      'The answer is not JSON, and with 120002 characters too long for a repair',
    ],
  ])('refuses %j', (raw, message) => {
    expect(() => parseAnswer(raw)).toThrow(message);
    expect(() => parseAnswer(raw)).toThrow(CellError);
  });
});
