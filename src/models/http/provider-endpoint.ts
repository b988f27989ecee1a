// Calls to one provider over HTTP: the key and the headers they carry, and what an answer means that is none.
// What is sent and how it is read is the protocol's; it comes in with each call.

import { hash } from 'node:crypto';
import { type FailureClass, ModelError } from '../../errors.ts';
import { isLoopback } from '../../proxies.ts';
import { failureOfStatus, isAboutKey, parseRetryAfter, quote } from '../failures.ts';
import type { CallRequest } from '../model-client.ts';
import type { ConnectionOptions } from './connections.ts';
import { type HttpAnswer, HttpEndpoint } from './http-endpoint.ts';

export interface ProviderEndpointOptions extends ConnectionOptions {
  /** What routes are added to; a query stays behind them. */
  readonly endpoint: string;
  readonly apiKey: string | null;
  /** The environment variable that holds the key: named where the key is refused. */
  readonly apiKeyVariable: string | null;
  /** The provider's own, as its user wrote them: they replace those of `standing`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Those that the protocol asks for, with the key in one of them. */
  readonly standing: Readonly<Record<string, string>>;
}

/** What an endpoint says went wrong. `status` is an HTTP status, where it names one. */
export interface SaidError {
  readonly message: string;
  readonly status: number | null;
}

/** An answer, with the endpoint's own name for it, or an error in its place. */
export type Said<Answer> =
  | { readonly answer: Answer; readonly id: string | null; readonly error: null }
  | { readonly answer: null; readonly error: SaidError };

export interface ProviderCall<Answer> {
  readonly route: string;
  readonly body: string;
  /** Whether the body has a schema that the endpoint may not take. */
  readonly hasSchema: boolean;
  readonly maxAnswerBytes?: number;
  /** Reads the body of an answer with status 200. Null for what is neither an answer nor an error. */
  readonly read: (text: string) => Said<Answer> | null;
  /** Reads the body of any other. */
  readonly readError: (text: string) => SaidError;
  /** What `read` looks for. */
  readonly wanted: string;
}

export class ProviderEndpoint {
  readonly host: string;
  readonly #http: HttpEndpoint;
  readonly #secrets: readonly string[];
  readonly #apiKeyVariable: string | null;
  readonly #isLoopback: boolean;
  readonly #repeats = new Repeats();

  /** Throws `TypeError` for an endpoint that is no URL, `ConfigError` for such a proxy. */
  constructor(options: ProviderEndpointOptions) {
    const { environment, maxConnections } = options;
    const url = new URL(options.endpoint);
    this.host = url.host;
    this.#http = new HttpEndpoint(url, { headers: headersOf(options), environment, maxConnections });
    this.#secrets = secretsOf(options);
    this.#apiKeyVariable = options.apiKeyVariable;
    this.#isLoopback = isLoopback(url);
  }

  /** Throws `ModelError` for all that is no answer. */
  async call<Answer>(
    { cell, timeoutMs, signal }: Pick<CallRequest, 'cell' | 'timeoutMs' | 'signal'>,
    { route, body, hasSchema, maxAnswerBytes, read, readError, wanted }: ProviderCall<Answer>,
  ): Promise<Answer> {
    // Header values hold Latin-1 only.
    const headers = this.#isLoopback
      ? ['x-rowloom-cell', `${encodeURIComponent(cell.column)}/${cell.row}`]
      : [];
    const http = await this.#http.post({ route, body, headers, timeoutMs, signal, maxAnswerBytes });
    const { status, text, unread } = http;
    if (status >= 300) throw this.#refused(http, { status, message: readError(text).message, hasSchema });
    if (unread !== null) throw this.#failed(status, text, unread);
    const said = read(text);
    if (said === null)
      throw this.#failed(status, text === '' ? 'nothing' : `what is no ${wanted}: ${this.quote(text)}`);
    if (said.error !== null) {
      const { message, status: saidStatus } = said.error;
      if (saidStatus !== null) throw this.#refused(http, { status: saidStatus, message, hasSchema });
      throw this.#failed(status, `an error: ${this.quote(message)}`);
    }
    if (this.#repeats.has(http.connection, { id: said.id, body })) {
      this.#http.distrust();
      throw this.#failed(status, 'its answer to an earlier call once more');
    }
    return said.answer;
  }

  /** The endpoint's words for people. */
  quote(text: string): string {
    return quote(text, this.#secrets);
  }

  /** Ends all connections, calls in flight too. */
  close(): Promise<void> {
    return this.#http.close();
  }

  #failed(status: number, what: string, failure: FailureClass = 'unavailable'): ModelError {
    return new ModelError(`${this.host} answered ${status} with ${what}`, { failure, status });
  }

  /** The message names no header, no body of ours and no address but the host: nothing that could be a secret. */
  #refused(
    { headers, text }: HttpAnswer,
    of: { readonly status: number; readonly message: string; readonly hasSchema: boolean },
  ): ModelError {
    const { status, message, hasSchema } = of;
    const retryAfterMs = parseRetryAfter(String(headers['retry-after'] ?? ''), Date.now());
    const failure = failureOfStatus(status, { text, hasSchema, retryAfterMs });
    const isKeyRefused = isAboutKey({ status, message }) || (status === 403 && failure !== 'input');
    const variable = this.#apiKeyVariable;
    const source = isKeyRefused && variable !== null ? ` · the key is that of ${variable}` : '';
    const words = `${this.host} answered ${status}: ${this.quote(message)}${source}`;
    return new ModelError(words, { failure, status, retryAfterMs });
  }
}

/** Shorter words of a header are no secrets: `2`, `Bearer`. */
const MIN_SECRET_LENGTH = 7;

/** What no message shows. Endpoints repeat the token of a header without the `Bearer` before it. */
function secretsOf({ endpoint, apiKey, headers }: ProviderEndpointOptions): readonly string[] {
  const words = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  const given = [apiKey ?? '', new URL(endpoint).password].filter((secret) => secret !== '');
  return [...given, ...words.filter(({ length }) => length >= MIN_SECRET_LENGTH)];
}

/** Names and values in turn. */
function headersOf({ headers, standing }: ProviderEndpointOptions): readonly string[] {
  const own = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return Object.entries({
    'content-type': 'application/json',
    // Some firewalls take nothing without one.
    'user-agent': 'rowloom',
    ...standing,
    ...Object.fromEntries(own),
  }).flat();
}

/** Shorter ids, such as `1`, some endpoints give to answer after answer. */
const MIN_ID_LENGTH = 16;

/** Tells an answer that a connection brings twice, the second time as that to another request. */
class Repeats {
  /** The last answer of each connection. */
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
