// Connections to addresses, through the proxies that the environment names.

import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { type Environment, proxyOf } from './proxies.ts';

/** What asks an address is to go through; who opens it closes it. Throws `ConfigError` for a proxy that is no address. */
export function openDispatcher(
  address: URL,
  { environment, ...options }: { readonly environment: Environment } & Agent.Options,
): Dispatcher {
  return dispatcherThrough(proxyOf(address, environment), options);
}

export function dispatcherThrough(proxy: URL | null, options: Agent.Options): Dispatcher {
  return proxy === null ? new Agent(options) : new ProxyAgent({ ...options, uri: proxy.href });
}
