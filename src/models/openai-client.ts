// Chat completions over HTTP, for every OpenAI-compatible endpoint. The only file that knows the AI SDK and undici.
//
// The SDK builds the call and reads the answer; the body is ours, so that what is digested is what is sent, with whole
// numbers of any size. A whole answer that it refuses, for an odd `created`, is given to it again with no more than is of
// use. Its requests go out through `undici.request`: a call costs 0.17 ms of CPU, and 0.44 ms through `fetch`.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Agent, EnvHttpProxyAgent, request as httpRequest } from 'undici';
import { ModelError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { formatJson, isValueList, isValueObject, type Value } from '../values.ts';
import { cancelled, failureOfStatus, parseRetryAfter, quote, timedOut } from './failures.ts';
import type { ModelAnswer, ModelClient, ModelRequest } from './model-client.ts';
import { allowManyListeners } from './sleep.ts';

export interface OpenAIClientOptions {
  /** Up to and without `/chat/completions`. */
  readonly endpoint: string;
  readonly apiKey: string | null;
  /** The environment variable that holds the key: named where the key is refused. */
  readonly apiKeyVariable?: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Names the proxies: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in small letters too. None by default. */
  readonly environment?: { readonly [name: string]: string | undefined };
}

export interface OpenAIClient extends ModelClient {
  /** Ends all connections, calls in flight too. */
  close(): Promise<void>;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Throws `TypeError` for an endpoint that is no URL. */
export function createOpenAIClient(options: OpenAIClientOptions): OpenAIClient {
  const { endpoint, apiKey, apiKeyVariable = null, headers, environment = {} } = options;
  // Else the SDK prints a warning for every kind of setting that it cannot send.
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  const url = new URL(endpoint);
  const isLoopback = LOOPBACK.test(url.hostname);
  const secrets = secretsOf(options);
  // As many connections as there are calls in flight: the limiters bound those, the signals are their deadlines.
  const limits = { headersTimeout: 0, bodyTimeout: 0 };
  // This machine is never reached through a proxy.
  const agent = isLoopback
    ? new Agent(limits)
    : new EnvHttpProxyAgent({ ...limits, ...proxiesIn(environment) });
  // The signal of a call is what the SDK hands through unchanged: it tells which call is meant.
  const exchanges = new WeakMap<AbortSignal, Exchange>();
  const provider = createOpenAICompatible({
    name: 'endpoint',
    baseURL: endpoint.replace(/\/+$/, ''),
    headers: { ...headers },
    ...(apiKey === null ? {} : { apiKey }),
    supportsStructuredOutputs: true,
    fetch: async (target, init) => {
      const signal = init!.signal!;
      const exchange = exchanges.get(signal)!;
      if (exchange.answer !== null) return responseOf(completionIn(exchange.answer));
      const answer = await httpRequest(String(target), {
        method: 'POST',
        headers: init!.headers as Record<string, string>,
        body: exchange.body,
        signal,
        dispatcher: agent,
      });
      const bytes = await answer.body.bytes();
      exchange.answer = { status: answer.statusCode, headers: answer.headers, bytes };
      return responseOf(exchange.answer);
    },
  });
  const models = new Map<string, ReturnType<typeof provider.chatModel>>();
  const modelOf = (name: string) => {
    const model = models.get(name) ?? provider.chatModel(name);
    models.set(name, model);
    return model;
  };

  return {
    host: url.host,
    isSimulated: false,
    ask: async (request) => {
      if (request.signal.aborted) throw cancelled();
      const exchange: Exchange = { body: formatJson(bodyOf(request)), answer: null };
      const deadline = startDeadline(request);
      exchanges.set(deadline.signal, exchange);
      const generate = async () =>
        modelOf(request.model).doGenerate({
          prompt: [],
          abortSignal: deadline.signal,
          headers: isLoopback ? { 'x-rowloom-cell': cellName(request) } : {},
        });
      try {
        const answer = generate().catch((error) => {
          if (!isSuccess(exchange.answer)) throw error;
          return generate();
        });
        // undici heeds the signal once it has a connection, by sending nothing; a proxy may hold that up for minutes.
        return readAnswer(await Promise.race([answer, deadline.passed]));
      } catch (error) {
        if (request.signal.aborted) throw cancelled();
        throw failure({ error, request, exchange });
      } finally {
        deadline.end();
      }
    },
    close: () => agent.destroy(),
  };

  /** The message names no header, no body of ours and no address but the host: nothing that could be a secret. */
  function failure({ error, request, exchange: { answer } }: Ended): ModelError {
    if (answer === null) {
      const isTimeout = error instanceof Error && error.name === 'TimeoutError';
      if (isTimeout) return timedOut(url.host, request.timeoutMs);
      return new ModelError(`No answer from ${url.host}: ${reasonOf(error)}`, { failure: 'unavailable' });
    }
    const { status, headers, bytes } = answer;
    const text = new TextDecoder().decode(bytes);
    if (isSuccess(answer)) {
      const said = quote(text, secrets);
      return new ModelError(`${url.host} answered ${status} with what is no chat completion: ${said}`, {
        failure: 'unavailable',
        status,
      });
    }
    const isKeyRefused = (status === 401 || status === 403) && apiKeyVariable !== null;
    const source = isKeyRefused ? ` · the key is that of ${apiKeyVariable}` : '';
    return new ModelError(`${url.host} answered ${status}: ${quote(messageIn(text), secrets)}${source}`, {
      failure: failureOfStatus(status, { text, hasSchema: request.responseSchema !== null }),
      status,
      retryAfterMs: parseRetryAfter(String(headers['retry-after'] ?? ''), Date.now()),
    });
  }
}

/** For undici, which would read them of its process. As for curl and httpx a proxy may be named without `http://`. */
function proxiesIn(environment: NonNullable<OpenAIClientOptions['environment']>) {
  const read = (name: string) => findOwn(environment, name.toLowerCase()) ?? findOwn(environment, name) ?? '';
  const proxy = (name: string) => {
    const address = read(name);
    return address === '' || address.includes('://') ? address : `http://${address}`;
  };
  return { httpProxy: proxy('HTTP_PROXY'), httpsProxy: proxy('HTTPS_PROXY'), noProxy: read('NO_PROXY') };
}

/** Shorter ones are no secrets: `2`, `Bearer`. */
const MIN_SECRET_LENGTH = 7;

/** What no message shows. Endpoints repeat the token of a header without the `Bearer` before it. */
function secretsOf({ endpoint, apiKey, headers }: OpenAIClientOptions): readonly string[] {
  const words = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  const given = [apiKey ?? '', new URL(endpoint).password].filter((secret) => secret !== '');
  return [...given, ...words.filter(({ length }) => length >= MIN_SECRET_LENGTH)];
}

interface Deadline {
  readonly signal: AbortSignal;
  /** Rejects when the signal fires. */
  readonly passed: Promise<never>;
  end(): void;
}

/**
 * A signal that fires with the caller's, or when the time is up. By hand: `AbortSignal.timeout` keeps its timer, and
 * `AbortSignal.any` a trace of each call, for as long as the caller's signal lives.
 */
function startDeadline({ signal, timeoutMs }: ModelRequest): Deadline {
  const controller = new AbortController();
  const passed = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  const onAbort = () => controller.abort();
  const timer = setTimeout(() => controller.abort(new DOMException('Too late', 'TimeoutError')), timeoutMs);
  allowManyListeners(signal);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    passed,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

/** One call on its way. `answer` is there once it has come whole. */
interface Exchange {
  readonly body: string;
  answer: HttpAnswer | null;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array;
}

function isSuccess(answer: HttpAnswer | null): boolean {
  return answer !== null && answer.status < 300;
}

interface Ended {
  readonly error: unknown;
  readonly request: ModelRequest;
  readonly exchange: Exchange;
}

function bodyOf({ model, messages, parameters, responseSchema }: ModelRequest): Value {
  const body = { model, messages: messages.map(({ role, content }) => ({ role, content })), ...parameters };
  if (responseSchema === null) return body;
  const { name, schema } = responseSchema;
  const json_schema = { name, schema, strict: isClosed(schema) };
  return { ...body, response_format: { type: 'json_schema', json_schema } };
}

/** Whether the schema obeys the rules under which OpenAI's strict mode takes it: all properties required, no others. */
function isClosed(schema: Value): boolean {
  if (isValueList(schema)) return schema.every(isClosed);
  if (!isValueObject(schema)) return true;
  if (schema.type === 'object') {
    const { properties, required } = schema;
    if (schema.additionalProperties !== false || !isValueObject(properties) || !isValueList(required))
      return false;
    if (!Object.keys(properties).every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(isClosed);
}

/** Header values hold Latin-1 only. */
function cellName({ cell }: ModelRequest): string {
  return `${encodeURIComponent(cell.column)}/${cell.row}`;
}

/** The little of a `Response` that the SDK reads, without the streams of a real one. */
function responseOf({ status, headers, bytes }: HttpAnswer): Response {
  let isRead = false;
  const reader = {
    read: async () => {
      if (isRead) return { done: true };
      isRead = true;
      return { done: false, value: bytes };
    },
    cancel: async () => {},
    releaseLock: () => {},
  };
  const fields = new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const body = { getReader: () => reader };
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: '',
    headers: fields,
    body,
  } as unknown as Response;
}

/**
 * Of a completion what is of use, in the types that the SDK insists on: it is paid for, whatever stands beside its text.
 * Throws for what is no completion.
 */
function completionIn({ bytes, ...answer }: HttpAnswer): HttpAnswer {
  const { choices, usage } = JSON.parse(new TextDecoder().decode(bytes));
  const [{ message, finish_reason }] = choices;
  const completion = {
    choices: [
      {
        message: { content: message.content, refusal: message.refusal, reasoning: reasoningIn(message) },
        finish_reason: typeof finish_reason === 'string' ? finish_reason : null,
      },
    ],
    usage: {
      prompt_tokens: tokensIn(usage?.prompt_tokens),
      completion_tokens: tokensIn(usage?.completion_tokens),
    },
  };
  return { ...answer, bytes: new TextEncoder().encode(JSON.stringify(completion)) };
}

interface Completion {
  readonly choices: readonly [{ readonly message: Thinking }];
}

interface Thinking {
  readonly refusal?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_content?: unknown;
}

/** The SDK prefers `reasoning_content`; where both are there `reasoning` is the provider's own field. */
function reasoningIn({ reasoning, reasoning_content }: Thinking): string | null {
  const isText = (item: unknown): item is string => typeof item === 'string' && item !== '';
  return [reasoning, reasoning_content].find(isText) ?? null;
}

function tokensIn(count: unknown): number {
  return Number.isSafeInteger(count) ? Math.max(0, count as number) : 0;
}

interface Generated {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly finishReason: { readonly unified: ModelAnswer['finish']; readonly raw?: string | undefined };
  readonly usage: {
    readonly inputTokens: { readonly total: number | undefined };
    readonly outputTokens: { readonly total: number | undefined };
  };
  readonly response?: { readonly body?: unknown };
}

/** Ends that the SDK takes for `other`, which an answer without a reason has too: these are not whole. */
const CUT_SHORT: { readonly [reason: string]: ModelAnswer['finish'] } = {
  // OpenRouter and Mistral; a server that is shut down.
  error: 'error',
  abort: 'error',
  // Mistral; servers in front of Anthropic's models.
  model_length: 'length',
  max_tokens: 'length',
};

function readAnswer({ content, finishReason, usage, response }: Generated): ModelAnswer {
  const [{ message }] = (response!.body as Completion).choices;
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    reasoning: reasoningIn(message) ?? content.find(({ type }) => type === 'reasoning')?.text ?? null,
    refusal: typeof message.refusal === 'string' && message.refusal !== '' ? message.refusal : null,
    finishReason: finishReason.raw ?? null,
    finish: findOwn(CUT_SHORT, finishReason.raw ?? '') ?? finishReason.unified,
    promptTokens: usage.inputTokens.total ?? 0,
    completionTokens: usage.outputTokens.total ?? 0,
    status: 200,
  };
}

/** `connect ECONNREFUSED 127.0.0.1:1`, `other side closed`: the innermost cause, which names no request. */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0];
  return inner instanceof Error ? inner.message : String(inner);
}

/** The message inside a provider's JSON error, or all of what it wrote. */
function messageIn(body: string): string {
  try {
    const { error, message } = JSON.parse(body);
    const said = error?.message ?? message ?? error;
    return typeof said === 'string' ? said : body;
  } catch {
    return body;
  }
}
