import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf, completionOf, said, startRawEndpoint } from '../../../support/raw-endpoint.ts';

/** Answers each row with its own name, and does something more with the bytes of that answer. */
async function startEcho(
  further: (socket: Socket, answer: Buffer, number: number) => void,
  { latencyMs = 0, hasIds = false }: { readonly latencyMs?: number; readonly hasIds?: boolean } = {},
) {
  const endpoint = await startRawEndpoint((socket, { body, number }) => {
    const id = hasIds ? `chatcmpl-${number}`.padEnd(24, '0') : undefined;
    const answer = bytesOf(completionOf(/row-\d+/.exec(body)![0], id));
    setTimeout(() => {
      if (socket.destroyed) return;
      socket.write(answer);
      further(socket, answer, number);
    }, latencyMs);
  });
  onTestFinished(() => endpoint.close());
  return endpoint;
}

function ask(endpoint: Awaited<ReturnType<typeof startEcho>>, row: number): Promise<string> {
  return said(endpoint.client, { messages: [{ role: 'user', content: `row-${row}` }] });
}

/** The rows that got the answer to another one. */
async function wrongRows(endpoint: Awaited<ReturnType<typeof startEcho>>, rows: number, parallel = 4) {
  const wrong: string[] = [];
  let next = 0;
  const worker = async () => {
    while (next < rows) {
      const row = next;
      next += 1;
      const text = await ask(endpoint, row);
      if (text !== `row-${row}` && text.startsWith('row-')) wrong.push(`row-${row} got ${text}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return wrong;
}

function later(socket: Socket, bytes: Uint8Array | string, ms: number): void {
  setTimeout(() => socket.destroyed || socket.write(bytes), ms);
}

describe('an endpoint that answers a call twice', () => {
  for (const latencyMs of [0, 15]) {
    it.each([0, 1, 3, 10, 30, 60, 90])(
      `puts no answer into another cell, %i ms later, after ${latencyMs} ms`,
      async (ms) => {
        const endpoint = await startEcho((socket, answer) => later(socket, answer, ms), { latencyMs });
        expect(await wrongRows(endpoint, 40)).toEqual([]);
      },
    );
  }

  it('puts none into another cell when both come at once, or byte by byte', async () => {
    const twice = await startEcho((socket, answer) => socket.write(answer));
    expect(await wrongRows(twice, 40)).toEqual([]);
    const slow = await startEcho((socket, answer) => {
      for (const [index, byte] of [...answer].entries()) later(socket, Uint8Array.of(byte), index % 40);
    });
    expect(await wrongRows(slow, 40)).toEqual([]);
  });

  it('gets a new connection for each call once it was seen to', async () => {
    const endpoint = await startEcho((socket, answer, number) => number === 1 && later(socket, answer, 20));
    expect(await wrongRows(endpoint, 60, 2)).toEqual([]);
    expect(endpoint.requests.at(-1)!.headers).toContain('connection: close');
  });

  it('is told by the id of the answer, though it comes while another is waited for', async () => {
    // Only the second request of the connection brings the answer to the first one.
    const earlier = new Map<Socket, Buffer>();
    const endpoint = await startRawEndpoint((socket, { body, number }) => {
      const answer = bytesOf(completionOf(/row-\d+/.exec(body)![0], `chatcmpl-${number}-of-an-endpoint`));
      socket.write(earlier.get(socket) ?? answer);
      earlier.set(socket, answer);
    });
    onTestFinished(() => endpoint.close());
    expect(await ask(endpoint, 0)).toBe('row-0');
    const texts: string[] = [];
    while (endpoint.connections() === endpoint.requests.length)
      texts.push(await ask(endpoint, texts.length + 1));
    expect(texts.pop()).toBe(`${endpoint.host} answered 200 with its answer to an earlier call once more`);
    expect(texts).toEqual(texts.map((_, index) => `row-${index + 1}`));
  });
});

it.each([
  'x',
  '{"choices":[]}',
  '\0\0\0',
  'HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n',
])('what an endpoint sends too much ends the connection: %j', async (bytes) => {
  const endpoint = await startEcho((socket) => later(socket, bytes, 10));
  expect(await wrongRows(endpoint, 12)).toEqual([]);
  expect(endpoint.requests).toHaveLength(12);
  for (const row of [100, 101]) expect(await ask(endpoint, row)).toBe(`row-${row}`);
});

it('an endpoint that behaves keeps its connections', async () => {
  const endpoint = await startEcho(() => {}, { latencyMs: 20 });
  expect(await wrongRows(endpoint, 200, 2)).toEqual([]);
  // Two in flight, and those that rest meanwhile.
  expect(endpoint.connections()).toBeLessThan(20);
});
