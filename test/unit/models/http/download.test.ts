import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelError } from '../../../../src/errors.ts';
import { download } from '../../../../src/models/http/download.ts';

let origin: string;
let headers: IncomingHttpHeaders;
const server = createServer((request, response) => {
  headers = request.headers;
  const [, what] = request.url!.split('/');
  if (what === 'hangs') return;
  if (what === 'cut') {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
    return;
  }
  if (what === 'moved') response.writeHead(302, { location: '/200' });
  else response.writeHead(Number(what));
  response.end('bytes');
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const fetchFrom = (address: string, { signal = new AbortController().signal, timeoutMs = 5_000 } = {}) =>
  download(address, { environment: {}, signal, timeoutMs });

it('gives the bytes at an address, also where they have moved, and sends no key', async () => {
  expect((await fetchFrom(`${origin}/200`)).toString()).toBe('bytes');
  expect((await fetchFrom(`${origin}/moved`)).toString()).toBe('bytes');
  expect(headers.authorization).toBeUndefined();
});

it.each([
  ['404', 'input', /it answered 404$/],
  ['410', 'input', /it answered 410$/],
  ['429', 'busy', /it answered 429$/],
  ['503', 'unavailable', /it answered 503$/],
  ['cut', 'unavailable', /^Cannot fetch the picture from 127/],
])('tells an address that gives nothing from a fault that passes: %s', async (path, failure, message) => {
  const error = await fetchFrom(`${origin}/${path}`).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelError);
  expect(error).toMatchObject({ failure, message: expect.stringMatching(message) });
});

it.each(['http://[', 'file:///etc/hostname', 'images/a.png', `data:image/png,${'A'.repeat(500)}`])(
  'refuses what is no address of the web: %s',
  async (address) => {
    await expect(fetchFrom(address)).rejects.toMatchObject({
      failure: 'input',
      message: expect.stringMatching(
        /^Cannot fetch the picture from ".{1,110}": it is no address of the web$/,
      ),
    });
  },
);

it('ends when its time is up, or when it is told to', async () => {
  await expect(fetchFrom(`${origin}/hangs`, { timeoutMs: 50 })).rejects.toMatchObject({
    failure: 'unavailable',
    message: expect.stringContaining('No answer from 127'),
  });
  await expect(fetchFrom(`${origin}/hangs`, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
    failure: 'cancelled',
  });
});
