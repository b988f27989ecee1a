// Asks models over HTTP, at every endpoint that speaks as OpenAI's does.

import { hash } from 'node:crypto';
import type { FailureClass } from '../../../errors.ts';
import { ModelError } from '../../../errors.ts';
import { type Environment, isLoopback } from '../../../proxies.ts';
import { formatJson } from '../../../values.ts';
import { failureOfStatus, isAboutKey, parseRetryAfter, quote } from '../../failures.ts';
import type { ModelClient, ModelRequest } from '../../model-client.ts';
import { type HttpAnswer, HttpEndpoint } from './http.ts';
import { bodyOf, readCompletion, readError } from './protocol.ts';

export interface OpenAIClientOptions {
  /** Up to and without `/chat/completions`; a query stays behind that. */
  readonly endpoint: string;
  readonly apiKey: string | null;
  /** The environment variable that holds the key: named where the key is refused. */
  readonly apiKeyVariable?: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Names the proxies: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in small letters too. None by default. */
  readonly environment?: Environment;
  /** Connections at a time; as many as are needed by default. */
  readonly maxConnections?: number;
}

export interface OpenAIClient extends ModelClient {
  /** Ends all connections, calls in flight too. */
  close(): Promise<void>;
}

/** Throws `TypeError` for an endpoint that is no URL, `ConfigError` for such a proxy. */
export function createOpenAIClient(options: OpenAIClientOptions): OpenAIClient {
  const { endpoint, apiKeyVariable = null, environment = {}, maxConnections = null } = options;
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  const { host } = url;
  const secrets = secretsOf(options);
  const http = new HttpEndpoint(url, { headers: headersOf(options), environment, maxConnections });
  const repeats = new Repeats();

  return {
    host,
    isSimulated: false,
    async ask(request) {
      const body = formatJson(bodyOf(request));
      const headers = isLoopback(url) ? ['x-rowloom-cell', cellName(request)] : [];
      const answer = await http.post({ body, headers, timeoutMs: request.timeoutMs, signal: request.signal });
      const { status, text, unread } = answer;
      if (status >= 300) throw refused(answer, { status, message: readError(text).message, request });
      if (unread !== null) throw failed(status, { failure: unread, what: text });
      const completion = readCompletion(text);
      if (completion === null)
        throw failed(status, {
          what: text === '' ? 'nothing' : `what is no chat completion: ${quote(text, secrets)}`,
        });
      if (completion.error === null) {
        if (repeats.has(answer.connection, { id: completion.id, body })) {
          http.distrust();
          throw failed(status, { what: 'its answer to an earlier call once more' });
        }
        const { finishReason } = completion.answer;
        return { ...completion.answer, finishReason: finishReason && quote(finishReason, secrets) };
      }
      const { message, status: said } = completion.error;
      if (said !== null) throw refused(answer, { status: said, message, request });
      throw failed(status, { what: `an error: ${quote(message, secrets)}` });
    },
    close: () => http.close(),
  };

  function failed(
    status: number,
    { failure = 'unavailable', what }: { readonly failure?: FailureClass; readonly what: string },
  ): ModelError {
    return new ModelError(`${host} answered ${status} with ${what}`, { failure, status });
  }

  /** The message names no header, no body of ours and no address but the host: nothing that could be a secret. */
  function refused(
    { headers, text }: HttpAnswer,
    {
      status,
      message,
      request,
    }: { readonly status: number; readonly message: string; readonly request: ModelRequest },
  ): ModelError {
    const retryAfterMs = parseRetryAfter(String(headers['retry-after'] ?? ''), Date.now());
    const hasSchema = request.responseSchema !== null;
    const failure = failureOfStatus(status, { text, hasSchema, retryAfterMs });
    const isKeyRefused = isAboutKey({ status, message }) || (status === 403 && failure !== 'input');
    const source = isKeyRefused && apiKeyVariable !== null ? ` · the key is that of ${apiKeyVariable}` : '';
    return new ModelError(`${host} answered ${status}: ${quote(message, secrets)}${source}`, {
      failure,
      status,
      retryAfterMs,
    });
  }
}

/** Shorter ones are no secrets: `2`, `Bearer`. */
const MIN_SECRET_LENGTH = 7;

/** What no message shows. Endpoints repeat the token of a header without the `Bearer` before it. */
function secretsOf({ endpoint, apiKey, headers }: OpenAIClientOptions): readonly string[] {
  const words = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  const given = [apiKey ?? '', new URL(endpoint).password].filter((secret) => secret !== '');
  return [...given, ...words.filter(({ length }) => length >= MIN_SECRET_LENGTH)];
}

/** Names and values in turn: the provider's own headers stand in place of ours. */
function headersOf({ apiKey, headers }: OpenAIClientOptions): readonly string[] {
  const own = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return Object.entries({
    'content-type': 'application/json',
    // Some firewalls take nothing without one.
    'user-agent': 'rowloom',
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    ...Object.fromEntries(own),
  }).flat();
}

/** Header values hold Latin-1 only. */
function cellName({ cell }: ModelRequest): string {
  return `${encodeURIComponent(cell.column)}/${cell.row}`;
}

/** Shorter ids, such as `1`, are given again and again. */
const MIN_ID_LENGTH = 16;

/** Tells an answer that a connection brings twice, the second time as that to another request. */
class Repeats {
  /** By connection. */
  readonly #last = new WeakMap<object, { readonly id: string; readonly request: string }>();

  has(connection: object, { id, body }: { readonly id: string | null; readonly body: string }): boolean {
    if (id === null || id.length < MIN_ID_LENGTH) return false;
    const last = this.#last.get(connection);
    const request = hash('sha1', body);
    this.#last.set(connection, { id, request });
    // Caches give the answer to the same request again, with its id.
    return last?.id === id && last.request !== request;
  }
}
