// Asks models at every endpoint that speaks as Anthropic's Messages API does.

import { ModelError } from '../../../errors.ts';
import { formatJson } from '../../../values.ts';
import { download } from '../../http/download.ts';
import { ProviderEndpoint } from '../../http/provider-endpoint.ts';
import type { ModelClient } from '../../model-client.ts';
import type { ClientOptions } from '../provider-kind.ts';
import { chatBody, chatCall, headersOf } from './protocol.ts';

/** Throws `TypeError` for an endpoint that is no URL, `ConfigError` for a proxy that is none. */
export function openClient(options: ClientOptions): ModelClient {
  const { provider, apiKey, environment } = options;
  const { endpoint: address, apiKeyVariable } = provider;
  if (address === null) throw new RangeError(`No endpoint for the provider "${provider.name}"`);
  const standing = headersOf(apiKey);
  const endpoint = new ProviderEndpoint({ ...options, endpoint: address, apiKeyVariable, standing });
  const call = chatCall(address);
  return {
    host: endpoint.host,
    async chat(request) {
      const answer = await endpoint.call(request, { ...call, body: formatJson(chatBody(request)) });
      const { finishReason } = answer;
      return finishReason === null ? answer : { ...answer, finishReason: endpoint.quote(finishReason) };
    },
    // Documents that ask for these are refused: see `makes` of the kind.
    embed: async () => refuse('embeddings'),
    picture: async () => refuse('pictures'),
    fetch: (url, request) => download(url, { ...request, environment }),
    close: () => endpoint.close(),
  };
}

function refuse(what: string): never {
  throw new ModelError(`Cannot ask: Anthropic's models make no ${what}`, { failure: 'rejected' });
}
