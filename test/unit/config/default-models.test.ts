import { describe, expect, it } from 'vitest';
import { builderConfigOf } from '../../../src/config/builder-config.ts';
import { formatJson } from '../../../src/values.ts';
import { prepareFiles, violationsOf } from './prepared.ts';

const document = (alias: string, more = '') => `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: ${alias} }
${more}`;
const environment = { NVIDIA_API_KEY: 'x', OPENAI_API_KEY: 'x', OPENROUTER_API_KEY: 'x' };
const prepare = (alias: string, files = {}) =>
  prepareFiles({ 'config.yaml': document(alias), ...files }, { environment });
const home = (model: string) => ({ 'home/.data-designer/model_configs.yaml': `model_configs: [${model}]\n` });

describe("Data Designer's own models", () => {
  it.each([
    [
      'nvidia-text',
      'nvidia/nemotron-3.5-lightning-30b-a3b',
      1,
      0.95,
      { chat_template_kwargs: { enable_thinking: false } },
    ],
    ['nvidia-reasoning', 'nvidia/nemotron-3-super-120b-a12b', 1, 0.95, { reasoning_effort: 'medium' }],
    ['nvidia-vision', 'nvidia/nemotron-3-nano-omni-30b-a3b-reasoning', 0.6, 0.95, {}],
    ['openai-text', 'gpt-4.1', 0.85, 0.95, {}],
    ['openai-reasoning', 'gpt-5', null, null, { reasoning_effort: 'medium' }],
    ['openai-vision', 'gpt-5', null, null, { reasoning_effort: 'medium' }],
    ['openrouter-text', 'nvidia/nemotron-3-nano-30b-a3b', 1, 1, {}],
    ['openrouter-reasoning', 'openai/gpt-oss-20b', 0.35, 0.95, {}],
    ['openrouter-vision', 'nvidia/nemotron-3-nano-omni-30b-a3b-reasoning:free', 0.6, 0.95, {}],
  ])('are there without being written: %s', async (alias, model, temperature, topP, extraBody) => {
    const { plan, settings } = await prepare(alias);
    expect(plan.models).toEqual({
      [alias]: { model, providerType: 'openai', temperature, topP, maxTokens: null, extraBody },
    });
    expect(settings.models[alias]?.provider).toBe(alias.split('-')[0]);
    expect(settings.providers.map(({ name }) => name)).toEqual([alias.split('-')[0]]);
  });

  it('want the key of their provider, by the name of its variable', async () => {
    expect(await violationsOf({ 'config.yaml': document('openai-text') })).toEqual([
      'error OPENAI_API_KEY is not set (provider "openai") · to try without: --simulate',
    ]);
    const { plan } = await prepareFiles({ 'config.yaml': document('openai-text') }, { isSimulated: true });
    expect(plan.models['openai-text']?.providerType).toBe('simulated');
  });

  it('come from its file in the home first, which may have others', async () => {
    const mine = home(
      '{ alias: mine, model: a, provider: openai }, { alias: nvidia-text, model: b, provider: nvidia }',
    );
    expect((await prepare('mine', mine)).plan.models.mine?.model).toBe('a');
    expect((await prepare('nvidia-text', mine)).plan.models['nvidia-text']?.model).toBe('b');
    expect((await prepare('openai-text', mine)).plan.models['openai-text']?.model).toBe('gpt-4.1');
  });

  it('give way to a model of the document', async () => {
    const own = document(
      'nvidia-text',
      'model_configs: [{ alias: nvidia-text, model: own, provider: nvidia }]\n',
    );
    const files = { 'config.yaml': own, ...home('{ alias: nvidia-text, model: b, provider: gone }') };
    expect((await prepareFiles(files, { environment })).plan.models['nvidia-text']?.model).toBe('own');
  });

  it('are for a document whose list of models is empty, too', async () => {
    const files = { 'config.yaml': document('openai-text', 'model_configs: []\n') };
    expect((await prepareFiles(files, { environment })).plan.models).toHaveProperty('openai-text');
  });

  it('stand in the document that the dataset keeps, those in use only', async () => {
    const { config, plan } = await prepare('nvidia-reasoning');
    const kept = builderConfigOf(config);
    expect(kept).toMatchObject({ data_designer: { model_configs: [{ alias: 'nvidia-reasoning' }] } });
    const again = await prepareFiles(
      { 'config.json': formatJson(kept) },
      { file: 'config.json', environment },
    );
    expect(again.plan).toEqual(plan);
  });
});
