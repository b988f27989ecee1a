import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigError, type ModelError } from '../../../src/errors.ts';
import type { ToolServer } from '../../../src/tools/tool-server.ts';
import { ToolServers } from '../../../src/tools/tool-servers.ts';
import { callsIn, startMcpServer, stdioServer } from '../../support/mcp-server.ts';
import { temporaryFolder } from '../store/support.ts';

const SECRET = 'a-key-that-nobody-sees';
const REQUEST = { timeoutMs: 5_000, signal: new AbortController().signal };

function serversOf(server: Omit<ToolServer, 'name' | 'secrets'>): ToolServers {
  const find = async (name: string) => ({ name, secrets: [SECRET], ...server });
  const servers = new ToolServers({ environment: {}, find });
  onTestFinished(() => servers.close());
  return servers;
}

async function stdio() {
  const log = join(await temporaryFolder(), 'calls');
  const transport = { type: 'stdio', ...stdioServer(log), env: { SECRET } } as const;
  return { log, servers: serversOf({ host: null, transport }) };
}

async function http(type: 'streamable_http' | 'sse' = 'streamable_http', apiKey: string | null = null) {
  const server = await startMcpServer();
  onTestFinished(() => server.close());
  const url = new URL(type === 'sse' ? server.endpoint.replace('/mcp', '/sse') : server.endpoint);
  return { server, servers: serversOf({ host: url.host, transport: { type, url, apiKey } }) };
}

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error as ModelError,
  );

describe('a program that serves tools', () => {
  it('is started once, whoever asks, and has its own environment', async () => {
    const { log, servers } = await stdio();
    const ask = (tool: string, args: object) => servers.call('kb', { ...REQUEST, tool, args });
    const [tools, again, ...answers] = await Promise.all([
      ...[servers.list('kb', REQUEST), servers.list('kb', REQUEST)],
      ...[ask('search', { query: 'sun' }), ask('secret', {}), ask('fail', {}), ask('draw', {})],
    ]);
    expect(tools).toBe(again === tools ? again : tools);
    expect((tools as readonly { name: string }[]).map(({ name }) => name)).toEqual([
      ...['search', 'ponder', 'wait', 'fail', 'die', 'draw', 'secret'],
    ]);
    expect((tools as readonly unknown[])[2]).toEqual({
      name: 'wait',
      description: 'Does wait',
      parameters: { type: 'object', properties: { ms: { type: 'integer' } }, required: ['ms'] },
    });
    expect(answers).toEqual([
      ...[{ text: 'Found sun' }, { text: SECRET }, { text: 'No such page' }],
      { text: 'A dot', images: [expect.stringMatching(/^data:image\/png;base64,iVBOR/)] },
    ]);
    expect(callsIn(log)).toContain('search {"query":"sun"}');
  });

  it('that dies during a call is started again, and the call made once more; then its end is the answer', async () => {
    const { log, servers } = await stdio();
    const answer = await servers.call('kb', { ...REQUEST, tool: 'die', args: {} });
    expect(answer.text).toBe(
      "Error: the tool's server ended twice during this call: it ended: Cannot go on without ***",
    );
    expect(callsIn(log)).toEqual(['die {}', 'die {}']);
    expect(await servers.call('kb', { ...REQUEST, tool: 'search', args: { query: 'sun' } })).toEqual({
      text: 'Found sun',
    });
  });

  it('that cannot be run ends the build with a plain reason', async () => {
    const transport = { type: 'stdio', command: '/nowhere/kb', args: [SECRET], env: {} } as const;
    const error = await errorOf(serversOf({ host: null, transport }).list('kb', REQUEST));
    expect(error).toMatchObject({ failure: 'denied' });
    expect(error?.message).toBe('MCP provider "kb" cannot be reached: its command cannot be run');
  });

  it('that ends at its start ends the build, with its last words and without its secrets', async () => {
    const args = ['-e', `console.error("No module named kb, ${SECRET}"); process.exit(1)`];
    const transport = { type: 'stdio', command: process.execPath, args, env: {} } as const;
    const error = await errorOf(serversOf({ host: null, transport }).list('kb', REQUEST));
    expect(error).toMatchObject({ failure: 'denied' });
    expect(error?.message).toBe('MCP provider "kb" cannot be reached: it ended: No module named kb, ***');
  });
});

