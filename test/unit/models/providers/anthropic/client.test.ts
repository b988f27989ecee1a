import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { ModelError } from '../../../../../src/errors.ts';
import { remedyOf } from '../../../../../src/models/failures.ts';
import type { ChatRequest } from '../../../../../src/models/model-client.ts';
import { openClient } from '../../../../../src/models/providers/anthropic/client.ts';
import { startMockModelServer } from '../../../../support/mock-model-server.ts';

const KEY = 'sk-ant-very-secret';

function clientOf(endpoint: string, headers: Readonly<Record<string, string>> = {}) {
  const client = openClient({
    provider: {
      ...{ name: 'claude', type: 'anthropic', endpoint, apiKeyVariable: 'ANTHROPIC_API_KEY' },
      ...{ headers: {}, simulation: null },
    },
    ...{ apiKey: KEY, headers, environment: {}, maxConnections: null },
  });
  onTestFinished(() => client.close());
  return client;
}

const REQUEST: ChatRequest = {
  ...{ model: 'claude', messages: [{ role: 'user', content: 'Hello' }], parameters: { max_tokens: 9n } },
  ...{ responseSchema: null, timeoutMs: 5_000, signal: new AbortController().signal },
  cell: { column: 'note', row: 3 },
};

/** The error that a client makes of what an endpoint answers. */
async function failureOf(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const mock = await startMockModelServer({ faults: [{ kind: 'says', status, body, headers }] });
  onTestFinished(() => mock.close());
  return clientOf(mock.endpoint)
    .chat(REQUEST)
    .then(
      () => {
        throw new Error('It was answered');
      },
      (error: ModelError) => error,
    );
}

const error = (type: string, message: string) => ({ type: 'error', error: { type, message } });

it('sends version and key in headers of their own, which those of the provider go before', async () => {
  const seen: [string, IncomingHttpHeaders][] = [];
  const server = createServer((request, response) => {
    seen.push([request.url!, request.headers]);
    response.end(JSON.stringify({ content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn' }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await clientOf(base).chat(REQUEST)).toMatchObject({ text: 'Hi', finish: 'stop' });
  const headers = { 'Anthropic-Version': '2099-01-01', 'anthropic-beta': 'new' };
  await clientOf(`${base}/v1`, headers).chat(REQUEST);
  expect(seen).toMatchObject([
    ['/v1/messages', { 'anthropic-version': '2023-06-01', 'x-api-key': KEY }],
    ['/v1/messages', { 'anthropic-version': '2099-01-01', 'anthropic-beta': 'new', 'x-api-key': KEY }],
  ]);
  expect(seen[0]![1].authorization).toBeUndefined();
});

it.each([
  [400, error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'), 'input'],
  [400, error('invalid_request_error', 'temperature: range: 0..1'), 'rejected'],
  [400, error('invalid_request_error', 'Your credit balance is too low to access the API'), 'denied'],
  [400, error('invalid_request_error', 'You have reached your specified API usage limits'), 'denied'],
  [401, error('authentication_error', 'invalid x-api-key'), 'denied'],
  [403, error('permission_error', 'Your key may not use this'), 'rejected'],
  [404, error('not_found_error', 'model: claude-nope'), 'denied'],
  [413, error('request_too_large', 'Request exceeds the maximum size'), 'input'],
  [429, error('rate_limit_error', 'This would exceed the limit of 40,000 input tokens per minute'), 'busy'],
  [500, error('api_error', 'Internal server error'), 'unavailable'],
  [529, error('overloaded_error', 'Overloaded'), 'unavailable'],
  [200, error('overloaded_error', 'Overloaded'), 'unavailable'],
  [200, error('rate_limit_error', 'Slower, please'), 'busy'],
  [200, error('odd_error', 'Odd'), 'unavailable'],
  [200, { choices: [] }, 'unavailable'],
])('takes %i with %j for %s', async (status, body, failure) => {
  expect(await failureOf(status, body)).toMatchObject({ failure });
});

it('keeps the time that a 429 asks to wait, and says what to do about a key or a name', async () => {
  const busy = await failureOf(429, error('rate_limit_error', 'Slower'), { 'retry-after': '7' });
  expect(busy.retryAfterMs).toBe(7_000);
  const key = await failureOf(401, error('authentication_error', `invalid x-api-key ${KEY}`));
  expect(key.message).toMatch(
    /answered 401: authentication_error: invalid x-api-key \*\*\* · the key is that of ANTHROPIC_API_KEY$/,
  );
  expect(remedyOf(key)).toBe('correct the key');
  const name = await failureOf(404, error('not_found_error', 'model: claude-nope'));
  expect(remedyOf(name)).toBe("correct the model's name");
});
