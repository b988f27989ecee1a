import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelError } from '../../../../../src/errors.ts';
import type { ChatRequest, ModelClient } from '../../../../../src/models/model-client.ts';
import { createOpenAIClient } from '../../../../../src/models/providers/openai/client.ts';
import {
  type MockFault,
  type MockModelServer,
  startMockModelServer,
} from '../../../../support/mock-model-server.ts';

const KEY = 'sk-very-secret';
let mock: MockModelServer;
let client: ModelClient;

beforeAll(async () => {
  mock = await startMockModelServer();
  client = createOpenAIClient({
    endpoint: mock.endpoint,
    apiKey: KEY,
    apiKeyVariable: 'MOCK_KEY',
    headers: { 'x-title': 'Rowloom' },
  });
});
afterEach(() => mock.reset());
afterAll(async () => {
  await client.close();
  await mock.close();
});

function requestOf(overrides: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'm1',
    messages: [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'Hello' },
    ],
    parameters: {},
    responseSchema: null,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    cell: { column: 'größe', row: 3 },
    ...overrides,
  };
}

async function failureOf(fault: MockFault, overrides: Partial<ChatRequest> = {}): Promise<ModelError> {
  mock.setFaults([fault]);
  return client.chat(requestOf(overrides)).then(
    () => {
      throw new Error('It was answered');
    },
    (error) => error,
  );
}

describe('the request', () => {
  it('is model, messages and parameters, and nothing else', async () => {
    await client.chat(
      requestOf({ parameters: { temperature: 0.5, max_tokens: 20n, extra: { deep: [1n] } } }),
    );
    expect(mock.lastBody('größe/3')).toEqual({
      model: 'm1',
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hello' },
      ],
      temperature: 0.5,
      max_tokens: 20,
      extra: { deep: [1] },
    });
  });

  it('has tool calls and what came of them', async () => {
    const toolCalls = [{ id: 'c1', name: 'search', args: '{"q": 1}' }];
    await client.chat(
      requestOf({
        messages: [
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: '', toolCalls },
          { role: 'tool', call: 'c1', content: 'Nothing found' },
        ],
      }),
    );
    const called = { id: 'c1', type: 'function', function: { name: 'search', arguments: '{"q": 1}' } };
    expect(mock.lastBody('größe/3')).toMatchObject({
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: '', tool_calls: [called] },
        { role: 'tool', tool_call_id: 'c1', content: 'Nothing found' },
      ],
    });
  });

  it('carries the schema, strictly where its form allows it', async () => {
    const properties = { a: { type: 'integer' } };
    const open = { type: 'object', properties };
    await client.chat(requestOf({ responseSchema: { name: 'answer', schema: open } }));
    expect(mock.lastBody('größe/3')).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: open, strict: false } },
    });
    const closed = { ...open, required: ['a'], additionalProperties: false };
    await client.chat(requestOf({ responseSchema: { name: 'answer', schema: closed } }));
    expect(mock.lastBody('größe/3')).toMatchObject({ response_format: { json_schema: { strict: true } } });
  });

  it('keeps whole numbers of any size, and has key and headers', async () => {
    let seen = { body: '', headers: {} as Record<string, unknown> };
    const server = await serve((body, headers) => {
      seen = { body, headers };
      return { choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] };
    });
    await server.client.chat(requestOf({ parameters: { seed: 9007199254740993n, temperature: 1 } }));
    expect(seen.body).toBe(
      '{"model":"m1","messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hello"}],"seed":9007199254740993,"temperature":1.0}',
    );
    expect(seen.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'x-title': 'Rowloom',
      'content-type': 'application/json',
      'x-rowloom-cell': 'gr%C3%B6%C3%9Fe/3',
    });
    await server.close();
  });
});

