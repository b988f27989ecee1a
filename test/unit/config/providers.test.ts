import { describe, expect, it } from 'vitest';
import { type Changes, type Files, prepareFiles, violationsOf } from './prepared.ts';

const document = (provider: string, more = '') => `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m }
model_configs: [{ alias: m, model: x, provider: ${provider} }]
${more}`;
const list = (...endpoints: readonly string[]) =>
  `providers:\n${endpoints.map((endpoint) => `  - { name: mine, endpoint: "${endpoint}" }\n`).join('')}`;

async function endpointOf(files: Files, changes: Changes = {}): Promise<string | null | undefined> {
  const { settings } = await prepareFiles(files, changes);
  return settings.providers[0]?.endpoint;
}

describe('a provider', () => {
  const own = { 'home/.config/rowloom/providers.yaml': list('http://own/v1') };
  const named = { 'named.yaml': list('http://named/v1') };
  const foreign = {
    'home/.data-designer/model_providers.yaml': `default: mine\n${list('http://foreign/v1')}`,
  };
  const inDocument = `rowloom: { ${'providers: [{ name: mine, endpoint: "http://document/v1" }]'} }`;
  const environment = { ROWLOOM_PROVIDERS: 'named.yaml' };

  it('comes from the document first', async () => {
    const files = { 'config.yaml': document('mine', inDocument), ...own, ...named, ...foreign };
    expect(await endpointOf(files, { environment })).toBe('http://document/v1');
  });

  it('comes from the file that ROWLOOM_PROVIDERS names instead of the one in the home', async () => {
    const files = { 'config.yaml': document('mine'), ...own, ...named, ...foreign };
    expect(await endpointOf(files, { environment })).toBe('http://named/v1');
    expect(await endpointOf(files)).toBe('http://own/v1');
  });

  it("comes from Data Designer's file then, which may be elsewhere", async () => {
    expect(await endpointOf({ 'config.yaml': document('mine'), ...foreign })).toBe('http://foreign/v1');
    const elsewhere = { 'dd/model_providers.yaml': list('http://elsewhere/v1') };
    const files = { 'config.yaml': document('mine'), ...elsewhere, ...foreign };
    expect(await endpointOf(files, { environment: { DATA_DESIGNER_HOME: 'dd' } })).toBe(
      'http://elsewhere/v1',
    );
  });

  it.each([
    ['nvidia', 'https://integrate.api.nvidia.com/v1', 'NVIDIA_API_KEY'],
    ['openai', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ['openrouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
    ['anthropic', 'https://api.anthropic.com', 'ANTHROPIC_API_KEY', 'anthropic'],
  ])('is built in last: %s', async (name, endpoint, variable, type = 'openai') => {
    const { settings } = await prepareFiles(
      { 'config.yaml': document(name) },
      { environment: { [variable]: 'secret' } },
    );
    expect(settings.providers).toMatchObject([{ name, endpoint, apiKeyVariable: variable, type }]);
    expect(JSON.stringify(settings)).not.toContain('secret');
  });

  it('may stand for a built-in one of its name', async () => {
    const files = {
      'config.yaml': document(
        'openai',
        'rowloom: { providers: [{ name: openai, endpoint: "http://proxy/v1" }] }',
      ),
    };
    expect(await endpointOf(files)).toBe('http://proxy/v1');
  });

  it('is not looked for in files that are not needed', async () => {
    const files = {
      'config.yaml': document('mine', inDocument),
      'home/.config/rowloom/providers.yaml': 'nonsense',
    };
    expect(await violationsOf(files, { environment: { ROWLOOM_PROVIDERS: 'gone.yaml' } })).toEqual([]);
  });

  it('does not care for providers of a file that no model uses', async () => {
    const files = {
      'config.yaml': document('mine'),
      'home/.data-designer/model_providers.yaml': `${list('http://foreign/v1')}  - { name: other, endpoint: x, api_key: sk-1234567890abcdef }\n`,
    };
    expect(await violationsOf(files)).toEqual([]);
  });

  it('keeps references to variables in headers, and lets headers without secrets be', async () => {
    const files = {
      'config.yaml': document(
        'mine',
        `rowloom:
  providers:
    - name: mine
      endpoint: http://x/v1
      extra_headers: { Authorization: "Bearer \${MY_TOKEN}", X-Title: Tickets }
`,
      ),
    };
    const { settings } = await prepareFiles(files, { environment: { MY_TOKEN: 'secret' } });
    expect(settings.providers[0]?.headers).toEqual({
      Authorization: `Bearer \${MY_TOKEN}`,
      'X-Title': 'Tickets',
    });
  });

  it('is simulated as a whole with --simulate: no key, no file, no name is needed', async () => {
    const files = { 'config.yaml': document('nobody-knows') };
    const { plan, settings } = await prepareFiles(files, { isSimulated: true });
    expect(settings.providers).toEqual([
      {
        name: 'nobody-knows',
        type: 'simulated',
        endpoint: null,
        apiKeyVariable: null,
        headers: {},
        simulation: { latencyMs: 0, jitter: 1, errorRate: 0, busyRate: 0 },
      },
    ]);
    expect(plan.models.m?.providerType).toBe('simulated');
  });

  it('never shows in a message what could be a key', async () => {
    const secret = 'sk-1234567890abcdef';
    const files = {
      'config.yaml': document(
        'mine',
        `rowloom:
  providers:
    - name: mine
      endpoint: http://user:${secret}@x/v1
      api_key: ${secret}
      extra_headers: { Authorization: Bearer ${secret} }
      extra_body: { api_key: ${secret} }
`,
      ),
    };
    const says = await violationsOf(files);
    expect(says).toHaveLength(4);
    expect(says.join()).not.toContain(secret);
  });
});