describe('a server at an address', () => {
  it.each(['streamable_http', 'sse'] as const)('is asked over %s, with its key', async (type) => {
    const { server, servers } = await http(type, SECRET);
    expect(await servers.list('kb', REQUEST)).toHaveLength(7);
    expect(await servers.call('kb', { ...REQUEST, tool: 'search', args: { query: 'sun' } })).toEqual({
      text: 'Found sun',
    });
    expect(server.headers().authorization).toBe(`Bearer ${SECRET}`);
    expect(server.calls).toEqual(['list', 'search {"query":"sun"}']);
  });

  it('that forgot the session is given a new one', async () => {
    const { server, servers } = await http();
    await servers.list('kb', REQUEST);
    const slow = servers.call('kb', { ...REQUEST, timeoutMs: 300, tool: 'die', args: {} });
    expect((await slow).text).toMatch(/^Error: /);
    expect((await servers.call('kb', { ...REQUEST, tool: 'fail', args: {} })).text).toBe('No such page');
    expect(server.calls.at(-1)).toBe('fail {}');
  });

  it('that does not answer now is waited for, and after a minute the build ends', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, servers } = await http();
    server.setStatus(503);
    expect(await errorOf(servers.list('kb', REQUEST))).toMatchObject({ failure: 'unavailable' });
    vi.advanceTimersByTime(60_000);
    const error = await errorOf(servers.list('kb', REQUEST));
    expect(error).toMatchObject({ failure: 'denied' });
    expect(error?.message).toMatch(
      /^MCP provider "kb" at 127\.0\.0\.1:\d+ cannot be reached: it answers with status 503$/,
    );
    server.setStatus(null);
    expect(await servers.list('kb', REQUEST)).toHaveLength(7);
  });

  it('that takes no call now is waited for in the same way', async () => {
    const { server, servers } = await http();
    await servers.list('kb', REQUEST);
    server.setStatus(429);
    const ask = () => servers.call('kb', { ...REQUEST, tool: 'search', args: { query: 'sun' } });
    expect(await errorOf(ask())).toMatchObject({ failure: 'unavailable' });
    server.setStatus(null);
    expect(await ask()).toEqual({ text: 'Found sun' });
  });

  it('that refuses the key ends the build', async () => {
    const { server, servers } = await http();
    server.setStatus(401);
    expect(await errorOf(servers.list('kb', REQUEST))).toMatchObject({ failure: 'denied' });
  });

  it('that answers a call with an error has its words told to the model', async () => {
    const { servers } = await http();
    const answer = await servers.call('kb', { ...REQUEST, tool: 'unknown', args: {} });
    expect(answer.text).toBe('Error: There is no unknown');
  });

  it('that takes too long for a call has that told to the model, and after ten such calls the build ends', async () => {
    const { servers } = await http();
    const ask = () => servers.call('kb', { ...REQUEST, timeoutMs: 50, tool: 'wait', args: { ms: 5_000 } });
    const answers = await Promise.all(Array.from({ length: 9 }, ask));
    expect(answers.map(({ text }) => text)).toEqual(Array(9).fill('Error: no answer within 0.05 s'));
    const error = await errorOf(ask());
    expect(error).toMatchObject({ failure: 'denied' });
    expect(error?.message).toMatch(/answered none of its last 10 calls: no answer within 0\.05 s$/);
  });

  it('is left at once when the call is cut', async () => {
    const { servers } = await http();
    const cut = new AbortController();
    const call = errorOf(
      servers.call('kb', { timeoutMs: 60_000, signal: cut.signal, tool: 'wait', args: { ms: 60_000 } }),
    );
    setTimeout(() => cut.abort(), 100);
    expect(await call).toMatchObject({ failure: 'cancelled' });
  });
});

it('a server that this process knows nothing of ends the build', async () => {
  const find = () => Promise.reject(ConfigError.about(null, 'no MCP provider "kb" here'));
  const error = await errorOf(new ToolServers({ environment: {}, find }).list('kb', REQUEST));
  expect(error).toMatchObject({ failure: 'denied', message: 'no MCP provider "kb" here' });
});
