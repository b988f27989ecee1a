// Services of users that are no models: each at one address, asked by POST, and what it answers is for who asked.

import type { Environment } from '../../proxies.ts';
import type { CallRequest } from '../model-client.ts';
import { ProviderEndpoint } from './provider-endpoint.ts';

export interface ServiceRequest extends Pick<CallRequest, 'timeoutMs' | 'signal' | 'cell'> {
  readonly url: string;
  /** JSON text. */
  readonly body: string;
}

export class Services {
  readonly #environment: Environment;
  readonly #endpoints = new Map<string, ProviderEndpoint>();

  /** The environment names proxies. */
  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The body of an answer that is no refusal. Throws `ModelError` for all others, `ConfigError` for a wrong proxy. */
  post({ url, body, ...request }: ServiceRequest): Promise<string> {
    // An endpoint's path ends without a slash, so that routes can be added to it.
    const route = new URL(url).pathname.endsWith('/') ? '/' : '';
    return this.#endpointOf(url).call(request, {
      ...{ route, body, hasSchema: false, wanted: 'answer' },
      read: (text) => ({ answer: text, id: null, error: null }),
      readError: (text) => ({ message: text, status: null }),
    });
  }

  /** Ends calls in flight too. */
  async close(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.close()));
  }

  #endpointOf(url: string): ProviderEndpoint {
    const found = this.#endpoints.get(url);
    if (found !== undefined) return found;
    const opened = new ProviderEndpoint({
      ...{ endpoint: url, apiKey: null, apiKeyVariable: null, headers: {}, standing: {} },
      ...{ environment: this.#environment, maxConnections: null },
    });
    this.#endpoints.set(url, opened);
    return opened;
  }
}
