// One call over HTTP to one endpoint: what is sent, its deadline, and the whole answer as text, unpacked.
//
//   H1. Nothing that carries the key goes to another scheme, host or port: redirects are followed on the endpoint's own.
//   H2. No message shows a secret: not the key, not a header's value, though an endpoint repeats them.
//   H3. An answer has a size. What is larger, sent or unpacked, is not read.

import type { IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { breathe } from '../../breathe.ts';
import { type FailureClass, ModelError } from '../../errors.ts';
import { allowManyListeners } from '../../signals.ts';
import { cancelled, timedOut } from '../failures.ts';
import { type ConnectionOptions, Connections } from './connections.ts';

export interface HttpCall {
  /** Put behind the path of the address. */
  readonly route: string;
  readonly body: string;
  /** Names and values in turn, sent beside those of all calls. */
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** {@link MAX_ANSWER_BYTES} by default. */
  readonly maxAnswerBytes?: number | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The one that it came on. */
  readonly connection: object;
  /** The body, unpacked, without what servers send before it to keep the connection alive. */
  readonly text: string;
  /** Null for a body that was read; else what the failure counts as, and `text` says what is wrong with it. */
  readonly unread: FailureClass | null;
}

const MiB = 2 ** 20;
/** Half a million tokens are 2 MiB. Reading one takes about five times its size of memory. */
const MAX_ANSWER_BYTES = 4 * MiB;
/** Reading a smaller one takes less than a millisecond. */
const LARGE_BYTES = 64 * 1024;
const tooLarge = (maxBytes: number) => `an answer of more than ${maxBytes / MiB} MiB, which is not read`;

const MAX_REDIRECTS = 5;

/** Posts to one address, and to what lies below it. */
export class HttpEndpoint {
  readonly #url: URL;
  readonly #path: string;
  readonly #headers: readonly string[];
  readonly #connections: Connections;

  /** `headers` are names and values in turn. */
  constructor(
    url: URL,
    { headers, ...connections }: ConnectionOptions & { readonly headers: readonly string[] },
  ) {
    this.#url = url;
    this.#path = url.pathname.replace(/\/+$/, '');
    this.#headers = headers;
    this.#connections = new Connections(url, connections);
  }

  /** Throws `ModelError` where no answer comes. */
  async post(call: HttpCall): Promise<HttpAnswer> {
    const maxBytes = call.maxAnswerBytes ?? MAX_ANSWER_BYTES;
    const answer = await this.#ask(call, maxBytes);
    // Several may come at once, and a list of vectors takes long to read.
    if ((answer.bytes?.length ?? 0) > LARGE_BYTES) await breathe();
    return read(answer, maxBytes);
  }

  async #ask({ route, body, headers, timeoutMs, signal }: HttpCall, maxBytes: number): Promise<Packed> {
    const { host, origin, search } = this.#url;
    if (signal.aborted) throw cancelled();
    let exchange = new Exchange(maxBytes);
    const timer = setTimeout(() => exchange.end(timedOut(host, timeoutMs)), timeoutMs);
    const onAbort = () => exchange.end(cancelled());
    allowManyListeners(signal);
    signal.addEventListener('abort', onAbort, { once: true });
    const options = { origin, headers: [...this.#headers, ...headers] };
    try {
      let next: Sent = { method: 'POST', path: this.#path + route + search, body };
      for (let redirects = 0; ; redirects += 1) {
        this.#connections.dispatch({ ...options, ...next, call: exchange }, exchange);
        const answer = await exchange.answer;
        if (answer.status < 300 || answer.status >= 400) return answer;
        next = this.#redirect(answer, { sent: next, redirects });
        exchange = new Exchange(maxBytes);
      }
    } catch (error) {
      if (error instanceof ModelError) throw error;
      throw new ModelError(`No answer from ${host}: ${reasonOf(error)}`, { failure: 'unavailable' });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** From now on each call has a connection of its own: one that brought an answer twice may bring the next one call late. */
  distrust(): void {
    this.#connections.distrust();
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  /** What a redirect asks to send next. Throws `denied` for a redirect that each call would meet and none may follow. */
  #redirect(
    { status, headers: { location } }: Packed,
    { sent, redirects }: { readonly sent: Sent; readonly redirects: number },
  ): Sent {
    const { host, origin } = this.#url;
    const refuse = (why: string) =>
      new ModelError(`${host} answered ${status}, a redirect ${why}`, { failure: 'denied', status });
    const isFollowed = [301, 302, 303, 307, 308].includes(status);
    if (!isFollowed || location === undefined || !URL.canParse(location, origin + sent.path))
      throw refuse('that does not say where to: check endpoint');
    const target = new URL(location, origin + sent.path);
    if (target.origin !== origin) {
      const there = target.host === '' ? target.protocol : `${target.protocol}//${target.host}`;
      throw refuse(`to ${there}: the key is not sent there, so set endpoint to it if it is the right one`);
    }
    if (redirects === MAX_REDIRECTS)
      throw refuse(`to ${host} itself, after ${MAX_REDIRECTS} others: check endpoint`);
    const path = target.pathname + target.search;
    // 303: the call was taken, and what came of it is to be fetched there.
    return status === 303 ? { method: 'GET', path, body: null } : { ...sent, path };
  }
}

function read({ bytes, ...answer }: Packed, maxBytes: number): HttpAnswer {
  const coding = String(answer.headers['content-encoding'] ?? '');
  try {
    const plain = bytes === null ? null : unpack(bytes, { coding, maxBytes });
    if (plain === null) return { ...answer, text: tooLarge(maxBytes), unread: 'rejected' };
    return { ...answer, text: textOf(plain), unread: null };
  } catch (error) {
    const text = `what cannot be unpacked as "${coding}": ${(error as Error).message}`;
    return { ...answer, text, unread: 'unavailable' };
  }
}

interface Sent {
  readonly method: 'POST' | 'GET';
  readonly path: string;
  readonly body: string | null;
}

interface Packed extends Pick<HttpAnswer, 'connection' | 'status' | 'headers'> {
  /** Null for more than an answer may have. */
  readonly bytes: Buffer | null;
}

/** A request on its way and its answer as it comes. */
class Exchange implements Dispatcher.DispatchHandler {
  connection: object = this;
  readonly answer: Promise<Packed>;
  readonly #maxBytes: number;
  #resolve!: (answer: Packed) => void;
  #reject!: (error: Error) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #ended: Error | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Rejects at once, also while there is no connection yet: a proxy may hold that up for minutes. */
  end(error: Error): void {
    this.#ended = error;
    this.#reject(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended !== null) controller.abort(this.#ended);
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= this.#maxBytes) {
      this.#chunks.push(chunk);
      return;
    }
    this.#come(null);
    this.end(new Error(tooLarge(this.#maxBytes)));
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const bytes = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#come(bytes);
  }

  onResponseError(_: unknown, error: Error): void {
    this.#reject(error);
  }

  #come(bytes: Buffer | null): void {
    const { connection } = this;
    this.#resolve({ connection, status: this.#status, headers: this.#headers, bytes });
  }
}

type Unpacker = (bytes: Uint8Array, limit: { readonly maxOutputLength: number }) => Buffer;

const UNPACKERS = new Map<string, Unpacker>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['br', brotliDecompressSync],
  ['deflate', (bytes, limit) => (hasZlibHeader(bytes) ? inflateSync : inflateRawSync)(bytes, limit)],
]);

/** Servers send `deflate` with zlib's header and without it, which two ways of unpacking take. */
function hasZlibHeader([method = 0, flags = 0]: Uint8Array): boolean {
  return method % 16 === 8 && (method * 256 + flags) % 31 === 0;
}

/** Null for what would be larger than an answer may be. Throws for what is not packed as it says. */
function unpack(
  bytes: Buffer,
  { coding: all, maxBytes }: { readonly coding: string; readonly maxBytes: number },
): Buffer | null {
  const codings = all
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((coding) => !['', 'identity'].includes(coding));
  // Some servers pack without saying so: gzip is known by its first bytes.
  if (codings.length === 0 && bytes[0] === 0x1f && bytes[1] === 0x8b) codings.push('gzip');
  if (bytes.length === 0) return bytes;
  let plain = bytes;
  for (const coding of codings.reverse()) {
    const unpacker = UNPACKERS.get(coding);
    if (unpacker === undefined) throw new Error('nobody here knows that encoding');
    try {
      plain = unpacker(plain, { maxOutputLength: maxBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
      // A proxy may have unpacked it and left the header: what begins as JSON is taken as it is.
      if (/^\s*[[{]/.test(plain.toString('latin1', 0, 100))) return plain;
      throw error;
    }
  }
  return plain;
}

const DECODER = new TextDecoder();

/** Servers send blank lines and comments (`: PROCESSING`) while a model works, so that nobody takes them for dead. */
function textOf(bytes: Uint8Array): string {
  return DECODER.decode(bytes).replace(/^(?:\s+|:[^\n]*(?:\n|$))+/, '');
}

/** `127.0.0.1:1 refuses connections`, `other side closed`: the innermost cause, which names no request. */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0];
  if (!(inner instanceof Error)) return String(inner);
  return inner.message
    .replace(/^connect ECONNREFUSED (\S+).*/, '$1 refuses connections')
    .replace(/^getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+).*/, 'no address is known for $1');
}
