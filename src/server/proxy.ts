// Through which proxy a Temporal server is reached. Temporal has two libraries for that: of the variables one reads those in
// small letters by itself, for every address, and the other none. So both are told.

import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { ServerError } from '../errors.ts';
import { type Environment, findProxy } from '../proxies.ts';
import type { ResolvedServer } from './resolved-server.ts';

type Reached = Pick<ResolvedServer, 'connectionOptions' | 'environment'>;

const VARIABLES = {
  proxies: ['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy'],
  exceptions: ['no_grpc_proxy', 'no_proxy'],
};
const DEFAULT_PORT = 7233;

/** For `Connection.connect`. Throws `ServerError` for a proxy of a kind that Temporal's libraries do not know. */
export function clientOptions({ connectionOptions, environment }: Reached): ConnectionOptions {
  const proxy = findServerProxy(connectionOptions.address, environment);
  const direct = { 'grpc.enable_http_proxy': 0 };
  if (proxy === undefined) return { ...connectionOptions, channelArgs: direct };
  const target = withPort(connectionOptions.address);
  const credentials =
    proxy.username === '' ? {} : { 'grpc.http_connect_creds': credentialsOf(proxy).join(':') };
  return {
    ...connectionOptions,
    address: hostOf(proxy),
    channelArgs: {
      ...direct,
      'grpc.http_connect_target': `dns:${target}`,
      'grpc.default_authority': target,
      ...credentials,
    },
  };
}

/** For `NativeConnection.connect`. Throws as {@link clientOptions}. */
export function workerOptions({ connectionOptions, environment }: Reached): NativeConnectionOptions {
  const proxy = findServerProxy(connectionOptions.address, environment);
  if (proxy === undefined) return connectionOptions;
  const [username, password = ''] = credentialsOf(proxy);
  const basicAuth = username === '' ? {} : { basicAuth: { username, password } };
  return {
    ...connectionOptions,
    proxy: { type: 'http-connect', targetHost: hostOf(proxy), ...basicAuth },
  };
}

/** Undefined where the server is reached directly: on this machine, or named as an exception. */
export function findServerProxy(address: string, environment: Environment): URL | undefined {
  const target = new URL(`http://${withPort(address)}`);
  const proxy = findProxy(target, environment, VARIABLES);
  if (proxy === undefined || proxy.url?.protocol === 'http:') return proxy?.url ?? undefined;
  throw new ServerError(
    `Cannot reach the Temporal server at ${address}: of the proxies, which ${proxy.variable} names, only those that begin with http:// can be used. Name ${target.hostname} in NO_PROXY to do without`,
  );
}

function withPort(address: string): string {
  return /:\d+$/.test(address) ? address : `${address}:${DEFAULT_PORT}`;
}

function hostOf({ hostname, port }: URL): string {
  return `${hostname}:${port === '' ? 80 : port}`;
}

function credentialsOf({ username, password }: URL): readonly [string, string?] {
  return password === ''
    ? [decodeURIComponent(username)]
    : [decodeURIComponent(username), decodeURIComponent(password)];
}
