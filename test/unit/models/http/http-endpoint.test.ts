import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bytesOf,
  completionOf,
  type RawRequest,
  requestOf,
  said,
  startRawEndpoint,
} from '../../../support/raw-endpoint.ts';

type Answer = Uint8Array | string;

/** An endpoint that answers each request with these bytes. */
async function startEndpoint(
  answer: (request: RawRequest) => Answer,
  options: Parameters<typeof startRawEndpoint>[1] = {},
) {
  const endpoint = await startRawEndpoint((socket, request) => socket.write(answer(request)), options);
  onTestFinished(() => endpoint.close());
  return endpoint;
}

const PACKED = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  GZIP: gzipSync,
  identity: (text: string) => Buffer.from(text),
  'deflate, gzip': (text: string) => gzipSync(deflateSync(text)),
};

describe('an answer', () => {
  it.each(Object.entries(PACKED))(
    'packed as "%s" is unpacked, that to a refusal too',
    async (coding, pack) => {
      const headers = { 'content-encoding': coding };
      const endpoint = await startEndpoint(({ number }) =>
        number === 1
          ? bytesOf(pack(completionOf('zipped')), { headers })
          : bytesOf(pack('{"error":{"message":"prompt is too long"}}'), { headers, status: 400 }),
      );
      expect(await said(endpoint.client)).toBe('zipped');
      expect(await said(endpoint.client)).toBe(`${endpoint.host} answered 400: prompt is too long`);
    },
  );

  it.each<[string, Record<string, string>, Answer]>([
    ['deflate without its header', { 'content-encoding': 'deflate' }, deflateRawSync(completionOf('Hi'))],
    ['gzip that is not named', {}, gzipSync(completionOf('Hi'))],
    ['gzip that somebody has unpacked', { 'content-encoding': 'gzip' }, completionOf('Hi')],
    ['a byte order mark', {}, `\u{feff}${completionOf('Hi')}`],
    ['blank lines', {}, `\n\r\n  \t\n${completionOf('Hi')}\n`],
    ['comments', {}, `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\r\n\r\n:\n${completionOf('Hi')}`],
    ['packed comments', { 'content-encoding': 'gzip' }, gzipSync(`: WAIT\n\n${completionOf('Hi')}`)],
  ])('with %s is read', async (_, headers, body) => {
    const endpoint = await startEndpoint(() => bytesOf(body, { headers }));
    expect(await said(endpoint.client)).toBe('Hi');
  });

  it('in chunks is read', async () => {
    const json = completionOf('Grüße');
    const chunks = [...Buffer.from(json)].map((byte) => Buffer.from([0x31, 13, 10, byte, 13, 10]));
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const endpoint = await startEndpoint(() =>
      Buffer.concat([Buffer.from(head), ...chunks, Buffer.from('0\r\n\r\n')]),
    );
    expect(await said(endpoint.client)).toBe('Grüße');
  });

  it.each<[string, Answer, string]>([
    ['gzip', 'nonsense', 'what cannot be unpacked as "gzip": incorrect header check'],
    [
      'gzip',
      gzipSync(completionOf('Hi')).subarray(0, 30),
      'what cannot be unpacked as "gzip": unexpected end of file',
    ],
    ['br', 'nonsense', 'what cannot be unpacked as "br": Decompression failed'],
    ['odd', 'nonsense', 'what cannot be unpacked as "odd": nobody here knows that encoding'],
  ])('that is not "%s" as it says is none', async (coding, body, words) => {
    const endpoint = await startEndpoint(() => bytesOf(body, { headers: { 'content-encoding': coding } }));
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
      failure: 'unavailable',
      status: 200,
      message: `${endpoint.host} answered 200 with ${words}`,
    });
  });

  it('with an error in its place is that error', async () => {
    const endpoint = await startEndpoint(({ number }) =>
      bytesOf(JSON.stringify({ error: { message: 'Slow down', ...(number === 1 ? { code: 429 } : {}) } }), {
        headers: { 'retry-after': '2' },
      }),
    );
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
      failure: 'busy',
      status: 429,
      retryAfterMs: 2_000,
      message: `${endpoint.host} answered 429: Slow down`,
    });
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
      failure: 'unavailable',
      status: 200,
      message: `${endpoint.host} answered 200 with an error: Slow down`,
    });
  });
});

it('says with which status nothing came', async () => {
  const endpoint = await startEndpoint(() => bytesOf('', { status: 202 }));
  await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
    failure: 'unavailable',
    status: 202,
    message: `${endpoint.host} answered 202 with nothing`,
  });
});

