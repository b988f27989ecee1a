import { expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const document = (rowloom: string) => `columns:
  - { name: topic, column_type: sampler, sampler_type: uuid, params: {} }
  - { name: body, column_type: llm-text, model_alias: writer, prompt: 'About {{ topic }}' }
model_configs:
  - { alias: writer, model: org/my-model, provider: mine }
  - { alias: unused, model: other, provider: mine }
rowloom:
  providers: [{ name: mine, endpoint: 'https://llm.example.com/v1' }]
${rowloom}`;

it('a cap in dollars wants to know what each model costs that is asked', async () => {
  const files = { 'config.yaml': document('  max_cost_usd: 5') };
  expect(await violationsOf(files)).toEqual([
    'error config.yaml:5:29 model "writer": model has no known price, and rowloom.max_cost_usd is set: give it one, in dollars per million tokens, as rowloom.prices: {"org/my-model": {input: 0.5, output: 1.5}}',
  ]);
});

it('prices and caps are settings, which make no cell stale', async () => {
  const capped =
    '  max_cost_usd: 5\n  max_tokens: 1000\n  prices: { org/my-model: { input: 0.5, output: 1.5, cached_input: 0.1 } }';
  const { settings, plan } = await prepareFiles({ 'config.yaml': document(capped) });
  expect(settings).toMatchObject({
    maxCostUsd: 5,
    maxTokens: 1_000,
    prices: { 'org/my-model': { input: 0.5, output: 1.5, cachedInput: 0.1, reasoning: 1.5 } },
  });
  expect(plan).toEqual((await prepareFiles({ 'config.yaml': document('') })).plan);
});

it('a price is dollars, no less than none', async () => {
  const files = { 'config.yaml': document('  prices: { org/my-model: { input: -1 } }') };
  expect((await violationsOf(files)).join('\n')).toMatch(/config\.yaml:9:36 rowloom\.prices\S*input/);
});
