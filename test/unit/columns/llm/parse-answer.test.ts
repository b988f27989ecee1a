import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnswer as parseAnswerBy } from '../../../../src/columns/llm/parse-answer.ts';
import { CellError } from '../../../../src/errors.ts';
import { fitToSchema } from '../../../../src/schemas/schema-fit.ts';
import { formatJson, parseJson, toPlain, type Value } from '../../../../src/values.ts';

/** The answer as it stands. */
const parseAnswer = (raw: string) => parseAnswerBy(raw, (value: Value) => value);

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
    ['I would rather not say.', 'The answer is not JSON'],
    ['{"a" 1 2}', 'The answer is not JSON: ":" is missing before 1 2}'],
    ['{"a": 1e999}', 'The answer is not JSON: Cannot read the number 1e999: it is too large for a float'],
    [
      `${'['.repeat(300)}${']'.repeat(300)}`,
      'The answer is not JSON: it is nested more than 200 levels deep',
    ],
    ['{"a": 1}, "b": 2}', 'The answer is not JSON: it goes on after its last bracket'],
  ])('refuses %j', (raw, message) => {
    expect(() => parseAnswer(raw)).toThrow(message);
    expect(() => parseAnswer(raw)).toThrow(CellError);
  });

  it('takes empty brackets for the answer only where there are no others', () => {
    expect(parseAnswer('{"a": 1}, made by f(x) {}')).toEqual({ a: 1n });
    expect(parseAnswer('{"a": 1}\n```js\n[ ]\n```')).toEqual({ a: 1n });
    expect(parseAnswer('None: { }')).toEqual({});
  });

  it('takes of keys that are there twice the last', () => {
    expect(parseAnswer('{"a": 1, "b": 2, "a": 3}')).toEqual({ a: 3n, b: 2n });
    expect(parseAnswer("{'a': 1, 'a': {b: 2},}")).toEqual({ a: { b: 2n } });
  });

  it('reads what is JSON as JSON says, escapes that look like LaTeX too', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        expect(toPlain(parseAnswer(json))).toEqual(toPlain(parseJson(json)));
      }),
    );
    expect(parseAnswer('{"a": "\\frac{1}{2} \\\\alpha \\u00e9\\/"}')).toEqual({
      a: '\frac{1}{2} \\alpha é/',
    });
  });

  describe('repairs', () => {
    it.each([
      ['{"a": 1 /* why */, // how\n "b": [2,],}', { a: 1n, b: [2n] }],
      ["{'it': 'the dog\\'s \"x\"', b_c: True, 7: None}", { it: 'the dog\'s "x"', b_c: true, 7: null }],
      ['{“a”: “x”}', { a: 'x' }],
      ['{"a": +1, "b": -.5, "c": 2.}', { a: 1n, b: -0.5, c: 2 }],
      ['{"a": 1\n "b": [{"c": 1} {"c": 2}]\n "d": true}', { a: 1n, b: [{ c: 1n }, { c: 2n }], d: true }],
      ['{"a": "two\nlines\tand a tab"}', { a: 'two\nlines\tand a tab' }],
      ['{"a": {"b": 1}}}', { a: { b: 1n } }],
    ])('what has one meaning: %j', (raw, value) => {
      expect(parseAnswer(raw)).toEqual(value);
    });

    it.each([
      '{"a": x y}',
      '{"a": high}',
      '{"a": NaN}',
      '{"a": undefined}',
      '{"a": 007}',
      '{"a": 1_000}',
      '{"a": 1,000}',
      '{"a": 0x1F}',
      '{"a": 1.2.3}',
      '[1,,2]',
      '["a" "b"]',
      '{"a": "x" "b": 2}',
      '{"a": "x" + "y"}',
      '{"a": """x"""}',
      '{"a": "he said "hi", then left", "b": 1}',
      '{"a": "he said "hi"", "b": 1}',
      "{'a': 'it's'}",
      '{"a": f("x")}',
      '{"a": ...}',
      '{"a": 1]',
    ])('nothing that could mean more than one thing: %j', (raw) => {
      expect(() => parseAnswer(raw)).toThrow('The answer is not JSON: ');
    });

    it.each([
      ['{"a": "half a sen', 'it stops in the middle of a text'],
      ['{"a": "x\\', 'it stops in the middle of a text'],
      ['{"a": [1, 2', 'it stops where "," or "]" has to follow'],
      ['{"a": {"b": 1}', 'it stops where "," or "}" has to follow'],
      ['{"a": 1,', 'it stops where a key or "}" has to follow'],
      ['{"a":', 'it stops where a value has to follow'],
      ['"just a te', 'it stops in the middle of a text'],
      ['```json\n{"a": 1', 'it stops where "," or "}" has to follow'],
      ['{"a": 1}\nBetter:\n{"a": 2, "b": "', 'it stops in the middle of a text'],
      ['{"a": 1} /* x', ''],
    ])('nothing that is cut: %j', (raw, place) => {
      if (place === '') expect(parseAnswer(raw)).toEqual({ a: 1n });
      else expect(() => parseAnswer(raw)).toThrow(`The answer is cut: ${place}`);
    });

    it('no text, number or word that the answer does not have, and none of it away', () => {
      const value = { text: 'a "b" {c}\n', list: [1.5, true, null, { deep: ['x', ''] }] };
      const whole = JSON.stringify(value);
      for (let length = 1; length < whole.length; length += 1) {
        expect(() => parseAnswer(whole.slice(0, length))).toThrow('The answer is ');
      }
    });
  });

  describe('backslashes that are not doubled', () => {
    const read = (inner: string) => (parseAnswer(`{"a": "${inner}"}`) as { a: string }).a;

    it.each([
      String.raw`\alpha + \sqrt{2}`,
      String.raw`^\d+\.\w$`,
      String.raw`C:\Users\Ada`,
      String.raw`\(x\) \[y\] snake\_case \N \$`,
      String.raw`it\'s`,
      String.raw`\frac{1}{2} \beta \le \forall`,
      String.raw`\bword\b \s`,
      String.raw`\users \uXYZ`,
    ])('stay: %s', (text) => {
      expect(read(text)).toBe(text);
    });

    it('leave what can only be an escape: quotes, letters by number, line ends before other than small letters', () => {
      expect(read(String.raw`\alpha: \"é\u00e9\"\n\n- \beta\r\nThen\t\gamma`)).toBe(
        '\\alpha: "éé"\n\n- \\beta\r\nThen\t\\gamma',
      );
      expect(read(String.raw`It\'s late.\nand dark`)).toBe("It\\'s late.\nand dark");
      expect(parseAnswer("{'a': 'it\\'s \\alpha'}")).toEqual({ a: "it's \\alpha" });
    });

    it.each([
      [String.raw`\alpha \nabla`, 'n'],
      [String.raw`C:\Users\temp`, 't'],
      [String.raw`\alpha \rho`, 'r'],
      [String.raw`\d \\d`, '\\'],
      [String.raw`^https?:\/\/\w`, '/'],
    ])('make an answer unusable where an escape could be meant: %s', (text, letter) => {
      expect(() => read(text)).toThrow(
        `The answer is not JSON: "\\${letter}" may be one character or two: write each backslash of a text as "\\\\"`,
      );
    });
  });

  describe('among brackets of other meaning', () => {
    const schema = { type: 'object', properties: { level: { type: 'integer' } }, required: ['level'] };
    const read = (raw: string) => parseAnswerBy(raw, (value) => fitToSchema(value, schema));

    it.each([
      'As said in [1] and [below]: {"level": 3}',
      'I fill the template {level}: {"level": 3}',
      '{"level": 3} (as in [1], [2], {x: 1} and {y})',
      'Levels lie in [0, 5): {"level": 3}',
      'A draft {"level": "low"}, and the answer {"level": 3}. Done [end]',
      'A draft {"level": 1}, and the answer {"level": 3}',
      'One a line:\n{"level": 1}\n{"level": 3}',
      '```python\nx = {"level": f(1), "b": [1]}\n```\n{"level": 3}',
      '```json\n{"level": 3}\n```\nOther than {"level": 1} this is ```js\n{level: 2}\n```',
      '```\n{"level": 3}\n```\nBetter than {"level": 1}',
      'for (const x of list) { return { x } } gives {"level": 3}',
      '[x](https://example.com) {"level": 3}',
      "I'd say {'level': 3}",
    ])('takes what obeys: %j', (raw) => {
      expect(read(raw)).toEqual({ level: 3n });
    });

    it.each([
      ['{"level": "high"} as in [1]', 'The answer does not obey the schema: /level must be integer'],
      ['See [1] and [2]', 'The answer does not obey the schema: it must be object'],
      [
        '{"level": high, "before": {"level": 1}}',
        'The answer is not JSON: a value is missing before high, "before": {"level": 1}}',
      ],
      ['{"before": {"level": 1}, "all": [{"level": 2}]}', 'must have required property'],
      ['{"level": 1}\n{"level": 2, "why": "', 'The answer is cut: it stops in the middle of a text'],
      ['{"level": 1}\n{"level": x, "why": ["', 'The answer is not JSON: a value is missing before x'],
    ])('says what is wrong with what was meant: %j', (raw, problem) => {
      expect(() => read(raw)).toThrow(problem);
    });

    it('takes a text with brackets for a text', () => {
      const text = (raw: string) => parseAnswerBy(raw, (value) => fitToSchema(value, { type: 'string' }));
      expect(text('"a [1] {b}"')).toBe('a [1] {b}');
      expect(text('Here:\n```json\n"a [1] {b}"\n```')).toBe('a [1] {b}');
    });

    it.each([
      '[1] ',
      '{"a": x} ',
      '{"level": "high"} ',
      '[/*',
      '["',
      '{"a":',
      '{"a": [',
      "{'",
      '```json\n{"level": 0.5}\n```\n',
    ])('finds the end of 5 MB of %j', (part) => {
      const startedAt = performance.now();
      expect(() => read(part.repeat(5_000_000 / part.length))).toThrow('The answer ');
      expect(performance.now() - startedAt).toBeLessThan(4_500);
    });
  });

  it('reads an answer of 10 MB', () => {
    const text = 'lorem ipsum, "dolor"\n'.repeat(500_000);
    expect(parseAnswer(`Here: ${JSON.stringify({ text })}`)).toEqual({ text });
  });
});
