// Through which proxy a Temporal server is reached. Temporal has two libraries for that: of the variables one reads those in
// small letters by itself, for every address, and the other none. So both are told.

import { BlockList, isIP } from 'node:net';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { ServerError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { ResolvedServer } from './connect.ts';
import type { Environment } from './find-temporal-binary.ts';

type Reached = Pick<ResolvedServer, 'connectionOptions' | 'environment'>;

const PROXIES = ['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy'];
const EXCEPTIONS = ['no_grpc_proxy', 'no_proxy'];
const DEFAULT_PORT = 7233;

/** For `Connection.connect`. Throws `ServerError` for a proxy of a kind that Temporal's libraries do not know. */
export function clientOptions({ connectionOptions, environment }: Reached): ConnectionOptions {
  const proxy = findProxy(connectionOptions.address, environment);
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
  const proxy = findProxy(connectionOptions.address, environment);
  if (proxy === undefined) return connectionOptions;
  const [username, password = ''] = credentialsOf(proxy);
  const basicAuth = username === '' ? {} : { basicAuth: { username, password } };
  return {
    ...connectionOptions,
    proxy: { type: 'http-connect', targetHost: hostOf(proxy), ...basicAuth },
  };
}

/** Undefined where the server is reached directly: on this machine, or named as an exception. */
export function findProxy(address: string, environment: Environment): URL | undefined {
  const target = new URL(`http://${withPort(address)}`);
  const variable = PROXIES.find((name) => read(name, environment) !== '');
  if (variable === undefined || isLoopback(target.hostname)) return undefined;
  const exceptions = EXCEPTIONS.map((name) => read(name, environment)).find((list) => list !== '') ?? '';
  if (exceptions.split(/[\s,]+/).some((entry) => entry !== '' && isNamedBy(entry, target))) return undefined;
  const text = read(variable, environment);
  const url = /^[a-z][\w+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(url) && new URL(url).protocol === 'http:') return new URL(url);
  throw new ServerError(
    `Cannot reach the Temporal server at ${address}: of the proxies, which ${variable} names, only those that begin with http:// can be used. Name ${target.hostname} in NO_PROXY to do without`,
  );
}

/** A variable in small letters or in capitals; empty where there is none. */
function read(name: string, environment: Environment): string {
  return (findOwn(environment, name) || findOwn(environment, name.toUpperCase()) || '').trim();
}

function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || /^(.+\.)?localhost$|^127\./.test(hostname);
}

/** An entry of NO_PROXY: `*`, a host with all below it, an address or a range of them, each with a port or without. */
function isNamedBy(entry: string, { hostname, port }: URL): boolean {
  if (entry === '*') return true;
  const host = hostname.replace(/^\[|\]$/g, '');
  const [, bracketed, plain, ofPort] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  if (ofPort !== undefined && ofPort !== port) return false;
  const name = (bracketed ?? plain ?? entry).toLowerCase().replace(/^\*?\./, '');
  const [range = '', bits] = name.split('/');
  if (isIP(range) !== 0 && isIP(range) === isIP(host)) {
    const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
    const list = new BlockList();
    const prefix = Number(bits ?? (family === 'ipv6' ? 128 : 32));
    if (!(prefix >= 0 && prefix <= (family === 'ipv6' ? 128 : 32))) return false;
    list.addSubnet(range, prefix, family);
    return list.check(host, family);
  }
  return host === name || host.endsWith(`.${name}`);
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
