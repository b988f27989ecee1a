import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../../src/client/build/connection.ts';

/** gRPC statuses. */
const OK = 0;
const CANCELLED = 1;
const UNAVAILABLE = 14;
/** The client tries again 100 ms after an `UNAVAILABLE`, give or take a fifth. */
const FIRST_RETRY_WITHIN_MS = 300;

let server: Http2Server;
let refused: number;

beforeEach(async () => {
  refused = 0;
  server = createServer();
  server.on('stream', (stream, headers) => {
    const isConnecting = headers[':path']?.endsWith('GetSystemInfo') === true;
    if (!isConnecting) refused += 1;
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        ...(isConnecting ? {} : { 'grpc-status': UNAVAILABLE }),
      },
      isConnecting ? { waitForTrailers: true } : { endStream: true },
    );
    if (!isConnecting) return;
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': OK }));
    // An empty message: not compressed, no bytes.
    stream.end(Buffer.alloc(5));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.close();
});

describe('a connection to Temporal', () => {
  it('ends a call that waits to be tried again when it is closed', async () => {
    const { port } = server.address() as AddressInfo;
    const connected = await connect({
      connectionOptions: { address: `127.0.0.1:${port}` },
      environment: {},
      isEmbedded: false,
      namespace: 'default',
    });
    const query = connected.client.workflow.getHandle('some').query('progress');
    const ended = expect(query).rejects.toMatchObject({ cause: { code: CANCELLED } });
    while (refused === 0) await sleep(1);
    await connected.close();
    await ended;
    await sleep(FIRST_RETRY_WITHIN_MS);
    expect(refused).toBe(1);
  });
});

it('says where nothing answers', async () => {
  const place = {
    connectionOptions: { address: '127.0.0.1:1' },
    environment: {},
    namespace: 'default',
    isEmbedded: false,
  };
  await expect(connect(place, { connectTimeout: 200 })).rejects.toThrow(
    'Cannot use the Temporal server at 127.0.0.1:1: nothing answers there. Make sure that it runs',
  );
});
