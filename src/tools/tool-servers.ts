// The servers of tools that a build asks in this process: a session each, opened with the first call and closed with the build.
//
//   T1. A session that ended is opened once more, and a call that was in flight then is made again. One that ends it twice has
//       the end as its answer.
//   T2. A server that cannot be opened, or takes no call now, is waited for, as a model is: a program is started twice, an address
//       is asked for OUTAGE_MS. After that, or where waiting does not help, the build ends.
//   T3. So does it after MAX_UNANSWERED calls in a row without an answer: rows that were made so would look like others.

import { ConfigError, ModelError } from '../errors.ts';
import { cancelled, quote } from '../models/failures.ts';
import type { ToolDefinition } from '../models/model-client.ts';
import type { Environment } from '../proxies.ts';
import {
  openSession,
  SessionError,
  type SessionRequest,
  type ToolAnswer,
  type ToolSession,
} from './session.ts';
import type { ToolServer } from './tool-server.ts';

/** A program may load for long the first time. */
const OPEN_MS = 60_000;
const OUTAGE_MS = 60_000;
const MAX_UNANSWERED = 10;
const REMEDY = 'see that it runs, and what the provider file says of it';

/** How a server of that name is asked. Throws `ConfigError` where it cannot be by this process. */
export type FindToolServer = (name: string) => Promise<ToolServer>;

export interface ToolCallRequest extends SessionRequest {
  readonly tool: string;
  readonly args: object;
}

export interface ToolServersOptions {
  readonly find: FindToolServer;
  /** It names proxies. */
  readonly environment: Environment;
}

export class ToolServers {
  readonly #options: ToolServersOptions;
  readonly #servers = new Map<string, PooledServer>();

  constructor(options: ToolServersOptions) {
    this.#options = options;
  }

  /** All tools that it has, asked for once. Throws `ModelError`: `unavailable`, `denied` or `cancelled`. */
  list(server: string, request: SessionRequest): Promise<readonly ToolDefinition[]> {
    return this.#of(server).list(request);
  }

  /** What the model is told of a call, of one that failed too. Throws as {@link list}. */
  call(server: string, request: ToolCallRequest): Promise<ToolAnswer> {
    return this.#of(server).call(request);
  }

  /** Ends calls in flight too. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }

  #of(name: string): PooledServer {
    const found = this.#servers.get(name) ?? new PooledServer(name, this.#options);
    this.#servers.set(name, found);
    return found;
  }
}

class PooledServer {
  readonly #name: string;
  readonly #options: ToolServersOptions;
  readonly #ended = new AbortController();
  #server: ToolServer | undefined;
  #opening: Promise<ToolSession> | undefined;
  #tools: readonly ToolDefinition[] | undefined;
  /** When it could not be reached for the first time since it last answered; null while it can. */
  #failingSince: number | null = null;
  #unanswered = 0;

  constructor(name: string, options: ToolServersOptions) {
    this.#name = name;
    this.#options = options;
  }

  async list(request: SessionRequest): Promise<readonly ToolDefinition[]> {
    if (this.#tools !== undefined) return this.#tools;
    try {
      this.#tools = await this.#ask(request, (session) => session.list(request));
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      throw this.#denied(`does not tell its tools: ${error.message}`);
    }
    return this.#tools;
  }

  async call({ tool, args, ...request }: ToolCallRequest): Promise<ToolAnswer> {
    try {
      const answer = await this.#ask(request, (session) => session.call(tool, args, request));
      this.#unanswered = 0;
      return answer;
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      const message = this.#safe(error.message);
      if (error.failure === 'refused') this.#unanswered = 0;
      else this.#unanswered += 1;
      if (this.#unanswered >= MAX_UNANSWERED)
        throw this.#denied(`answered none of its last ${MAX_UNANSWERED} calls: ${message}`);
      return { text: `Error: ${message}` };
    }
  }

  async close(): Promise<void> {
    this.#ended.abort(cancelled());
    await this.#opening?.then((session) => session.close()).catch(() => undefined);
  }

  /** Throws `SessionError` for what is about this request, `ModelError` for what is about the server. */
  async #ask<Answer>(
    { signal }: SessionRequest,
    send: (session: ToolSession) => Promise<Answer>,
  ): Promise<Answer> {
    for (let isAgain = false; ; isAgain = true) {
      this.#opening ??= this.#open();
      const opening = this.#opening;
      try {
        const answer = await send(await orAborted(opening, signal));
        this.#failingSince = null;
        return answer;
      } catch (error) {
        if (signal.aborted) throw cancelled();
        if (!(error instanceof SessionError)) throw error;
        if (error.failure === 'denied') throw this.#denied(`refuses: ${error.message}`);
        if (error.failure === 'busy') throw this.#away(error);
        if (error.failure !== 'lost') throw error;
        // Others may have opened another one by now.
        if (this.#opening === opening) {
          this.#opening = undefined;
          void opening.then((session) => session.close()).catch(() => undefined);
        }
        if (isAgain)
          throw new SessionError('lost', `the tool's server ended twice during this call: ${error.message}`);
      }
    }
  }

  async #open(): Promise<ToolSession> {
    try {
      return await this.#connect();
    } catch (error) {
      this.#opening = undefined;
      if (!(error instanceof SessionError)) throw error;
      throw this.#away(error);
    }
  }

  /** It may be there again later; what helps against the rest is to be told at once. */
  #away({ failure, message }: SessionError): ModelError {
    const why = `cannot be reached: ${message}`;
    this.#failingSince ??= Date.now();
    const isOver = Date.now() - this.#failingSince >= OUTAGE_MS;
    const isLocal = this.#server?.host === null;
    if (isOver || isLocal || failure === 'denied' || failure === 'refused') return this.#denied(why);
    return new ModelError(this.#say(why), { failure: 'unavailable' });
  }

  async #connect(): Promise<ToolSession> {
    const { find, environment } = this.#options;
    try {
      this.#server ??= await find(this.#name);
    } catch (error) {
      if (error instanceof ConfigError)
        throw new ModelError(error.message, { failure: 'denied', remedy: REMEDY });
      throw error;
    }
    const request = { timeoutMs: OPEN_MS, signal: this.#ended.signal, environment };
    try {
      return await openSession(this.#server, request);
    } catch (error) {
      if (!(error instanceof SessionError) || error.failure !== 'lost' || this.#server.host !== null)
        throw error;
      return openSession(this.#server, request);
    }
  }

  #denied(what: string): ModelError {
    return new ModelError(this.#say(what), { failure: 'denied', remedy: REMEDY });
  }

  /** `MCP provider "kb" at localhost:8080 cannot be reached: fetch failed` */
  #say(what: string): string {
    const host = this.#server?.host ?? null;
    return this.#safe(`MCP provider "${this.#name}"${host === null ? '' : ` at ${host}`} ${what}`);
  }

  #safe(text: string): string {
    return quote(text, this.#server?.secrets ?? []);
  }
}

/** Rejects with `ModelError` `cancelled` when the signal fires first. */
async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
    signal.addEventListener('abort', stop);
  });
  if (signal.aborted) stop();
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
