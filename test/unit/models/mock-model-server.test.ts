import { afterAll, afterEach, expect, it } from 'vitest';
import { startMockModelServer } from '../../support/mock-model-server.ts';

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
