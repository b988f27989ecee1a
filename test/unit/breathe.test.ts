import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { breathe } from '../../src/breathe.ts';
import { HttpEndpoint } from '../../src/models/http/http-endpoint.ts';
import { adoptCells } from '../../src/rows/adopt.ts';
import { openRows } from '../../src/rows/open-rows.ts';
import { commitRowGroup } from '../../src/store/commit.ts';
import { Edition } from '../../src/store/editions.ts';
import { FolderFiles } from '../../src/store/files/folder.ts';
import { expressionColumn, NO_FUNCTIONS, planWith, samplerColumn, textColumn } from '../support/plans.ts';
import { testDataset } from './store/support.ts';

/** Pieces of work in each turn of the event loop. A piece takes one millisecond: it begins with a look at the clock. */
let turns: number[];
let isOver: boolean;
beforeEach(async () => {
  // The turn that began by another clock ends.
  await new Promise(setImmediate);
  turns = [0];
  isOver = false;
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    turns[turns.length - 1]! += 1;
    clock += 1;
    return clock;
  });
  setImmediate(function turn() {
    turns.push(0);
    if (!isOver) setImmediate(turn);
  });
});
afterEach(() => {
  isOver = true;
  vi.restoreAllMocks();
});

async function work(pieces: number): Promise<void> {
  for (let piece = 0; piece < pieces; piece += 1) await breathe();
}

const float = { kind: 'float' } as const;

const longestTurn = () => turns.reduce((longest, count) => Math.max(longest, count), 0);
const pieces = () => turns.reduce((sum, count) => sum + count, 0);

it('lets the event loop turn after 10 ms of work', async () => {
  await work(1_000);
  expect(pieces()).toBeGreaterThanOrEqual(1_000);
  expect(longestTurn()).toBeLessThan(15);
});

it('lets it turn no later where many loops are at work at once', async () => {
  await Promise.all(Array.from({ length: 20 }, () => work(100)));
  expect(pieces()).toBeGreaterThanOrEqual(2_000);
  // In the first turn all of them look at the clock, and most then wait.
  expect(Math.max(...turns.slice(1))).toBeLessThan(15);
});

it('holds no event loop while 50 samplers and 50 expressions are opened for 1,000 rows', async () => {
  const samplers = Array.from({ length: 50 }, (_, index) =>
    samplerColumn(`s${index}`, 'uniform', { type: float, params: { low: 0n, high: 1n } }),
  );
  const expressions = samplers.map(({ name }, index) =>
    expressionColumn(`e${index}`, `{{ ${name} * 2 }}`, { needs: [name], dtype: 'float', type: float }),
  );
  const columns = [...samplers, ...expressions];
  const plan = planWith(columns);
  const rows = { first: 0, last: 999 };
  const order = columns.map(({ name }) => name);
  const opened = await openRows({ plan, order, functions: NO_FUNCTIONS, files: new FolderFiles('nowhere') });
  const roots = await opened.roots.make(rows);
  expect(pieces()).toBeGreaterThanOrEqual(1_000);
  await adoptCells({
    ...{ plan, rows, roots, records: new Map(), assembler: opened.assembler },
    output: { rows: [], columns: [], drops: [] },
    ...{ unchanged: new Set<string>(), unread: new Set<string>() },
  });
  expect(pieces()).toBeGreaterThanOrEqual(2_000);
  expect(longestTurn()).toBeLessThan(15);
});

it('holds no event loop while a group of vectors is committed', async () => {
  const vectors = textColumn('vectors', { type: { kind: 'list', item: float } });
  const rows = Array.from({ length: 500 }, (_, row) => row);
  const plan = planWith([vectors]);
  const dataset = await testDataset();
  const edition = new Edition(dataset, { epoch: 1, planDigest: 'p', digestOf: () => 'p' });
  await edition.start(1);
  await commitRowGroup(dataset, edition, {
    ...{ plan, planDigest: 'p', rowGroup: 0, rows: { first: 0, last: 499 }, isComplete: true },
    ...{ digest: 'p', definitions: {} },
    readContent: async () => ({
      ...{ completeRows: rows, drops: [], chosen: new Map() },
      valuesOf: () => rows.map((row) => [row, 0.5]),
    }),
  });
  // Once each when it is held against its type, and by tens when it is handed to the thread that writes it.
  expect(pieces()).toBeGreaterThanOrEqual(510);
  expect(longestTurn()).toBeLessThan(15);
});

it('reads large answers over several turns where many come at once', async () => {
  const server = createServer((_, response) => response.end(Buffer.alloc(100_000, 32)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint = new HttpEndpoint(new URL(`http://127.0.0.1:${port}`), {
    headers: [],
    environment: {},
    maxConnections: 8,
  });
  const call = {
    route: '/',
    body: '{}',
    headers: [],
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  };
  await Promise.all(Array.from({ length: 30 }, () => endpoint.post(call)));
  expect(pieces()).toBeGreaterThanOrEqual(30);
  expect(longestTurn()).toBeLessThan(15);
  await endpoint.close();
  server.close();
});
