// An endpoint byte by byte, for what no well-behaved HTTP server can be made to send.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ChatRequest, ModelClient } from '../../src/models/model-client.ts';
import { createOpenAIClient } from '../../src/models/providers/openai/client.ts';

export interface RawRequest {
  /** `POST /v1/chat/completions` */
  readonly target: string;
  /** In small letters. */
  readonly headers: string;
  readonly body: string;
  /** From 1, over all connections. */
  readonly number: number;
}

export interface RawEndpoint {
  readonly client: ModelClient;
  readonly host: string;
  readonly requests: readonly RawRequest[];
  /** Connections that were opened. */
  connections(): number;
  close(): Promise<void>;
}

/** Calls `onRequest` with each whole request and the connection to write to. */
export async function startRawEndpoint(
  onRequest: (socket: Socket, request: RawRequest) => void,
  options: Partial<Parameters<typeof createOpenAIClient>[0]> & { readonly path?: string } = {},
): Promise<RawEndpoint> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let bytes = '';
    // Latin-1 has a character a byte.
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      bytes += chunk;
      for (;;) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = bytes.slice(0, end).toLowerCase();
        const whole = end + 4 + Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
        if (bytes.length < whole) return;
        const target = bytes.slice(0, bytes.indexOf(' HTTP/1.1'));
        const request = {
          target,
          headers: head,
          body: bytes.slice(end + 4, whole),
          number: requests.length + 1,
        };
        bytes = bytes.slice(whole);
        requests.push(request);
        onRequest(socket, request);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { path = '/v1', ...rest } = options;
  const client = createOpenAIClient({
    endpoint: `http://${host}${path}`,
    apiKey: null,
    headers: {},
    ...rest,
  });
  return {
    client,
    host,
    requests,
    connections: () => connections,
    async close() {
      await client.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The bytes of an answer with this body. */
export function bytesOf(
  body: string | Uint8Array,
  {
    status = 200,
    headers = {},
  }: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): Buffer {
  const content = Buffer.from(body);
  const lines = Object.entries({ 'content-length': content.length, ...headers });
  const head = [`HTTP/1.1 ${status} Said`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content]);
}

/** The JSON of a chat completion with this text. */
export function completionOf(text: string, id?: string): string {
  return JSON.stringify({ id, choices: [{ message: { content: text }, finish_reason: 'stop' }] });
}

export function requestOf(overrides: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'm1',
    messages: [{ role: 'user', content: 'Hello' }],
    parameters: {},
    responseSchema: null,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    cell: { column: 'größe', row: 3 },
    ...overrides,
  };
}

/** What a call came to: its answer's text, or the words of its failure. */
export async function said(client: ModelClient, overrides: Partial<ChatRequest> = {}): Promise<string> {
  return client.chat(requestOf(overrides)).then(
    ({ text }) => text,
    (error) => error.message,
  );
}
