import { afterAll, afterEach, expect, it } from 'vitest';
import { createOpenAIClient } from '../../../src/models/providers/openai/client.ts';
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
