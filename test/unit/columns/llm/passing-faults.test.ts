// What one cell in ten meets once costs no row, whatever it is. Data Designer 0.9.7 loses up to 16 of these 50.

import { afterAll, expect, it } from 'vitest';
import { Limiter } from '../../../../src/models/limiter.ts';
import { createOpenAIClient } from '../../../../src/models/providers/openai/client.ts';
import { ModelTraits } from '../../../../src/models/traits.ts';
import type { Plan } from '../../../../src/plan.ts';
import type { CellRecord } from '../../../../src/store/records.ts';
import { cellInput } from '../../../support/chat-columns.ts';
import { type MockFault, startMockModelServer } from '../../../support/mock-model-server.ts';
import { makeCell } from '../../../support/one-cell.ts';
import { judgeColumn } from '../../../support/plans.ts';

const ROWS = 50;
const column = judgeColumn(
  'verdict',
  [{ name: 'tone', description: 'How does it sound?', options: { '1': 'bad', '2': 'good' } }],
  { needs: ['topic'], prompt: 'Judge {{ topic }}', alias: 'm' },
);
const plan = {
  models: {
    m: { model: 'm', providerType: 'openai', temperature: null, topP: null, maxTokens: null, extraBody: {} },
  },
  seed: 's',
  redo: [],
} as unknown as Plan;

const mock = await startMockModelServer({ latencyMs: 5 });
const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers: {} });
afterAll(async () => {
  await client.close();
  await mock.close();
});

/** Makes all rows, with waits a hundred times shorter. On a busy machine an answer may take a second. */
async function makeRows(timeoutMs = 30_000) {
  const limiter = new Limiter({
    max: 16,
    skipProbe: false,
    now: () => performance.now() * 100,
    schedule: (wake, ms) => {
      const timer = setTimeout(wake, ms / 100);
      return () => clearTimeout(timer);
    },
  });
  const never = new AbortController().signal;
  const traits = new ModelTraits({ hasAnswered: () => false });
  const records: CellRecord[] = [];
  const make = (row: number) => {
    const { digest, ...input } = cellInput({ plan, column, row, values: { topic: `ticket ${row}` } });
    return makeCell({
      ...{ column, row, digest, input },
      history: [],
      model: { client, limiter, traits, name: 'm', timeoutMs },
      settings: { maxConversationRestarts: 5, maxConversationCorrectionSteps: 0 },
      stop: never,
      signal: never,
      append: async (record) => {
        records.push(record);
      },
      nextCallId: () => 'id',
      now: Date.now,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 100)),
    });
  };
  const outcomes = await Promise.all(Array.from({ length: ROWS }, (_, row) => make(row)));
  expect(limiter.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
  return { outcomes, records };
}

it.each<MockFault>([
  { kind: 'error', status: 500 },
  { kind: 'error', status: 503 },
  { kind: 'busy', retryAfterS: 0.01 },
  { kind: 'cut' },
  { kind: 'hang' },
  { kind: 'no-json' },
  { kind: 'bad-json' },
  { kind: 'empty' },
  { kind: 'length' },
])('makes all rows though one in ten meets once %j', async (fault) => {
  mock.reset();
  const hit = Array.from({ length: ROWS / 10 }, (_, index) => `verdict/${index * 10}`);
  mock.setFaults([{ ...fault, cells: hit, calls: [1] }]);
  const { outcomes, records } = await makeRows(fault.kind === 'hang' ? 3_000 : undefined);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(ROWS).fill('ok'));
  expect(records.flatMap(({ calls }) => calls)).toHaveLength(ROWS + hit.length);
  expect(mock.stats()).toMatchObject({ requests: ROWS + hit.length });
});

it.each([400, 403, 404, 413])(
  'asks once for a cell that is refused with %i while others are answered',
  async (status) => {
    mock.reset();
    const hit = [10, 20, 30].map((row) => `verdict/${row}`);
    mock.setFaults([{ kind: 'error', status, cells: hit }]);
    const { outcomes } = await makeRows();
    const failed = outcomes.flatMap(({ status }, row) => (status === 'failed' ? [`verdict/${row}`] : []));
    expect(failed).toEqual(hit);
    expect(mock.stats()).toMatchObject({ requests: ROWS, answered: ROWS - hit.length });
  },
);

it('makes all rows after an outage, none of which cost a cell a try', async () => {
  mock.reset();
  mock.setFaults([{ kind: 'error', status: 502 }]);
  setTimeout(() => mock.setFaults([]), 80);
  const { outcomes, records } = await makeRows();
  expect(outcomes.map(({ status }) => status)).toEqual(Array(ROWS).fill('ok'));
  expect(records.filter(({ counts }) => counts === true)).toEqual([]);
  // Only probes were sent meanwhile.
  expect(records.length).toBeLessThan(ROWS + 8);
});
