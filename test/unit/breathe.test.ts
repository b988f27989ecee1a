import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBreather } from '../../src/breathe.ts';
import { adoptCells } from '../../src/rows/adopt.ts';
import { openRows } from '../../src/rows/open-rows.ts';
import { FolderFiles } from '../../src/store/files/folder.ts';
import { expressionColumn, NO_FUNCTIONS, planWith, samplerColumn } from '../support/plans.ts';

/** Pieces of work in each turn of the event loop. A piece takes one millisecond: it begins with a look at the clock. */
let turns: number[];
let isOver: boolean;
beforeEach(() => {
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
  const breathe = createBreather();
  for (let piece = 0; piece < pieces; piece += 1) await breathe();
}

const longestTurn = () => Math.max(...turns);
const pieces = () => turns.reduce((sum, count) => sum + count, 0);

it('lets the event loop turn after 10 ms of work', async () => {
  await work(1_000);
  expect(pieces()).toBeGreaterThanOrEqual(1_000);
  expect(longestTurn()).toBeLessThan(15);
});

it('lets it turn no later where many loops are at work at once', async () => {
  // The first pieces wait in line; those that take a turn share it with no other.
  await Promise.all(Array.from({ length: 20 }, () => work(100)));
  expect(pieces()).toBeGreaterThanOrEqual(2_000);
  expect(Math.max(...turns.slice(1))).toBeLessThan(15);
});

it('holds no event loop while 50 samplers and 50 expressions are opened for 1,000 rows', async () => {
  const float = { kind: 'float' } as const;
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
