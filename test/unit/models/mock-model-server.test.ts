import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { EmbeddingRequest } from '../../../src/models/model-client.ts';
import { createOpenAIClient } from '../../../src/models/providers/openai/client.ts';
import { createSimulatedClient, INSTANT } from '../../../src/models/providers/simulated/simulated-client.ts';
import { decodeVector } from '../../../src/models/vectors.ts';
import { HABITS } from '../../support/habits.ts';
import { type MockFault, startMockModelServer } from '../../support/mock-model-server.ts';
import { requestOf, said } from '../../support/raw-endpoint.ts';

const mock = await startMockModelServer();
const url = mock.endpoint.replace('/v1', '');
afterEach(() => mock.reset());
afterAll(() => mock.close());

async function ask(cell: string): Promise<number> {
  const response = await fetch(`${mock.endpoint}/chat/completions`, {
    method: 'POST',
    headers: { 'x-rowloom-cell': cell },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await response.text();
  return response.status;
}

async function control(path: string, body?: unknown): Promise<unknown> {
  const post = { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, path === '/stats' ? {} : post);
  return response.json();
}

it('counts requests and answers by cell', async () => {
  await ask('a/1');
  await ask('a/1');
  await ask('b/1');
  expect(await control('/stats')).toMatchObject({
    requests: 3,
    answered: 3,
    inFlight: 0,
    maxInFlight: 1,
    promptTokens: 6,
    cells: { 'a/1': { requests: 2, answered: 2 }, 'b/1': { requests: 1, answered: 1 } },
  });
  await control('/reset', {});
  expect(await control('/stats')).toMatchObject({ requests: 0, firstRequestAt: null, cells: {} });
});

it('hits the calls of the cells that a fault names', async () => {
  await control('/faults', [
    { kind: 'error', cells: ['a/1'], calls: [2] },
    { kind: 'busy', cells: ['b/*'] },
  ]);
  const statuses = [await ask('a/1'), await ask('a/1'), await ask('a/1'), await ask('b/7'), await ask('c/1')];
  expect(statuses).toEqual([200, 500, 200, 429, 200]);
  expect(mock.stats()).toMatchObject({ requests: 5, answered: 3 });
});

describe('for embeddings', () => {
  const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers: {} });
  const request = (inputs: readonly string[], parameters: EmbeddingRequest['parameters'] = {}) => {
    const { model, timeoutMs, signal } = requestOf();
    return client.embed({ model, timeoutMs, signal, inputs, parameters, cell: { column: 'v', row: 3 } });
  };
  afterAll(() => client.close());

  it('has one vector for each text, the same for the same text, in either format and of any size', async () => {
    const { vectors, promptTokens } = await request(['one', 'two', 'one']);
    expect(vectors).toHaveLength(3);
    expect([vectors[0], vectors[0] === vectors[1]]).toEqual([vectors[2], false]);
    expect(promptTokens).toBe(3);
    expect((await request(['two', 'one'], { encoding_format: 'base64' })).vectors).toEqual(vectors.slice(1));
    const [small] = (await request(['one'], { dimensions: 8n })).vectors;
    expect(decodeVector(small!)).toHaveLength(8);
    expect(mock.stats().cells).toEqual({ 'v/3': { requests: 3, answered: 3, inputs: 6 } });
  });

  it('says what the simulated model says', async () => {
    const simulated = createSimulatedClient(INSTANT);
    const { model, timeoutMs, signal } = requestOf();
    const call = { model, timeoutMs, signal, parameters: {}, cell: { column: 'v', row: 3 } };
    const inputs = ['one', ''];
    expect(await request(inputs)).toEqual(await simulated.embed({ ...call, inputs }));
  });

  it.each<[MockFault, object]>([
    [
      { kind: 'busy', retryAfterS: 2 },
      { failure: 'busy', status: 429, retryAfterMs: 2_000 },
    ],
    [{ kind: 'error' }, { failure: 'unavailable', status: 500 }],
    [
      { kind: 'error', status: 400, message: 'input is too long' },
      { failure: 'input', status: 400 },
    ],
    [{ kind: 'cut' }, { failure: 'unavailable', status: null }],
    [{ kind: 'miscount' }, { failure: 'unavailable', status: 200 }],
    [{ kind: 'empty' }, { failure: 'unavailable', status: 200 }],
    [{ kind: 'no-json' }, { failure: 'unavailable', status: 200 }],
    [
      { kind: 'says', body: { error: { message: 'Out of memory' } } },
      { failure: 'unavailable', status: 200 },
    ],
  ])('fails as it is told to: %j', async (fault, failure) => {
    mock.setFaults([{ ...fault, cells: ['v/*'] }]);
    await expect(request(['one', 'two'])).rejects.toMatchObject(failure);
  });

  it('says what is wrong with what it was answered', async () => {
    mock.setFaults([{ kind: 'miscount' }]);
    await expect(request(['one', 'two'])).rejects.toThrow(
      / answered 200 with what is no list of 2 embeddings: \{ ?"object": ?"list"/,
    );
  });
});

it('takes lists of parts as the texts of a chat', async () => {
  const body = (content: unknown) => JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] });
  const answers = await Promise.all(
    ['Hello, you', [{ type: 'text', text: 'Hello, ' }, 'you', { type: 'image_url' }]].map(async (content) => {
      const post = { method: 'POST', body: body(content) };
      return (await fetch(`${mock.endpoint}/chat/completions`, post)).json();
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
});

it('waits as long as it is told to', async () => {
  await control('/latency', { latencyMs: 40, jitter: 1 });
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 10 }, (_, row) => ask(`a/${row}`)));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
  expect(mock.stats().maxInFlight).toBeGreaterThan(5);
});

