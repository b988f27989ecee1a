import { describe, expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const older = (what: string) => `is of an older version of Data Designer: ${what}`;

describe('an older document', () => {
  it('may say that a column keeps the number of rows, and whether it has a trace', async () => {
    const files = {
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid, allow_resize: false }
  - { name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: m, with_trace: false, allow_resize: no }
  - { name: b, column_type: llm-text, prompt: "{{ id }}", model_alias: m, with_trace: none }
  - { name: c, column_type: llm-text, prompt: "{{ id }}", model_alias: m, with_trace: true }
model_configs: [{ alias: m, model: x, provider: p }]
rowloom: { providers: [{ name: p, provider_type: simulated }] }
`,
    };
    expect(await violationsOf(files)).toEqual([
      `warning config.yaml:2:59 column "id": allow_resize ${older('it is left out')}`,
      `warning config.yaml:3:75 column "a": with_trace ${older('it is read as none')}`,
      `warning config.yaml:3:94 column "a": allow_resize ${older('it is left out')}`,
      `warning config.yaml:5:75 column "c": with_trace ${older('it is read as all_messages')}`,
    ]);
  });

  it.each(['model_providers', 'providers'])('may list its providers as %s', async (field) => {
    const config = `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: openai }]`;
    const list = `${field}: [{ name: openai, endpoint: "http://mine/v1" }, { name: other }]\nmcp_providers: [{ name: kb }]\n`;
    const wrapped = `data_designer:\n${config.replace(/^/gm, '  ')}\n`;
    for (const text of [
      `${config}\n${list}`,
      `${wrapped}${list}`,
      `${wrapped}${list.replace(/^(?=.)/gm, '  ')}`,
    ]) {
      const { settings, warnings } = await prepareFiles({ 'config.yaml': text });
      expect(settings.providers).toMatchObject([{ name: 'openai', endpoint: 'http://mine/v1' }]);
      expect(warnings.map(({ message }) => message)).toEqual([
        `${field} ${older('those that are needed are read as if they stood in rowloom.providers')}`,
        `mcp_providers ${older('those that are needed are read as if they stood in rowloom.mcp_providers')}`,
      ]);
    }
  });

  it('gives way to a provider under rowloom', async () => {
    const { settings } = await prepareFiles({
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: p }]
model_providers: [{ name: p, endpoint: "http://old/v1" }]
rowloom: { providers: [{ name: p, endpoint: "http://new/v1" }] }
`,
    });
    expect(settings.providers).toMatchObject([{ endpoint: 'http://new/v1' }]);
  });

  it('may have parts of columns beside them, to refer to', async () => {
    const { warnings, plan } = await prepareFiles({
      'config.yaml': `x-written: &written { column_type: llm-text, model_alias: m }
columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, <<: *written, prompt: "{{ id }}" }
model_configs: [{ alias: m, model: x, provider: p }]
rowloom: { providers: [{ name: p, provider_type: simulated }] }
`,
    });
    expect(plan.columns.map(({ kind }) => kind)).toEqual(['sampler', 'llm-text']);
    expect(warnings.map(({ message }) => message)).toEqual([
      '"x-written" is no field of a document: it is left out',
    ]);
  });

  it('may have more in its seed source than is read', async () => {
    const files = {
      'config.yaml': `columns: [{ name: id, column_type: sampler, sampler_type: uuid }]
seed_config: { source: { seed_type: local, path: seeds.jsonl, dataset: x } }
`,
      'seeds.jsonl': '{"a": 1}\n',
    };
    const { warnings, plan } = await prepareFiles(files);
    expect(plan.columns.map(({ name }) => name)).toEqual(['a', 'id']);
    expect(warnings.map(({ message }) => message)).toEqual([
      'no field "dataset" in seed_config.source: it is left out, as in Data Designer',
    ]);
  });

  it('may have notes beside its columns', async () => {
    const config = 'columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n';
    const notes = 'notes: { by: me, since: [2024] }\nversion: 3\n';
    const left = (name: string) => `"${name}" is no field of a document: it is left out`;
    for (const text of [`${config}${notes}`, `data_designer:\n  ${config}${notes}`]) {
      const { warnings } = await prepareFiles({ 'config.yaml': text });
      expect(warnings.map(({ message }) => message)).toEqual([left('notes'), left('version')]);
    }
  });
});
