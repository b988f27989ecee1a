// A server of tools for tests, by MCP: over HTTP in this process, or as the program `mcp-program.mjs`. It counts calls, and
// can be slow, fail and die.

import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { listTools, runTool } from './mcp-program.mjs';

/** How a provider file names the program, which writes its calls into `log`. */
export function stdioServer(log: string, tools?: readonly string[]) {
  const program = fileURLToPath(new URL('mcp-program.mjs', import.meta.url));
  return {
    command: process.execPath,
    args: [program, '--log', log, ...(tools === undefined ? [] : ['--tools', tools.join()])],
  };
}

/** The calls of a program: `list`, `search {"query":"sun"}`. */
export function callsIn(log: string): readonly string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
}

export interface MockMcpServer {
  /** Of the streamable transport; the other one is at `/sse`. */
  readonly endpoint: string;
  /** As `callsIn` has them. */
  readonly calls: string[];
  /** Of the last request. */
  headers(): IncomingMessage['headers'];
  /** What it answers to all from now on, in place of MCP; null for what it should. */
  setStatus(status: number | null): void;
  close(): Promise<void>;
}

type Session = StreamableHTTPServerTransport | SSEServerTransport;

/** Serves at a free port. */
export async function startMcpServer(): Promise<MockMcpServer> {
  const calls: string[] = [];
  const sessions = new Map<string, Session>();
  let status: number | null = null;
  let headers: IncomingMessage['headers'] = {};

  function connect(transport: Session): Promise<void> {
    const mcp = new Server({ name: 'mock', version: '1' }, { capabilities: { tools: {} } });
    mcp.setRequestHandler(ListToolsRequestSchema, () => {
      calls.push('list');
      return listTools();
    });
    mcp.setRequestHandler(CallToolRequestSchema, ({ params }) => {
      calls.push(`${params.name} ${JSON.stringify(params.arguments)}`);
      return runTool(params, () => {
        sessions.clear();
        server.closeAllConnections();
      });
    });
    return mcp.connect(transport as Transport);
  }

  const server = createServer(async (request, response) => {
    headers = request.headers;
    const url = new URL(request.url!, 'http://localhost');
    if (status !== null) return response.writeHead(status).end();
    const id = request.headers['mcp-session-id'] ?? url.searchParams.get('sessionId');
    const known = id === null ? undefined : sessions.get(String(id));
    if (known instanceof SSEServerTransport) return known.handlePostMessage(request, response);
    if (known !== undefined) return known.handleRequest(request, response);
    if (id !== null) return response.writeHead(404).end();
    if (url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      sessions.set(transport.sessionId, transport);
      return connect(transport);
    }
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (name) => void sessions.set(name, transport),
    });
    await connect(transport);
    return transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/mcp`,
    calls,
    headers: () => headers,
    setStatus(next) {
      status = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
