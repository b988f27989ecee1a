// Cells that are skipped, and columns that are made beside cells, as a user sees them.

import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { DATASET, lostCalls, repeatedCalls, ticketsDocument } from '../support/build-harness.ts';
import { eachInWorkplace, type TestPlace } from '../support/each-workplace.ts';
import { until } from '../support/until.ts';

const ROWS = 40;
const CHAT = { column_type: 'llm-text', model_alias: 'writer' };

let mock: TestPlace['mock'];
let workplace: TestPlace['workplace'];

eachInWorkplace({}, (place) => {
  ({ mock, workplace } = place);
});

function write(columns: readonly object[]): void {
  const start = [
    { name: 'id', column_type: 'sampler', sampler_type: 'uuid', params: {} },
    { name: 'tier', column_type: 'sampler', sampler_type: 'category', params: { values: ['free', 'paid'] } },
    { ...CHAT, name: 'body', prompt: 'Write {{ tier }} {{ id }}' },
  ];
  const document = ticketsDocument({ endpoint: mock.endpoint, rowGroupSize: 10 });
  workplace.write({ ...document, columns: [...start, ...columns] });
}

/** A chain: skipped by its condition, with it, not with it, and an expression with a value of its own. */
const skipping = (when: string) => [
  { ...CHAT, name: 'reply', prompt: 'Answer {{ body }}', skip: { when, value: 'none' } },
  {
    ...{ name: 'verdict', column_type: 'llm-judge', model_alias: 'writer', prompt: 'Judge {{ reply }}' },
    scores: [{ name: 'tone', description: 'How it sounds', options: { 1: 'rude', 2: 'kind' } }],
  },
  { ...CHAT, name: 'note', prompt: 'Note {{ id }} {{ reply }}', propagate_skip: false },
  {
    ...{ name: 'size', column_type: 'expression', dtype: 'int', expr: '{{ reply | length }}' },
    skip: { when: "{{ tier == 'none' }}", value: '-1' },
  },
];

/** Requests by column. */
function calls(): { readonly [column: string]: number } {
  const counts: Record<string, number> = {};
  for (const [cell, { requests }] of Object.entries(mock.stats().cells)) {
    const column = cell.slice(0, cell.lastIndexOf('/'));
    counts[column] = (counts[column] ?? 0) + requests;
  }
  return counts;
}

async function run(...args: readonly string[]): Promise<string> {
  const end = await workplace.run(['--yes', '-n', String(ROWS), ...args]).ended;
  expect(end.code, end.talk).toBe(0);
  return end.talk;
}

it('makes no call for a skipped cell, and for another condition just those that it changes', async () => {
  write(skipping("{{ tier == 'free' }}"));
  await run();
  const rows = await workplace.rows();
  const paid = rows.filter(({ tier }) => tier === 'paid').length;
  expect(rows.filter(({ reply }) => reply === 'none')).toHaveLength(ROWS - paid);
  for (const { tier, verdict, note, size } of rows) {
    expect([verdict === null, size === -1n, note === null]).toEqual([
      tier === 'free',
      tier === 'free',
      false,
    ]);
  }
  const first = { body: ROWS, reply: paid, verdict: paid, note: ROWS };
  expect(calls()).toEqual(first);
  const show = await workplace.command([
    'show',
    DATASET,
    String(rows.findIndex(({ tier }) => tier === 'free')),
  ]).ended;
  expect(show.output).toMatch(/^reply +none\n +skipped: not made in this row$/m);
  expect(show.output).toMatch(/^verdict +null\n +skipped: not made in this row$/m);
  const status = await workplace.command(['status', DATASET]).ended;
  expect(status.output).toMatch(new RegExp(`^reply +${ROWS} +${paid} `, 'm'));

  expect(await run()).toContain('nothing to do');
  expect(calls()).toEqual(first);

  // Every reply is another one now, and with it what was made from it.
  write(skipping("{{ tier == 'paid' }}"));
  await run();
  const second = { body: ROWS, reply: ROWS, verdict: ROWS, note: 2 * ROWS };
  expect(calls()).toEqual(second);

  write(skipping("{{ tier == 'free' }}"));
  await run();
  expect(calls()).toEqual(second);
  expect(await workplace.rows()).toEqual(rows);
}, 180_000);

it('makes every cell once, and skips the same ones, after a kill in the middle', async () => {
  mock.setLatency({ latencyMs: 150, jitter: 2 });
  write(skipping("{{ tier == 'free' }}"));
  const killed = workplace.run(['-n', String(ROWS)]);
  await until(() => mock.stats().answered > ROWS);
  await killed.kill();
  const inFlight = await lostCalls({ workplace, mock });
  await run();
  const rows = await workplace.rows();
  const paid = rows.filter(({ tier }) => tier === 'paid').length;
  expect(mock.stats().requests - inFlight).toBe(2 * ROWS + 2 * paid);
  expect(repeatedCalls(mock.stats())).toBe(inFlight);
  expect(rows.filter(({ reply }) => reply === 'none')).toHaveLength(ROWS - paid);
}, 180_000);

it('writes a trace and the reasoning beside an answer, typed, whatever becomes of the answer', async () => {
  write([
    {
      ...{ ...CHAT, name: 'reply', prompt: 'Answer {{ body }}', system_prompt: 'Be kind', drop: true },
      ...{ with_trace: 'all_messages', extract_reasoning_content: true },
      skip: { when: "{{ tier == 'free' }}", value: 'none' },
    },
    { name: 'asked', column_type: 'expression', expr: '{{ reply__trace[0].role }}', propagate_skip: true },
  ]);
  mock.setFaults([
    {
      kind: 'says',
      cells: ['reply/*'],
      text: 'Sure.',
      choice: { message: { content: 'Sure.', reasoning_content: ' I think. ' } },
    },
  ]);
  await run();
  const files = join(workplace.directory, 'artifacts', DATASET, 'parquet-files', '*.parquet');
  const duck = await (await DuckDBInstance.create()).connect();
  const described = await duck.runAndReadAll(`describe select * from '${files}'`);
  expect(described.getRows().map(([name, type]) => `${name} ${type}`)).toEqual([
    'id VARCHAR',
    'tier VARCHAR',
    'body VARCHAR',
    'reply__trace STRUCT("role" VARCHAR, "content" STRUCT("type" VARCHAR, "text" VARCHAR)[], reasoning_content VARCHAR)[]',
    'reply__reasoning_content VARCHAR',
    'asked VARCHAR',
  ]);
  for (const {
    tier,
    body,
    asked,
    reply__trace: trace,
    reply__reasoning_content: reasoning,
  } of await workplace.rows()) {
    const message = (role: string, text: unknown, thought: string | null = null) => ({
      ...{ role, content: [{ type: 'text', text }], reasoning_content: thought },
    });
    const messages = [
      message('system', 'Be kind'),
      message('user', `Answer ${body}`),
      message('assistant', 'Sure.', ' I think. '),
    ];
    expect([trace, reasoning, asked]).toEqual(
      tier === 'free' ? [null, null, null] : [messages, 'I think.', 'system'],
    );
  }
  const told = await workplace.command(['export', DATASET, '--format', 'jsonl']).ended;
  expect(Object.keys(JSON.parse(told.output.split('\n')[0]!))).toContain('reply__trace');
}, 180_000);