describe('the answer', () => {
  it('has text, finish and tokens, the same for the same messages', async () => {
    const answer = await client.chat(requestOf());
    expect(answer).toMatchObject({ reasoning: null, finish: 'stop', promptTokens: 4, status: 200 });
    expect(answer.completionTokens).toBe(Math.ceil(answer.text.length / 4));
    expect((await client.chat(requestOf({ cell: { column: 'other', row: 9 } }))).text).toBe(answer.text);
  });

  it('obeys the schema', async () => {
    const schema = {
      type: 'object',
      properties: { level: { type: 'integer', minimum: 1n, maximum: 3n } },
      required: ['level'],
    };
    const { text } = await client.chat(requestOf({ responseSchema: { name: 'answer', schema } }));
    expect([1, 2, 3]).toContain(JSON.parse(text).level);
  });

  it.each([
    [{ content: 'Hi', reasoning: 'A', reasoning_content: 'B' }, 'Hi', 'A'],
    [{ content: 'Hi', reasoning_content: 'B' }, 'Hi', 'B'],
    [{ content: null, reasoning: '' }, '', null],
  ])('reads the message %j', async (message, text, reasoning) => {
    const server = await serve(() => ({ choices: [{ message, finish_reason: 'length' }] }));
    expect(await server.client.chat(requestOf())).toMatchObject({
      text,
      reasoning,
      finish: 'length',
      promptTokens: 0,
    });
    await server.close();
  });

  it('has the tools that the model calls', async () => {
    const tool_calls = [
      { id: 'c1', type: 'function', function: { name: 'search', arguments: '{"q": 1}' } },
      { id: 'c2', function: { name: 'look', arguments: { at: 2 } } },
    ];
    const message = { content: null, tool_calls };
    const server = await serve(() => ({ choices: [{ message, finish_reason: 'tool_calls' }] }));
    expect(await server.client.chat(requestOf())).toMatchObject({
      text: '',
      finish: 'tool-calls',
      toolCalls: [
        { id: 'c1', name: 'search', args: '{"q": 1}' },
        { id: 'c2', name: 'look', args: '{"at":2}' },
      ],
    });
    await server.close();
  });

  it('has the words of a refusal beside the text', async () => {
    const message = { content: null, refusal: 'I cannot help with that.' };
    const server = await serve(() => ({ choices: [{ message, finish_reason: 'odd' }] }));
    expect(await server.client.chat(requestOf())).toMatchObject({
      text: '',
      refusal: 'I cannot help with that.',
      finish: 'other',
      finishReason: 'odd',
    });
    await server.close();
  });

  it.each([
    ['error', 'error'],
    ['abort', 'error'],
    ['model_length', 'length'],
    ['max_tokens', 'length'],
    ['eos', 'stop'],
    ['odd', 'other'],
    [undefined, 'other'],
  ])('that ends with %j ends with "%s"', async (reason, finish) => {
    const server = await serve(() => ({
      choices: [{ message: { content: 'Half a sen' }, finish_reason: reason }],
    }));
    expect(await server.client.chat(requestOf())).toMatchObject({ finish });
    await server.close();
  });

  it.each([
    { usage: { prompt_tokens: '9', completion_tokens: 2.5, total_tokens: {}, prompt_tokens_details: [] } },
    {
      usage: {
        prompt_tokens: -1,
        completion_tokens: null,
        completion_tokens_details: { reasoning_tokens: 'a' },
      },
    },
    { usage: 'free' },
    { usage: [] },
    { id: 7, created: '2026-11-21T17:00:00Z', model: { name: 'm1' } },
    { choices: [{ message: { role: 'model', content: 'Hi', reasoning: {}, reasoning_content: 3 } }, null] },
    { choices: [{ message: { content: 'Hi', tool_calls: 'none' }, finish_reason: 0 }] },
  ])('is taken whatever stands beside its text: %j', async (odd) => {
    const server = await serve(() => ({ choices: [{ message: { content: 'Hi' } }], ...odd }));
    expect(await server.client.chat(requestOf())).toEqual({
      text: 'Hi',
      reasoning: null,
      toolCalls: [],
      finish: 'other',
      finishReason: null,
      refusal: null,
      promptTokens: 0,
      completionTokens: 0,
      status: 200,
    });
    await server.close();
  });

  it('is the text of all its parts, and its thoughts are the reasoning', async () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
      { type: 'text', text: 'Hello, ' },
      { type: 'text', text: 'you' },
    ];
    const server = await serve(() => ({ choices: [{ message: { content }, finish_reason: 'stop' }] }));
    expect(await server.client.chat(requestOf())).toMatchObject({ text: 'Hello, you', reasoning: 'Hm' });
    await server.close();
  });
});

