// Asks models at every endpoint that speaks as OpenAI's does.

import type { Environment } from '../../../proxies.ts';
import { formatJson } from '../../../values.ts';
import { download } from '../../http/download.ts';
import { ProviderEndpoint } from '../../http/provider-endpoint.ts';
import type { ModelClient } from '../../model-client.ts';
import type { ClientOptions } from '../provider-kind.ts';
import { imageCall } from './images.ts';
import { CHAT_CALL, chatBody, embeddingsBody, embeddingsCall } from './protocol.ts';

export interface OpenAIClientOptions {
  /** Up to and without `/chat/completions`; a query stays behind that. */
  readonly endpoint: string;
  readonly apiKey: string | null;
  readonly apiKeyVariable?: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Names the proxies: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in small letters too. None by default. */
  readonly environment?: Environment;
  /** Connections at a time; as many as are needed by default. */
  readonly maxConnections?: number | null;
}

export function openClient({ provider, ...options }: ClientOptions): ModelClient {
  const { name, endpoint, apiKeyVariable } = provider;
  if (endpoint === null) throw new RangeError(`No endpoint for the provider "${name}"`);
  return createOpenAIClient({ ...options, endpoint, apiKeyVariable });
}

/** Throws `TypeError` for an endpoint that is no URL, `ConfigError` for such a proxy. */
export function createOpenAIClient(options: OpenAIClientOptions): ModelClient {
  const { apiKey, apiKeyVariable = null, environment = {}, maxConnections = null } = options;
  const standing = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const endpoint = new ProviderEndpoint({
    ...options,
    ...{ apiKeyVariable, environment, maxConnections, standing },
  });
  return {
    host: endpoint.host,
    async chat(request) {
      const body = formatJson(chatBody(request));
      const hasSchema = request.responseSchema !== null;
      const answer = await endpoint.call(request, { ...CHAT_CALL, body, hasSchema });
      const { finishReason } = answer;
      return finishReason === null ? answer : { ...answer, finishReason: endpoint.quote(finishReason) };
    },
    embed(request) {
      const body = formatJson(embeddingsBody(request));
      return endpoint.call(request, { ...embeddingsCall(request.inputs.length), body, hasSchema: false });
    },
    picture(request) {
      const { body, ...call } = imageCall(request);
      return endpoint.call(request, { ...call, body: formatJson(body) });
    },
    fetch: (url, request) => download(url, { ...request, environment }),
    close: () => endpoint.close(),
  };
}
