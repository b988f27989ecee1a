import { expect, it } from 'vitest';
import type { Environment } from '../../../src/proxies.ts';
import { clientOptions, findServerProxy, workerOptions } from '../../../src/server/proxy.ts';

const PROXY = 'http://proxy.example:3128';

function hostOfProxy(address: string, environment: Environment): string | undefined {
  return findServerProxy(address, environment)?.host;
}

it.each(['127.0.0.1:7234', '127.1.2.3:7233', 'localhost:7233', 'localhost', 'my.localhost:1', '[::1]:7233'])(
  'reaches %s, this machine, without any proxy',
  (address) => {
    for (const name of ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy']) {
      const environment = { [name]: PROXY, [name.toUpperCase()]: PROXY };
      expect(hostOfProxy(address, environment)).toBeUndefined();
      expect(clientOptions({ connectionOptions: { address }, environment })).toEqual({
        address,
        channelArgs: { 'grpc.enable_http_proxy': 0 },
      });
      expect(workerOptions({ connectionOptions: { address }, environment })).toEqual({ address });
    }
  },
);

it.each(['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy', 'GRPC_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'])(
  'reaches another machine through the proxy of %s',
  (name) => {
    expect(hostOfProxy('temporal.example:7233', { [name]: PROXY })).toBe('proxy.example:3128');
    expect(hostOfProxy('temporal.example:7233', { [name]: 'proxy.example:3128' })).toBe('proxy.example:3128');
  },
);

it('tells both libraries the proxy, with its user', () => {
  const place = {
    connectionOptions: { address: 'temporal.example', apiKey: 'k' },
    environment: { HTTPS_PROXY: 'http://me:p%20w@proxy.example' },
  };
  expect(clientOptions(place)).toEqual({
    address: 'proxy.example:80',
    apiKey: 'k',
    channelArgs: {
      'grpc.enable_http_proxy': 0,
      'grpc.http_connect_target': 'dns:temporal.example:7233',
      'grpc.default_authority': 'temporal.example:7233',
      'grpc.http_connect_creds': 'me:p w',
    },
  });
  expect(workerOptions(place)).toEqual({
    address: 'temporal.example',
    apiKey: 'k',
    proxy: {
      type: 'http-connect',
      targetHost: 'proxy.example:80',
      basicAuth: { username: 'me', password: 'p w' },
    },
  });
});

it.each([
  ['temporal.example', true],
  ['TEMPORAL.example', true],
  ['other.example, temporal.example', true],
  ['.example', true],
  ['*.example', true],
  ['example', true],
  ['temporal.example:7233', true],
  ['*', true],
  ['temporal.example:80', false],
  ['poral.example', false],
  ['10.0.0.0/8', false],
  ['', false],
])('heeds NO_PROXY=%s in both spellings', (list, isDirect) => {
  for (const name of ['no_proxy', 'NO_PROXY', 'no_grpc_proxy']) {
    const proxy = hostOfProxy('temporal.example:7233', { https_proxy: PROXY, [name]: list });
    expect(proxy === undefined).toBe(isDirect);
  }
});

it.each([
  ['10.1.2.3:7233', '10.0.0.0/8', true],
  ['10.1.2.3:7233', '10.1.2.3', true],
  ['10.1.2.3:7233', '192.168.0.0/16,10.1.2.0/33', false],
  ['[fd00::5]:7233', 'fd00::/8', true],
  ['[fd00::5]:7233', '[fd00::5]:7233', true],
  ['[fd00::5]:7233', 'fd00::6', false],
])('reaches %s as NO_PROXY=%s says', (address, list, isDirect) => {
  expect(hostOfProxy(address, { http_proxy: PROXY, NO_PROXY: list }) === undefined).toBe(isDirect);
});

it.each(['socks5://proxy.example:1080', 'https://proxy.example', 'http://[broken'])(
  'refuses the proxy %s with what to do, and does not repeat it: it may hold a password',
  (proxy) => {
    expect(() => findServerProxy('temporal.example:7233', { all_proxy: proxy })).toThrow(
      'Cannot reach the Temporal server at temporal.example:7233: of the proxies, which all_proxy names, only those that begin with http:// can be used. Name temporal.example in NO_PROXY to do without',
    );
  },
);