describe('a failure', () => {
  it.each([
    [{ kind: 'busy', retryAfterS: 3 }, 'busy', 429, 3_000],
    [{ kind: 'busy' }, 'busy', 429, null],
    [{ kind: 'error' }, 'unavailable', 500, null],
    [{ kind: 'error', status: 503 }, 'unavailable', 503, null],
    [{ kind: 'error', status: 401 }, 'denied', 401, null],
    [{ kind: 'error', status: 404, message: 'The model "m1" does not exist' }, 'denied', 404, null],
    [{ kind: 'error', status: 404 }, 'rejected', 404, null],
    [{ kind: 'error', status: 400 }, 'rejected', 400, null],
    [{ kind: 'no-json' }, 'unavailable', 200, null],
    [{ kind: 'cut' }, 'unavailable', null, null],
  ] as const)('%j is %s', async (fault, failure, status, retryAfterMs) => {
    expect(await failureOf(fault)).toMatchObject({ failure, status, retryAfterMs });
  });

  it('of an endpoint that takes no schema is told apart', async () => {
    const responseSchema = { name: 'answer', schema: { type: 'object' } };
    expect(await failureOf({ kind: 'no-schema' }, { responseSchema })).toMatchObject({ failure: 'schema' });
    expect(await client.chat(requestOf())).toMatchObject({ status: 200 });
  });

  it('comes at the deadline of the call', async () => {
    const error = await failureOf({ kind: 'hang' }, { timeoutMs: 30 });
    expect(error).toMatchObject({ failure: 'unavailable', status: null });
    expect(error.message).toBe(
      `No answer from ${client.host}: none within 0.03 s, raise timeout if it needs longer`,
    );
  });

  it('comes when the caller calls off', async () => {
    const caller = new AbortController();
    setTimeout(() => caller.abort(), 20);
    expect(await failureOf({ kind: 'hang' }, { signal: caller.signal })).toMatchObject({
      failure: 'cancelled',
    });
    await expect(client.chat(requestOf({ signal: caller.signal }))).rejects.toMatchObject({
      failure: 'cancelled',
    });
  });

  it('of an endpoint that is not there names the host', async () => {
    const nobody = createOpenAIClient({ endpoint: 'http://127.0.0.1:9/v1', apiKey: KEY, headers: {} });
    const error = await nobody.chat(requestOf()).catch((thrown) => thrown);
    expect(error).toMatchObject({ failure: 'unavailable', status: null });
    expect(error.message).toBe('No answer from 127.0.0.1:9: 127.0.0.1:9 refuses connections');
    await nobody.close();
  });

  it('shows no secret, though the endpoint repeats it', async () => {
    const error = await failureOf({ kind: 'error', status: 401, message: `Bad key ${KEY} from Rowloom` });
    expect(error.message).toBe(
      `${client.host} answered 401: Bad key *** from *** · the key is that of MOCK_KEY`,
    );
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(KEY);
    expect(error.cause).toBeUndefined();
  });

  it('shows no token of a header, with or without the word before it', async () => {
    const headers = { authorization: 'Bearer tok-from-environment', 'x-version': '2' };
    const other = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers });
    mock.setFaults([{ kind: 'error', message: 'tok-from-environment is unknown in v2' }]);
    const error = await other.chat(requestOf()).catch((thrown) => thrown);
    expect(error.message).toBe(`${other.host} answered 500: *** is unknown in v2`);
    await other.close();
  });

  it('leaves the choices of an answer without any', async () => {
    const server = await serve(() => ({ choices: [] }));
    const error = await server.client.chat(requestOf()).catch((thrown) => thrown);
    expect(error).toMatchObject({ failure: 'unavailable', status: 200 });
    expect(error.message).toBe(
      `${server.client.host} answered 200 with what is no chat completion: {"choices":[]}`,
    );
    await server.close();
  });
});

/** A server that answers what it is told. */
async function serve(answer: (body: string, headers: Record<string, unknown>) => unknown) {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => response.end(JSON.stringify(answer(body, request.headers))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = createOpenAIClient({
    endpoint: `http://127.0.0.1:${port}/v1/`,
    apiKey: KEY,
    headers: { 'x-title': 'Rowloom' },
  });
  return {
    client,
    async close() {
      await client.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