it('takes a list of parts as content, as it takes a text', async () => {
  const texts: string[] = [];
  for (const content of [
    'Hello',
    [{ type: 'text', text: 'Hello' }],
    ['Hel', { text: 'lo' }, { type: 'image_url' }],
  ]) {
    const response = await fetch(`${mock.endpoint}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }),
    });
    texts.push(JSON.parse(await response.text()).choices[0].message.content);
  }
  expect(new Set(texts).size).toBe(1);
});

it.each<[keyof typeof HABITS, string]>([
  ['packs', ''],
  ['packsErrors', 'HOST answered 400: prompt is too long'],
  ['movesOn', ''],
  [
    'movesAway',
    'HOST answered 308, a redirect to https://elsewhere.invalid: the key is not sent there, so set endpoint to it if it is the right one',
  ],
  ['keepsAlive', ''],
  ['cutsInCapitals', 'half a sen'],
  ['endsOddly', 'Hello'],
  ['failsInItsChoice', 'HOST answered 502: Upstream died'],
  ['failsWith200', 'HOST answered 429: Slow down'],
  ['flagsRow3', ''],
  ['knowsNoPath', 'HOST answered 404: Not Found'],
  ['thinksAloud', '<think>\nShall it be {"level": 1}?\n</think>\n\n{"level": 3}'],
])('has the habit that it %s', async (habit, expected) => {
  const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers: {} });
  const usual = await said(client);
  mock.setFaults(HABITS[habit] as readonly MockFault[]);
  const words = (await said(client)).replace(client.host, 'HOST');
  expect(words).toBe(expected === '' ? usual : expected);
  await client.close();
});

it('has habits that depend on what is asked', async () => {
  const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers: {} });
  mock.setFaults(HABITS.flagsRow3);
  const row3 = { messages: [{ role: 'user' as const, content: 'row-3-' }] };
  expect(await said(client, row3)).toMatch(/ answered 403: The input was flagged for "violence"/);
  mock.reset();
  mock.setFaults(HABITS.wantsFullTurns);
  expect(await said(client)).toBe('');
  const empty = { messages: [{ role: 'assistant' as const, content: '' }] };
  expect(await said(client, empty)).toMatch(
    / answered 400: messages.1: all messages must have non-empty content/,
  );
  mock.setFaults(HABITS.refusesToAnswer);
  expect(await client.chat(requestOf())).toMatchObject({ text: '', refusal: 'I cannot help with that.' });
  mock.setFaults(HABITS.withholds);
  expect(await client.chat(requestOf())).toMatchObject({ text: '', finish: 'content-filter' });
  await client.close();
});
