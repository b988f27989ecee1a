// A server of models for tests and the bench, OpenAI-compatible: answers from model and messages, latencies, faults, counts.
//
//   npx tsx test/support/mock-model-server.ts --port 8099 [--latency 100] [--jitter 4]
//
//   POST …/chat/completions     the answer, or the fault that is due; below any path, with any query
//   POST …/messages             the same, in Anthropic's language; the key is in `x-api-key`
//   POST …/embeddings           the same, with a vector for each text
//   POST …/images/generations   the same, with a picture; a chat of a model called `painter…` has one, too
//   POST …/validate             the same, with a verdict for each row: whether its columns are shorter than 60 characters
//   GET  /pictures/…            one that such an answer names, of models called `…-by-url`
//   GET  /stats                 MockStats
//   POST /reset                 forgets counts and faults
//   POST /faults                a list of MockFault: replaces the faults
//   POST /latency               {latencyMs, jitter}: from now on
//
// A call's cell is its header `x-rowloom-cell`, which Rowloom sends to loopback endpoints only; of a list of texts the first.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { drawLatencyMs, streamOf } from '../../src/models/providers/simulated/simulated-answer.ts';
import { simulatePicture } from '../../src/models/providers/simulated/simulated-picture.ts';
import {
  answerChat,
  answerDrawn,
  answerEmbeddings,
  answerMessage,
  answerValidation,
  type ChatBody,
  inputsOf,
  type MockAnswer,
} from './mock-answers.ts';

/** One kind of fault. Of several that are due the first in the list happens. */
export interface MockFault {
  readonly kind:
    | 'busy' // 429, with Retry-After when `retryAfterS` is set
    | 'error' // `status`, by default 500
    | 'cut' // the connection ends in the middle of the answer
    | 'hang' // never answers
    | 'bad-json' // a chat completion whose text is no JSON
    | 'no-json' // 200 with a web page
    | 'empty' // a chat completion without text, embeddings without numbers
    | 'length' // cut at the token limit
    | 'miscount' // one embedding too few
    | 'no-schema' // 400, when the request has a `response_format`
    | 'says'; // `body`, or a chat completion with `text` and what `choice` adds to its choice
  /** Cells that it hits, as `column/row` or `column/*`; absent is every call. */
  readonly cells?: readonly string[];
  /** Which calls of a cell, from 1; absent is every one. */
  readonly calls?: readonly number[];
  /** Share of the calls otherwise hit, drawn from cell and call number; absent is 1. */
  readonly rate?: number;
  /** Only requests whose body has this text. */
  readonly holds?: string;
  /** Only requests to paths that begin so. */
  readonly path?: string;
  readonly status?: number;
  readonly retryAfterS?: number;
  /** For `says`. */
  readonly text?: string | null;
  readonly choice?: { readonly [field: string]: unknown };
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly packing?: 'gzip' | 'deflate' | 'br';
  /** Bytes before the body. */
  readonly before?: string;
  readonly message?: string;
}

export interface MockStats {
  readonly requests: number;
  /** Chat completions and lists of embeddings that were sent whole, with usage. */
  readonly answered: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Milliseconds since the epoch; null before the first. */
  readonly firstRequestAt: number | null;
  readonly lastAnswerAt: number | null;
  /** By `column/row`. */
  readonly cells: { readonly [cell: string]: Readonly<CellCount> };
}

export interface MockLatency {
  readonly latencyMs: number;
  /** Lognormal: p99 = this × median; 1 is none. */
  readonly jitter: number;
}

export interface MockModelServer {
  /** For `providers`: `http://127.0.0.1:PORT/v1`. */
  readonly endpoint: string;
  stats(): MockStats;
  /** `stats().answered`, for those who look often. */
  answered(): number;
  reset(): void;
  setFaults(faults: readonly MockFault[]): void;
  setLatency(latency: MockLatency): void;
  /** The last request body of this cell, as parsed, if it is one of the latest 1,000 cells. */
  lastBody(cell: string): unknown;
  close(): Promise<void>;
}

interface CellCount {
  requests: number;
  answered: number;
  /** Texts that embeddings were asked for; of a chat each request is one. */
  inputs: number;
}

/** Bodies kept for `lastBody`: those of the latest cells. */
const MAX_BODIES = 1_000;

