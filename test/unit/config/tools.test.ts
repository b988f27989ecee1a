import { describe, expect, it } from 'vitest';
import { openToolServer } from '../../../src/config/tool-servers.ts';
import { temporaryFolder } from '../store/support.ts';
import { type Changes, type Files, prepareFiles, violationsOf, writeFiles } from './prepared.ts';

const document = (tools: string, more = '') => `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, prompt: "{{ id }}", model_alias: m, tool_alias: look, with_trace: all_messages }
model_configs: [{ alias: m, model: x, provider: p }]
tool_configs:
  - ${tools}
rowloom:
  providers: [{ name: p, provider_type: simulated }]
${more}`;
const USES_KB = '{ tool_alias: look, providers: [kb] }';
/** As Data Designer writes its file. */
const DATA_DESIGNERS = `providers:
- name: kb
  command: uvx
  args: [kb-server, --token, secret-of-args]
  env:
    KB_KEY: secret-of-env
  provider_type: stdio
- name: web
  endpoint: https://example.com/mcp?key=secret-of-url
  api_key: secret-of-key
  provider_type: streamable_http
`;

async function bodyOf(files: Files, changes: Changes = {}) {
  const { plan, settings, ...more } = await prepareFiles(files, changes);
  const column = plan.columns.find(({ name }) => name === 'body')!;
  return { plan, settings, column, form: column.form as { readonly tools?: object }, ...more };
}

describe('tools', () => {
  const foreign = { 'home/.data-designer/mcp_providers.yaml': DATA_DESIGNERS };

  it("are served by those of Data Designer's file, which leaves no trace in plan and settings", async () => {
    const both = '{ tool_alias: look, providers: [kb, web] }';
    const { plan, settings, form } = await bodyOf({ 'config.yaml': document(both), ...foreign });
    expect(form.tools).toEqual({ servers: ['kb', 'web'], maxTurns: 5 });
    expect(settings.tools).toEqual({
      servers: [
        { name: 'kb', remote: null },
        { name: 'web', remote: null },
      ],
      aliases: { look: { use: form.tools, timeoutMs: 60_000 } },
    });
    expect(JSON.stringify([plan, settings])).not.toMatch(/secret|uvx|example\.com/);
  });

  it("are served by those of Rowloom's own file first, and by those of the document before them", async () => {
    const own = {
      'home/.config/rowloom/providers.yaml':
        'providers: []\nmcp_providers: [{ name: kb, endpoint: "http://own/sse" }]\n',
    };
    const files = { 'config.yaml': document(USES_KB), ...own, ...foreign };
    expect((await bodyOf(files)).settings.tools?.servers).toEqual([{ name: 'kb', remote: null }]);
    const inDocument = document(
      USES_KB,
      '  mcp_providers: [{ name: kb, endpoint: "http://doc/sse", api_key: KB_KEY }]\n',
    );
    const { settings } = await bodyOf(
      { 'config.yaml': inDocument, ...own },
      { environment: { KB_KEY: 'secret' } },
    );
    expect(settings.tools?.servers).toEqual([
      { name: 'kb', remote: { type: 'sse', endpoint: 'http://doc/sse', apiKeyVariable: 'KB_KEY' } },
    ]);
  });

  it('have limits of their own, and stand in the document of the dataset', async () => {
    const limited =
      '{ tool_alias: look, providers: [kb], allow_tools: [search, list], max_tool_call_turns: 2, timeout_sec: 2.5 }';
    const { form, settings, config } = await bodyOf({ 'config.yaml': document(limited), ...foreign });
    expect(form.tools).toEqual({ servers: ['kb'], allowed: ['list', 'search'], maxTurns: 2 });
    expect(settings.tools?.aliases.look?.timeoutMs).toBe(2_500);
    expect(config.tools).toEqual([
      {
        tool_alias: 'look',
        providers: ['kb'],
        allow_tools: ['search', 'list'],
        max_tool_call_turns: 2,
        timeout_sec: 2.5,
      },
    ]);
  });

  it('are all allowed by an empty list, as in Data Designer', async () => {
    const none = '{ tool_alias: look, providers: [kb], allow_tools: [] }';
    const { form } = await bodyOf({ 'config.yaml': document(none), ...foreign });
    expect(form.tools).toEqual({ servers: ['kb'], maxTurns: 5 });
  });

  it('of simulated models are not called, so that nobody has to serve them', async () => {
    const { form, settings } = await bodyOf({ 'config.yaml': document(USES_KB) }, { isSimulated: true });
    expect(form.tools).toEqual({ servers: ['kb'], maxTurns: 5 });
    expect(settings.tools).toBeUndefined();
  });

  it.each([
    [
      'that nobody serves',
      {},
      'error config.yaml:6:37 tools "look": no MCP provider "kb" (in providers): describe it under mcp_providers in ~/.config/rowloom/providers.yaml',
    ],
    [
      'whose provider is broken',
      { 'home/.data-designer/mcp_providers.yaml': 'providers: [{ name: kb, command: [a] }]' },
      'error ~/.data-designer/mcp_providers.yaml:1:34 provider "kb": command has to be text, not a list',
    ],
    [
      'whose key is not set',
      {
        'home/.data-designer/mcp_providers.yaml':
          'providers: [{ name: kb, endpoint: "http://a", api_key: KB_KEY }]',
      },
      'error KB_KEY is not set (MCP provider "kb") · to try without: --simulate',
    ],
  ])('%s are refused', async (_, files, says) => {
    expect(await violationsOf({ 'config.yaml': document(USES_KB), ...files })).toEqual([says]);
  });
});

describe('the process that asks a server', () => {
  it('reads how in the files of its user', async () => {
    const home = await temporaryFolder();
    await writeFiles(home, { '.data-designer/mcp_providers.yaml': DATA_DESIGNERS });
    const places = { environment: {}, home, cwd: home };
    const program = await openToolServer({ name: 'kb', remote: null }, places);
    expect(program).toEqual({
      ...{ name: 'kb', host: null, secrets: ['secret-of-env'] },
      transport: {
        ...{ type: 'stdio', command: 'uvx', args: ['kb-server', '--token', 'secret-of-args'] },
        env: { KB_KEY: 'secret-of-env' },
      },
    });
    const address = await openToolServer({ name: 'web', remote: null }, places);
    expect(address).toMatchObject({
      host: 'example.com',
      secrets: ['secret-of-key', 'secret-of-url'],
      transport: { apiKey: 'secret-of-key' },
    });
    await expect(openToolServer({ name: 'none', remote: null }, places)).rejects.toThrow(
      'no MCP provider "none" here',
    );
  });
});
