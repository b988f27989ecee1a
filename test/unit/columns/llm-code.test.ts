import { describe, expect, it } from 'vitest';
import type { CodeColumn } from '../../../src/columns/llm-code/declare.ts';
import { codeAnswer } from '../../../src/columns/llm-code/make.ts';
import { simulateAnswer } from '../../../src/models/providers/simulated/simulated-answer.ts';
import { textColumn } from '../../support/plans.ts';
import { violationsOf } from '../config/prepared.ts';

const codeColumn = (name: string, language: string): CodeColumn => {
  const column = textColumn(name);
  return { ...column, kind: 'llm-code', form: { ...column.form, language } };
};
const python = codeColumn('code', 'python');
const read = (answer: string, column = python) => codeAnswer.read(column, answer);

describe('the code of an answer', () => {
  it.each([
    ['Here:\n```python\nprint(1)\n```\nDone.', 'print(1)'],
    ['```\nprint(1)\n```', 'print(1)'],
    ['~~~python title="a.py"\nprint(1)\n~~~', 'print(1)'],
    ['```python\na = 1\n```\nBetter:\n```python\na = 2\n```', 'a = 2'],
    ['1. First\n\n   ```python\n   if a:\n       b()\n   ```', 'if a:\n    b()'],
    ['```python\nprint("not closed")', 'print("not closed")'],
    ['Write:\n\n    print(1)\n    print(2)\n', 'print(1)\nprint(2)'],
    ['```python\n\n  a = 1\n  b = 2\n\n```', 'a = 1\n  b = 2'],
    ['````python\n```\ninside\n```\n````', '```\ninside\n```'],
    ['```python\n```', ''],
  ])('%#: is the last block, trimmed as a whole', (answer, code) => {
    expect(read(answer)).toBe(code);
  });

  it.each([
    ['print(1)', 'has no block of code'],
    ['Use `print(1)`.', 'has no block of code'],
    ['```py\nprint(1)\n```', 'is labelled "py", not "python"'],
    ['```Python\nprint(1)\n```', 'is labelled "Python", not "python"'],
    ['```python\na = 1\n```\n```bash\npip install a\n```', 'is labelled "bash"'],
  ])('%#: has to be one, with the right label', (answer, problem) => {
    expect(() => read(answer)).toThrow(problem);
  });

  it('is labelled sql in all dialects', () => {
    expect(read('```sql\nSELECT 1\n```', codeColumn('query', 'sql:bigquery'))).toBe('SELECT 1');
    expect(codeAnswer.instructions(codeColumn('query', 'sql:bigquery'))).toContain('labelled `sql`');
  });
});

it.each(['python', 'sql:postgres', 'typescript'])('the simulated model answers with code: %s', (language) => {
  const column = codeColumn('code', language);
  const content = `Write it\n\n${codeAnswer.instructions(column)}`;
  const answer = simulateAnswer({ model: 'm', messages: [{ role: 'user', content }], schema: null });
  expect(read(answer, column)).toMatch(/^(answer="|SELECT ')/);
});

it('a language that is none is refused where it stands', async () => {
  const document = `
model_configs:
  - { alias: writer, model: m, provider: offline }
columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: code, column_type: llm-code, model_alias: writer, prompt: "{{ id }}", code_lang: pyhton }
rowloom: { providers: [{ name: offline, provider_type: simulated }] }
`;
  expect(await violationsOf({ 'config.yaml': document })).toEqual([
    expect.stringMatching(
      /^error config.yaml:6:94 column "code": code_lang has to be bash, .* did you mean "python"\?$/,
    ),
  ]);
});
