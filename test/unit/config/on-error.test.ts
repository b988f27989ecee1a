import { expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const document = (onError: string) => `columns:
  - { name: topic, column_type: sampler, sampler_type: uuid, params: {} }
  - { name: body, column_type: llm-text, model_alias: writer, prompt: 'About {{ topic }}' }
  - { name: note, column_type: llm-text, model_alias: writer, prompt: 'Note {{ body }}' }
  - name: checked
    column_type: validation
    target_columns: [body]
    validator_type: code
    validator_params: { code_lang: python }
model_configs:
  - { alias: writer, model: m, provider: mine }
rowloom:
  providers: [{ name: mine, provider_type: simulated }]
  on_error: ${onError}
`;

it('what becomes of rows whose cell failed is said by column', async () => {
  const said = '{ body: null, note: fail, checked: drop }';
  const { plan, settings } = await prepareFiles({ 'config.yaml': document(said) });
  expect(plan.columns.map(({ name, onError }) => `${name} ${onError}`)).toEqual([
    'topic drop',
    'body null',
    'note drop',
    'checked drop',
  ]);
  expect(settings.endsAtFailuresOf).toEqual(['note']);
  const nothing = await prepareFiles({ 'config.yaml': document('{}') });
  expect(nothing.plan.columns.at(-1)?.onError).toBe('null');
  expect(nothing.settings.endsAtFailuresOf).toBeUndefined();
});

it('is refused of columns that are not there, or that cannot fail by themselves', async () => {
  const files = { 'config.yaml': document('{ bodyy: drop, topic: drop, note: ignore }') };
  const wrong = await violationsOf({ 'config.yaml': document('{ bodyy: drop, topic: drop }') });
  expect(wrong.filter((text) => text.startsWith('error'))).toEqual([
    'error config.yaml:14:15 rowloom.on_error.bodyy is about no column of this document, did you mean "body"?',
    'error config.yaml:14:28 rowloom.on_error.topic is about a column of sampler: only cells that models, functions and validators make can fail by themselves',
  ]);
  const unread = (await violationsOf(files)).find((text) => text.includes('ignore'));
  expect(unread).toMatch(/on_error.note.*drop.*null.*fail/);
});
