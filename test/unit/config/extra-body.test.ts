import { describe, expect, it } from 'vitest';
import { violationsOf } from './prepared.ts';

const COLUMNS = `
columns:
  - { name: body, column_type: llm-text, model_alias: writer, prompt: Write }
`;
const WARNING = expect.stringMatching(/^warning /);

function withModel(extraBody: string): Promise<readonly string[]> {
  return violationsOf({
    'config.yaml': `${COLUMNS}
model_configs:
  - alias: writer
    model: m
    provider: p
    inference_parameters: { extra_body: ${extraBody} }
rowloom: { providers: [{ name: p, endpoint: 'http://localhost/v1' }] }
`,
  });
}

describe('extra_body', () => {
  it.each([
    ['{ model: other }', 'model is what the field "model" of a model says'],
    ['{ messages: [] }', 'messages are made from prompt and system_prompt'],
    ['{ stream: true }', 'stream cannot be set: an answer is read whole'],
    ['{ n: 2 }', 'n cannot be set: a cell takes one answer, and each is paid for'],
    ['{ api_key: abc }', 'api_key holds a secret in clear: requests are kept in the store'],
  ])('cannot be %s', async (extraBody, problem) => {
    expect(await withModel(extraBody)).toEqual([
      WARNING,
      expect.stringContaining(`model "writer": inference_parameters.extra_body.${problem}`),
    ]);
  });

  it('takes what changes nothing, and any other field', async () => {
    expect(await withModel('{ stream: false, n: 1, top_k: 5, constructor: x }')).toEqual([WARNING]);
  });
});

it('a provider that answers offline holds no secret in clear either', async () => {
  const says = await violationsOf({
    'config.yaml': `${COLUMNS}
model_configs: [{ alias: writer, model: m, provider: p }]
rowloom:
  providers:
    - name: p
      provider_type: simulated
      endpoint: https://user:pass@example.com/v1
      api_key: sk-1234567890abcdef
      extra_headers: { Authorization: Bearer abcdefgh }
      extra_body: { nested: { token: x, api_key: abc } }
`,
  });
  expect(says).toEqual([
    WARNING,
    expect.stringContaining('endpoint holds a secret'),
    expect.stringContaining('api_key is no name of an environment variable'),
    expect.stringContaining('extra_headers.Authorization holds a secret'),
    expect.stringContaining('extra_body.nested.api_key holds a secret'),
  ]);
});
