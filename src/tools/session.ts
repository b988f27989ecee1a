// One connection to a server of tools, by Anthropic's SDK for MCP, which is loaded with the first of them.

import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { openDispatcher } from '../dispatchers.ts';
import type { ToolDefinition } from '../models/model-client.ts';
import type { Environment } from '../proxies.ts';
import { firstOf } from '../signals.ts';
import { fromPlain } from '../values.ts';
import type { ToolServer } from './tool-server.ts';

export interface ToolAnswer {
  /** The texts of the answer, joined by line ends. */
  readonly text: string;
  /** Data URIs; left out where there are none. */
  readonly images?: readonly string[];
}

export interface SessionRequest {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a server did instead of answering. */
export type SessionFailure =
  | 'lost' // the connection ended, or there is none
  | 'busy' // it does not take this call now
  | 'timeout'
  | 'refused' // it answers with an error: its words are the message
  | 'denied'; // it answers nobody who comes so: a wrong key, a wrong address, a program that is not there

export class SessionError extends Error {
  readonly failure: SessionFailure;
  constructor(failure: SessionFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

export interface ToolSession {
  /** Throws {@link SessionError}, and the reason of the signal. */
  list(request: SessionRequest): Promise<readonly ToolDefinition[]>;
  /** Throws {@link SessionError}, and the reason of the signal. */
  call(name: string, args: object, request: SessionRequest): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** Of what a program writes beside its answers the end tells why it ended. */
const MAX_STDERR_LENGTH = 1_000;

/**
 * Connects, through the proxy that the environment names, or starts the program that the server is. Throws as the session's
 * methods, and `ConfigError` for a wrong proxy.
 */
export async function openSession(
  server: ToolServer,
  request: SessionRequest & { readonly environment: Environment },
): Promise<ToolSession> {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const client = new Client({ name: 'rowloom', version: '1' });
  const opened = await openTransport(server, request.environment);
  const session = new McpSession(client, opened);
  try {
    await client.connect(opened.transport, { timeout: request.timeoutMs, signal: request.signal });
  } catch (error) {
    await session.close().catch(() => undefined);
    throw failureOf(error, { ...request, stderr: opened.stderr(), denials: UNOPENED });
  }
  return session;
}

interface OpenedTransport {
  readonly transport: Transport;
  /** What the program wrote last. */
  stderr(): string;
  /** Ends what the transport does not end by itself. */
  dispose(): Promise<void>;
}

async function openTransport({ transport }: ToolServer, environment: Environment): Promise<OpenedTransport> {
  if (transport.type === 'stdio') {
    const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
    const { command, args, env } = transport;
    const opened = new StdioClientTransport({ command, args: [...args], env: { ...env }, stderr: 'pipe' });
    let said = '';
    opened.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-MAX_STDERR_LENGTH);
    });
    return { transport: opened, stderr: () => said.trim(), dispose: async () => undefined };
  }
  const { type, url, apiKey } = transport;
  const { fetch: ask } = await import('undici');
  // Sessions are silent for as long as models think: who waits for a call knows for how long.
  const dispatcher = openDispatcher(url, { environment, bodyTimeout: 0, headersTimeout: 0 });
  const options = {
    requestInit: apiKey === null ? {} : { headers: { authorization: `Bearer ${apiKey}` } },
    fetch: ((address: URL, init: object) => ask(address, { ...init, dispatcher })) as unknown as typeof fetch,
  };
  const more = { stderr: () => '', dispose: () => dispatcher.destroy() };
  // The SDK's types of optional fields are older than the compiler's strictness about them.
  if (type === 'sse') {
    const { SSEClientTransport } = await import('@modelcontextprotocol/sdk/client/sse.js');
    return { transport: new SSEClientTransport(url, options) as Transport, ...more };
  }
  const { StreamableHTTPClientTransport } = await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js'
  );
  return { transport: new StreamableHTTPClientTransport(url, options) as Transport, ...more };
}

class McpSession implements ToolSession {
  readonly #client: Client;
  readonly #opened: OpenedTransport;

  constructor(client: Client, opened: OpenedTransport) {
    this.#client = client;
    this.#opened = opened;
  }

