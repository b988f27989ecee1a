// What the environment says about proxies, in the spellings of curl and httpx: names in small letters or in capitals.

import { BlockList, isIP } from 'node:net';
import { ConfigError } from './errors.ts';
import { findOwn } from './own-keys.ts';

export type Environment = { readonly [name: string]: string | undefined };

/**
 * The proxy for an address, and the variable that names it: of those listed the first that is filled counts. Null if it is no
 * URL, with `http://` or without. Undefined where there is none, on this machine, and for what an exception names.
 */
export function findProxy(
  target: URL,
  environment: Environment,
  variables: { readonly proxies: readonly string[]; readonly exceptions: readonly string[] },
): { readonly variable: string; readonly url: URL | null } | undefined {
  const read = (name: string) => readEither(name, environment);
  const variable = variables.proxies.find(read);
  if (variable === undefined || isLoopback(target)) return undefined;
  if (isExcepted(target, variables.exceptions.map(read).find(Boolean) ?? '')) return undefined;
  const text = read(variable);
  const address = /^[a-z][\w+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  return { variable, url: URL.canParse(address) ? new URL(address) : null };
}

/** The proxy to an address; null for none. Throws `ConfigError` for what is no address. */
export function proxyOf(endpoint: URL, environment: Environment): URL | null {
  const ofScheme = endpoint.protocol === 'https:' ? ['HTTPS_PROXY', 'HTTP_PROXY'] : ['HTTP_PROXY'];
  const variables = { proxies: [...ofScheme, 'ALL_PROXY'], exceptions: ['NO_PROXY'] };
  const proxy = findProxy(endpoint, environment, variables);
  if (proxy === undefined) return null;
  if (proxy.url !== null && /^(?:https?|socks5?):$/.test(proxy.url.protocol)) return proxy.url;
  const message = `${proxy.variable} is no address of a proxy such as http://proxy.example.com:8080 (${endpoint.hostname} is asked through it)`;
  throw ConfigError.about(null, message);
}

/** A variable in small letters or, where that is not set or empty, in capitals; empty where there is none. */
function readEither(name: string, environment: Environment): string {
  const read = (spelling: string) => (findOwn(environment, spelling) ?? '').trim();
  return read(name.toLowerCase()) || read(name.toUpperCase());
}

/** Whether an address is this machine, which is never reached through a proxy. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\])$/.test(
    hostname,
  );
}

/**
 * Whether an entry of a NO_PROXY list names an address: `*`, a host with all below it (`example.com`, `.example.com`,
 * `*.example.com`), an address or a network (`10.0.0.0/8`), each with a port or without.
 */
export function isExcepted({ protocol, hostname, port }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const portOf = port !== '' ? port : protocol === 'https:' ? '443' : '80';
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, bracketed, plain, only] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
      if (only !== undefined && only !== portOf) return false;
      const name = (bracketed ?? plain ?? entry).replace(/^\*?\.(?=.)/, '');
      if (name === '*') return true;
      const [address = '', bits] = name.split('/');
      if (isIP(address) !== 0) return isIP(address) === isIP(host) && isInside(host, address, bits);
      return name !== '' && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
    });
}

function isInside(host: string, network: string, bits: string | undefined): boolean {
  const [family, length] = isIP(host) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
  const prefix = Number(bits ?? length);
  if (!(prefix >= 0 && prefix <= length)) return false;
  const block = new BlockList();
  block.addSubnet(network, prefix, family);
  return block.check(host, family);
}