describe('an answer that is too large', () => {
  const MiB = 2 ** 20;

  it('is not read, sent or unpacked', async () => {
    const head = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n`;
    const chunk = `100000\r\n${'x'.repeat(MiB)}\r\n`;
    const endpoint = await startRawEndpoint((socket, { number }) => {
      const headers = { 'content-encoding': 'gzip' };
      if (number === 2) socket.write(bytesOf(gzipSync(completionOf('x'.repeat(5 * MiB))), { headers }));
      else if (number === 3) socket.write(bytesOf(gzipSync(' '.repeat(5 * MiB)), { headers, status: 500 }));
      else {
        // It never ends: reading it has to.
        socket.write(head);
        const more = () => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on('drain', more);
        more();
      }
    });
    onTestFinished(() => endpoint.close());
    const words = 'an answer of more than 4 MiB, which is not read';
    for (let call = 0; call < 2; call += 1) {
      await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
        failure: 'rejected',
        status: 200,
        message: `${endpoint.host} answered 200 with ${words}`,
      });
    }
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
      failure: 'unavailable',
      message: `${endpoint.host} answered 500: ${words}`,
    });
  });

  it('is one above 4 MiB: one of 3.9 is read', async () => {
    const text = 'x'.repeat(3.9 * MiB);
    const endpoint = await startEndpoint(() => bytesOf(completionOf(text)));
    expect((await said(endpoint.client)) === text).toBe(true);
  });
});

describe('a redirect', () => {
  const moved = (status: number, location: string) => bytesOf('', { status, headers: { location } });

  it.each([301, 302, 307, 308])(
    'with %i on the same host has the call sent there as it is',
    async (status) => {
      const endpoint = await startEndpoint(
        ({ target }) =>
          target.includes('/moved') ? bytesOf(completionOf('moved')) : moved(status, '/moved?a=1'),
        { apiKey: 'sk-very-secret' },
      );
      expect(await said(endpoint.client)).toBe('moved');
      const [first, second] = endpoint.requests;
      expect(second).toMatchObject({ target: 'POST /moved?a=1', body: first!.body });
      expect(second!.headers).toContain('authorization: bearer sk-very-secret');
    },
  );

  it('with 303 has what came of the call fetched', async () => {
    const endpoint = await startEndpoint(({ number }) =>
      number === 1 ? moved(303, 'results/7') : bytesOf(completionOf('made')),
    );
    expect(await said(endpoint.client)).toBe('made');
    expect(endpoint.requests[1]).toMatchObject({ target: 'GET /v1/chat/results/7', body: '' });
  });

  it.each([
    [
      'https://127.0.0.1/v1',
      'to https://127.0.0.1: the key is not sent there, so set endpoint to it if it is the right one',
    ],
    [
      '//models.example.com/v1?token=abc',
      'to http://models.example.com: the key is not sent there, so set endpoint to it if it is the right one',
    ],
    [
      'http://me:secret@127.0.0.1:1/',
      'to http://127.0.0.1:1: the key is not sent there, so set endpoint to it if it is the right one',
    ],
    ['ftp:x', 'to ftp://x: the key is not sent there, so set endpoint to it if it is the right one'],
    ['http://', 'that does not say where to: check endpoint'],
  ])('to %s is refused at once', async (location, words) => {
    const endpoint = await startEndpoint(() => moved(308, location), { apiKey: 'sk-very-secret' });
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({
      failure: 'denied',
      status: 308,
      message: `${endpoint.host} answered 308, a redirect ${words}`,
    });
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each([300, 304, 308])('with %i and without a place is refused at once', async (status) => {
    const endpoint = await startEndpoint(() => bytesOf('', { status }));
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({ failure: 'denied', status });
  });

  it('is followed five times', async () => {
    const endpoint = await startEndpoint(({ number }) =>
      number % 6 === 0 && number < 7 ? bytesOf(completionOf('there')) : moved(307, `/${number}`),
    );
    expect(await said(endpoint.client)).toBe('there');
    await expect(endpoint.client.chat(requestOf())).rejects.toMatchObject({ failure: 'denied', status: 307 });
    expect(endpoint.requests).toHaveLength(12);
  });
});

describe('the address', () => {
  it.each([
    ['/v1', 'POST /v1/chat/completions'],
    ['/v1/', 'POST /v1/chat/completions'],
    ['', 'POST /chat/completions'],
    ['/v1?api-version=1', 'POST /v1/chat/completions?api-version=1'],
    ['/v1/?api-version=1&a=%2F', 'POST /v1/chat/completions?api-version=1&a=%2F'],
    ['/v1#chat', 'POST /v1/chat/completions'],
    ['/a%20b/v1', 'POST /a%20b/v1/chat/completions'],
  ])('%j is asked as %j', async (path, target) => {
    const endpoint = await startEndpoint(() => bytesOf(completionOf('Hi')), { path });
    expect(await said(endpoint.client)).toBe('Hi');
    expect(endpoint.requests[0]!.target).toBe(target);
  });

  it("has the provider's headers in place of ours, whatever their letters", async () => {
    const endpoint = await startEndpoint(() => bytesOf(completionOf('Hi')), {
      apiKey: 'sk-very-secret',
      headers: { Authorization: 'Basic abc', 'User-Agent': 'mine' },
    });
    expect(await said(endpoint.client)).toBe('Hi');
    const { headers } = endpoint.requests[0]!;
    expect(headers.match(/authorization|user-agent/g)).toHaveLength(2);
    expect(headers).toContain('authorization: basic abc');
  });
});