/** Starts a mock in this process. Port 0 takes a free one. */
export async function startMockModelServer(
  options: Partial<MockLatency> & {
    readonly port?: number;
    readonly faults?: readonly MockFault[];
    /** Who comes with another one is answered 401, with the key that was sent. */
    readonly apiKey?: string;
    /** Called with the cell of each call, before it is answered. */
    readonly onCall?: (cell: string) => void;
  } = {},
): Promise<MockModelServer> {
  let latency: MockLatency = { latencyMs: options.latencyMs ?? 0, jitter: options.jitter ?? 1 };
  let faults = options.faults ?? [];
  let counts = emptyCounts();
  let inFlight = 0;
  const bodies = new Map<string, unknown>();

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      route(request, response, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)),
    );
  });
  server.keepAliveTimeout = 60_000;

  const routes: Readonly<Record<string, (body: string) => unknown>> = {
    'GET /stats': stats,
    'POST /reset': reset,
    'POST /faults': (body) => {
      faults = JSON.parse(body);
    },
    'POST /latency': (body) => {
      latency = { ...latency, ...JSON.parse(body) };
    },
  };

  function route(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const name = `${request.method} ${request.url}`;
    const [, route] =
      /^POST [^?]*\/(chat\/completions|messages|embeddings|images\/generations|validate)(?:\?|$)/.exec(
        name,
      ) ?? [];
    if (route !== undefined) complete(request, response, { route, bytes: body });
    else if (name.startsWith('GET /pictures/')) sendPicture(response, request.url!);
    else if (name in routes) sendJson(response, 200, routes[name]!(body.toString()) ?? {});
    else sendJson(response, 404, { error: { message: `No ${name} here` } });
  }

  function complete(
    request: IncomingMessage,
    response: ServerResponse,
    { route, bytes }: { readonly route: string; readonly bytes: Buffer },
  ): void {
    const cell = decodeURIComponent(String(request.headers['x-rowloom-cell'] ?? ''));
    const count = counts.cells.get(cell) ?? { requests: 0, answered: 0, inputs: 0 };
    counts.cells.set(cell, count);
    count.requests += 1;
    counts.requests += 1;
    inFlight += 1;
    counts.maxInFlight = Math.max(counts.maxInFlight, inFlight);
    counts.firstRequestAt ??= Date.now();
    const ours = counts;
    response.once('close', () => {
      inFlight -= 1;
    });
    const text = bytes.toString();
    const body = JSON.parse(text);
    count.inputs += route === 'embeddings' ? inputsOf(body).length : 1;
    const answerWith = (kind?: MockFault['kind']) =>
      route === 'validate'
        ? answerValidation(body, kind)
        : route === 'embeddings'
          ? answerEmbeddings(body, kind)
          : route === 'messages'
            ? answerMessage(body, kind)
            : (answerDrawn(body, { host: request.headers.host!, route, fault: kind }) ??
              answerChat(body, kind));
    bodies.delete(cell);
    bodies.set(cell, body);
    if (bodies.size > MAX_BODIES) bodies.delete(bodies.keys().next().value!);
    options.onCall?.(cell);
    const fault = faults.find((item) =>
      isDue(item, { cell, call: count.requests, body, text, url: request.url! }),
    );
    const draw = latency.jitter > 1 ? streamOf(`latency ${cell} ${count.requests}`) : Math.random;
    const waitMs = drawLatencyMs(latency.latencyMs, latency.jitter, draw);
    const send = () => {
      if (response.destroyed) return;
      const { authorization, 'x-api-key': key = authorization?.replace('Bearer ', '') } = request.headers;
      const sent = String(key);
      if (options.apiKey !== undefined && sent !== options.apiKey) {
        return sendJson(response, 401, { error: { message: `Incorrect API key provided: ${sent}` } });
      }
      if (fault !== undefined && misbehave(response, fault, answerWith)) return;
      const answer = answerWith(fault?.kind);
      // Counted when the last byte is handed to the kernel: an answer cut by a killed client is not one.
      response.once('finish', () => {
        count.answered += 1;
        ours.answered += 1;
        ours.promptTokens += answer.usage.prompt_tokens;
        ours.completionTokens += answer.usage.completion_tokens ?? 0;
        ours.lastAnswerAt = Date.now();
      });
      sendJson(response, 200, answer);
    };
    if (waitMs > 0) setTimeout(send, waitMs);
    else send();
  }

  function stats(): MockStats {
    return { ...counts, inFlight, cells: Object.fromEntries(counts.cells) };
  }

  function reset(): void {
    counts = emptyCounts();
    faults = [];
    bodies.clear();
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v1`,
    stats,
    answered: () => counts.answered,
    reset,
    setFaults: (next) => {
      faults = next;
    },
    setLatency: (next) => {
      latency = next;
    },
    lastBody: (cell) => bodies.get(cell),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function emptyCounts() {
  return {
    requests: 0,
    answered: 0,
    maxInFlight: 0,
    promptTokens: 0,
    completionTokens: 0,
    firstRequestAt: null as number | null,
    lastAnswerAt: null as number | null,
    cells: new Map<string, CellCount>(),
  };
}

function isDue(
  fault: MockFault,
  {
    cell,
    call,
    body,
    text,
    url,
  }: {
    readonly cell: string;
    readonly call: number;
    readonly body: Pick<ChatBody, 'response_format'>;
    readonly text: string;
    readonly url: string;
  },
): boolean {
  if (fault.path !== undefined && !url.startsWith(fault.path)) return false;
  if (fault.holds !== undefined && !text.includes(fault.holds)) return false;
  if (fault.kind === 'no-schema' && body.response_format === undefined) return false;
  const column = `${cell.slice(0, cell.lastIndexOf('/'))}/*`;
  if (fault.cells !== undefined && !fault.cells.includes(cell) && !fault.cells.includes(column)) return false;
  if (fault.calls !== undefined && !fault.calls.includes(call)) return false;
  return fault.rate === undefined || streamOf(`fault ${fault.kind} ${cell} ${call}`)() < fault.rate;
}

/** Does what the fault says instead of answering. False for faults of the answer's content. */
function misbehave(response: ServerResponse, fault: MockFault, answer: () => MockAnswer): boolean {
  const message = fault.message ?? `Made to fail: ${fault.kind}`;
  switch (fault.kind) {
    case 'busy': {
      const headers = fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) };
      sendJson(response, 429, { error: { message } }, headers);
      return true;
    }
    case 'error':
      sendJson(response, fault.status ?? 500, { error: { message } });
      return true;
    case 'no-schema':
      sendJson(response, 400, { error: { message: 'response_format "json_schema" is not supported' } });
      return true;
    case 'no-json':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please come back later</html>');
      return true;
    case 'cut': {
      const text = JSON.stringify(answer());
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.write(text.slice(0, text.length / 2), () => response.destroy());
      return true;
    }
    case 'hang':
      return true;
    case 'says':
      say(response, fault, answer());
      return true;
    default:
      return false;
  }
}

const PACKERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

function say(response: ServerResponse, fault: MockFault, answer: MockAnswer): void {
  const { status = 200, headers = {}, packing, before = '', text, choice = {} } = fault;
  const choices = answer.choices?.map(({ message, ...rest }) => ({
    ...{ ...rest, message: text === undefined ? message : { ...message, content: text }, ...choice },
  }));
  const { body = { ...answer, choices } } = fault;
  const bytes = Buffer.from(before + (typeof body === 'string' ? body : JSON.stringify(body)));
  const coding = packing === undefined ? {} : { 'content-encoding': packing };
  response.writeHead(status, { 'content-type': 'application/json', ...coding, ...headers });
  response.end(packing === undefined ? bytes : PACKERS[packing](bytes));
}

function sendPicture(response: ServerResponse, url: string): void {
  const prompt = decodeURIComponent(url.slice('/pictures/'.length));
  response.writeHead(200, { 'content-type': 'image/png' }).end(simulatePicture({ model: 'mock', prompt }));
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': text.length,
    ...headers,
  });
  response.end(text);
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      latency: { type: 'string', default: '0' },
      jitter: { type: 'string', default: '1' },
    },
  });
  const mock = await startMockModelServer({
    port: Number(values.port),
    latencyMs: Number(values.latency),
    jitter: Number(values.jitter),
  });
  console.log(mock.endpoint);
}