  list(request: SessionRequest): Promise<readonly ToolDefinition[]> {
    return this.#ask(request, async (options) => {
      const tools: ToolDefinition[] = [];
      let cursor: string | undefined;
      do {
        const page = await this.#client.listTools(cursor === undefined ? {} : { cursor }, options);
        for (const { name, description = '', inputSchema } of page.tools)
          tools.push({ name, description, parameters: fromPlain(inputSchema) });
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return tools;
    });
  }

  call(name: string, args: object, request: SessionRequest): Promise<ToolAnswer> {
    return this.#ask(request, async (options) => {
      const { CallToolResultSchema } = await import('@modelcontextprotocol/sdk/types.js');
      const params = { name, arguments: { ...args } };
      // Not the client's `callTool`: that holds structured content against its schema, which is the model's to judge.
      const asked = { method: 'tools/call', params } as const;
      const { content } = await this.#client.request(asked, CallToolResultSchema, options);
      return answerOf(content);
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#opened.dispose();
  }

  async #ask<Answer>(
    request: SessionRequest,
    send: (options: { readonly timeout: number; readonly signal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    // The SDK leaves a listener at each signal that it is given.
    const { signal, dispose } = firstOf([request.signal]);
    try {
      return await send({ timeout: request.timeoutMs, signal });
    } catch (error) {
      throw failureOf(error, { ...request, stderr: this.#opened.stderr(), denials: DENIED });
    } finally {
      dispose();
    }
  }
}

type Block = CallToolResult['content'][number];

function answerOf(content: readonly Block[]): ToolAnswer {
  const images = content.flatMap((block) =>
    block.type === 'image' ? [`data:${block.mimeType};base64,${block.data}`] : [],
  );
  const texts = content.flatMap((block) => (block.type === 'image' ? [] : [textOf(block)]));
  return { text: texts.join('\n'), ...(images.length > 0 ? { images } : {}) };
}

/** A text as it stands. Of bytes that no model is shown their size, all else as JSON. */
function textOf(block: Exclude<Block, { readonly type: 'image' }>): string {
  if (block.type === 'text') return block.text;
  if (block.type === 'audio') return describeBytes(block.mimeType, block.data);
  if (block.type !== 'resource') return JSON.stringify(block);
  const { resource } = block;
  return 'text' in resource ? resource.text : describeBytes(resource.mimeType, resource.blob);
}

function describeBytes(type = 'bytes', base64: string): string {
  return `[${type}, ${Math.floor((base64.length * 3) / 4)} bytes: not shown]`;
}

/** Codes of JSON-RPC errors that the SDK makes by itself. */
const CONNECTION_CLOSED = -32_000;
const REQUEST_TIMEOUT = -32_001;
/** Statuses of HTTP that no other call escapes. A session that a server does not know any more has 400 and 404. */
const DENIED = [401, 403];
const UNOPENED = [...DENIED, 400, 404, 405, 406, 410];

interface Failed extends SessionRequest {
  readonly stderr: string;
  readonly denials: readonly number[];
}

function failureOf(error: unknown, { signal, timeoutMs, stderr, denials }: Failed): unknown {
  if (signal.aborted) return signal.reason;
  const { code, message, cause } = error as ErrorLike;
  const words = cause?.message === undefined ? String(message) : `${message}: ${cause.message}`;
  if (code === CONNECTION_CLOSED || words === 'Not connected')
    return new SessionError('lost', stderr === '' ? 'its connection ended' : `it ended: ${stderr}`);
  if (code === REQUEST_TIMEOUT) return new SessionError('timeout', `no answer within ${timeoutMs / 1_000} s`);
  if (code === 'ENOENT' || code === 'EACCES') return new SessionError('denied', 'its command cannot be run');
  if (typeof code === 'number' && code < 0)
    return new SessionError('refused', words.replace(/^MCP error -?\d+: /, ''));
  if (typeof code === 'number' && code >= 400)
    return new SessionError(failureOfStatus(code, denials), `it answers with status ${code}`);
  return new SessionError('lost', words);
}

function failureOfStatus(status: number, denials: readonly number[]): SessionFailure {
  if (denials.includes(status)) return 'denied';
  return status === 429 || status >= 500 ? 'busy' : 'lost';
}

interface ErrorLike {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: { readonly message?: string };
}
