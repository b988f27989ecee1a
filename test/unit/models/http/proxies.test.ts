import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { ModelError } from '../../../../src/errors.ts';
import type { ChatRequest } from '../../../../src/models/model-client.ts';
import { createOpenAIClient } from '../../../../src/models/providers/openai/client.ts';
import { isExcepted, isLoopback } from '../../../../src/proxies.ts';
import { startMockModelServer } from '../../../support/mock-model-server.ts';
import { requestOf } from '../../../support/raw-endpoint.ts';

const mock = await startMockModelServer();
afterAll(() => mock.close());

it.each([
  'localhost',
  'LOCALHOST',
  'a.localhost',
  '127.0.0.1',
  '127.9.9.9',
  '127.1',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
])('%s is this machine', (host) => {
  expect(isLoopback(new URL(`http://${host}:8000/v1`))).toBe(true);
});

it.each([
  'localhost.example.com',
  'notlocalhost',
  '10.0.0.1',
  '128.0.0.1',
  '127.0.0.1.example.com',
  '[::2]',
  '[::ffff:10.0.0.1]',
])('%s is another machine', (host) => {
  expect(isLoopback(new URL(`http://${host}:8000/v1`))).toBe(false);
});

describe('NO_PROXY', () => {
  const HOST = 'https://api.Example.com/v1';
  it.each([
    [HOST, '*'],
    [HOST, 'a.com, *'],
    [HOST, 'example.com'],
    [HOST, '.example.com'],
    [HOST, '*.example.com'],
    [HOST, 'EXAMPLE.com'],
    [HOST, 'api.example.com:443'],
    [HOST, 'x,  api.example.com ,y'],
    [HOST, 'x y\tapi.example.com'],
    ['http://api.example.com./v1', 'api.example.com:80'],
    ['http://api.example.com:8000/v1', '.example.com:8000'],
    ['http://10.1.2.3/v1', '10.1.2.3'],
    ['http://10.1.2.3/v1', '10.0.0.0/8'],
    ['http://10.1.2.3:8000/v1', '10.1.2.3:8000'],
    ['http://[fd00::1]/v1', 'fd00::1'],
    ['http://[fd00::1]/v1', '[fd00::1]:80'],
    ['http://[fd00::1]/v1', 'fd00::/8'],
  ])('names %s with %j', (url, list) => {
    expect(isExcepted(new URL(url), list)).toBe(true);
  });

  it.each([
    [HOST, ''],
    [HOST, ' , '],
    [HOST, '.'],
    [HOST, 'ample.com'],
    [HOST, 'api.example.com:80'],
    [HOST, 'b.api.example.com'],
    [HOST, '10.0.0.0/8'],
    ['http://10.1.2.3/v1', '11.0.0.0/8'],
    ['http://10.1.2.3/v1', '10.0.0.0/99'],
    ['http://10.1.2.3/v1', '2.3'],
    ['http://[fd00::1]/v1', '10.0.0.0/8'],
  ])('does not name %s with %j', (url, list) => {
    expect(isExcepted(new URL(url), list)).toBe(false);
  });
});

describe('a proxy', () => {
  it('that the environment names is asked for what is elsewhere, unless NO_PROXY has it', async () => {
    // It leads every host to the mock.
    const proxy = await serveProxy((socket) => {
      const upstream = connect(Number(new URL(mock.endpoint).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    const environment = {
      http_proxy: `http://${proxy.host}`,
      HTTP_PROXY: 'other',
      NO_PROXY: 'inside.invalid',
    };
    const text = await ask(mock.endpoint, {});
    expect(await ask('http://models.invalid/v1', environment)).toBe(text);
    expect(await ask('http://inside.invalid/v1', environment)).toMatch(/^No answer from inside.invalid: /);
    expect(await ask(mock.endpoint, environment)).toBe(text);
    expect(proxy.asked).toEqual(['models.invalid:80']);
    proxy.close();
  });

  it('has one for https, with a name and a password, and with or without a scheme', async () => {
    const proxy = await serveProxy((socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    for (const address of [`http://me:s3cret@${proxy.host}`, `me:s3cret@${proxy.host}`]) {
      expect(await ask('https://models.invalid/v1', { HTTPS_PROXY: address })).toBe(
        'No answer from models.invalid: Proxy response (407) !== 200 when HTTP Tunneling',
      );
    }
    expect(proxy.asked).toEqual(['models.invalid:443', 'models.invalid:443']);
    expect(proxy.keys).toEqual(Array(2).fill(`Basic ${btoa('me:s3cret')}`));
    proxy.close();
  });

  it('that never answers takes no call longer than its deadline', async () => {
    const proxy = await serveProxy(() => undefined);
    const environment = { HTTPS_PROXY: proxy.host };
    const late = await ask('https://models.invalid/v1', environment, { timeoutMs: 30 });
    expect(late).toMatch(/: none within 0.03 s/);
    const caller = new AbortController();
    setTimeout(() => caller.abort(), 30);
    const { signal } = caller;
    expect(await ask('https://models.invalid/v1', environment, { signal })).toMatch(/it was cancelled$/);
    proxy.close();
  });

  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])(
    'of %s is not asked for this machine',
    async (name) => {
      const text = await ask(mock.endpoint, {});
      for (const host of ['127.0.0.1', 'localhost', '0.0.0.0']) {
        const endpoint = mock.endpoint.replace('127.0.0.1', host);
        expect(await ask(endpoint, { [name]: 'http://127.0.0.1:9' })).toBe(text);
        expect(await ask('http://models.invalid/v1', { [name]: 'http://127.0.0.1:9' })).toMatch(
          /: 127.0.0.1:9 refuses connections$/,
        );
      }
    },
  );

  it.each(['http://[', 'ftp://proxy:1'])(
    'called %j is refused before any call, by the name of its variable',
    (address) => {
      const environment = { HTTPS_PROXY: address };
      const open = () =>
        createOpenAIClient({ endpoint: 'https://m.invalid', apiKey: null, headers: {}, environment });
      expect(open).toThrow('HTTPS_PROXY is no address of a proxy such as http://proxy.example.com:8080');
    },
  );

  /** The text of the answer, or what went wrong. */
  async function ask(
    endpoint: string,
    environment: Record<string, string>,
    overrides: Partial<ChatRequest> = {},
  ): Promise<string> {
    const through = createOpenAIClient({ endpoint, apiKey: null, headers: {}, environment });
    try {
      return (await through.chat(requestOf(overrides))).text;
    } catch (error) {
      return (error as ModelError).message;
    } finally {
      await through.close();
    }
  }
});

/** A proxy that does this with each tunnel it is asked for. */
async function serveProxy(onTunnel: (socket: Socket) => void) {
  const asked: string[] = [];
  const keys: (string | undefined)[] = [];
  const server = createServer().on('connect', (request, socket: Socket) => {
    asked.push(request.url!);
    keys.push(request.headers['proxy-authorization']);
    onTunnel(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, asked, keys, close: () => server.close() };
}
