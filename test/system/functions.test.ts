// Functions of the user's, with a mock that counts the calls they make: killed, edited, redone, skipped, dropped.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { DATASET, lostCalls, Workplace } from '../support/build-harness.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const ROWS = 24;
const LIMIT_MS = 120_000;

let mock: MockModelServer;
let workplace: Workplace;

beforeAll(async () => {
  mock = await startMockModelServer();
});

afterAll(() => mock.close());

beforeEach(() => {
  mock.reset();
  mock.setLatency({ latencyMs: 20, jitter: 1 });
  workplace = new Workplace();
  writeFunctions();
});

afterEach(() => workplace.dispose());

/** Two calls for each title, one for each part of the story. */
function writeFunctions({ tone = 'The tone of', drops = 'none' } = {}): void {
  const code = `
    interface Row { readonly id: string; readonly topic: string; readonly title: string }
    export async function title({ id, topic }: Row, { models: { writer } }: any) {
      const title = await writer.generate(\`A title for \${topic} \${id}\`);
      return { title, tone: await writer.generate(\`${tone} \${title}\`) };
    }
    export function place(rows: readonly Row[]) {
      return rows.map((_, index) => \`\${index + 1} of \${rows.length}\`);
    }
    export async function story({ topic }: Row, context: any) {
      const before: readonly string[] = context.state ?? [];
      if (topic === '${drops}') throw new Error('no story');
      context.state = [...before, topic];
      return context.models.writer.generate('After ' + before.join(', ') + ' comes ' + topic);
    }`;
  writeFileSync(join(workplace.directory, 'gen.ts'), code);
  const custom = (name: string, more: object) => ({
    ...{ name, column_type: 'custom', generator_function: `./gen.ts#${name}` },
    ...more,
  });
  const values = ['tents', 'boots', 'maps'];
  workplace.write({
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid', params: {} },
      { name: 'topic', column_type: 'sampler', sampler_type: 'category', params: { values } },
      custom('title', {
        required_columns: ['id', 'topic'],
        side_effect_columns: ['tone'],
        model_aliases: ['writer'],
        skip: { when: "{{ topic == 'maps' }}", value: 'none' },
      }),
      custom('place', {
        required_columns: ['title'],
        generation_strategy: 'full_column',
        propagate_skip: false,
      }),
      custom('story', { required_columns: ['topic'], model_aliases: ['writer'], in_order: true }),
      {
        name: 'reply',
        column_type: 'llm-text',
        model_alias: 'writer',
        prompt: 'Answer in the tone {{ tone }}',
      },
    ],
    model_configs: [
      {
        alias: 'writer',
        model: 'mock',
        provider: 'mock',
        inference_parameters: { max_parallel_requests: 8 },
      },
    ],
    rowloom: { row_group_size: 12, providers: [{ name: 'mock', endpoint: mock.endpoint }] },
  });
}

async function build(...args: readonly string[]): Promise<string> {
  const { code, talk } = await workplace.run(['-n', String(ROWS), ...args]).ended;
  expect(code, talk).toBe(0);
  return talk;
}

const callsOf = (column: string) =>
  Object.entries(mock.stats().cells)
    .filter(([cell]) => cell.startsWith(`${column}/`))
    .reduce((sum, [, { requests }]) => sum + requests, 0);

it(
  'are run once for each cell, group or row in order, and their columns stand in the output',
  async () => {
    await build();
    const rows = await workplace.rows();
    expect(rows).toHaveLength(ROWS);
    expect(Object.keys(rows[0]!)).toEqual(['id', 'topic', 'title', 'tone', 'place', 'story', 'reply']);
    expect(rows.map(({ place }) => place)).toEqual(rows.map((_, row) => `${(row % 12) + 1} of 12`));
    const skipped = rows.filter(({ topic }) => topic === 'maps');
    expect(skipped.every(({ title, tone }) => title === 'none' && tone === null)).toBe(true);
    expect(rows.filter((row) => !skipped.includes(row)).every(({ tone }) => tone !== null)).toBe(true);
    const titles = ROWS - skipped.length;
    expect([callsOf('title'), callsOf('story')]).toEqual([2 * titles, ROWS]);
    expect((await workplace.usage()).calls).toBe(mock.stats().requests);
  },
  LIMIT_MS,
);

it(
  'lose nothing but the calls in flight when the process is killed',
  async () => {
    await build();
    const undisturbed = workplace.fileHashes();
    const { requests } = mock.stats();
    await workplace.dispose();
    mock.reset();
    workplace = new Workplace();
    writeFunctions();
    for (const answered of [10, 25, 40]) {
      const run = workplace.run(['-n', String(ROWS)]);
      await until(() => mock.answered() >= answered || !run.isRunning);
      await run.kill();
    }
    await build();
    expect(workplace.fileHashes()).toEqual(undisturbed);
    expect(mock.stats().requests - requests).toBe(await lostCalls({ workplace, mock }));
    expect(mock.stats().requests - requests).toBeLessThanOrEqual(3 * 8);
  },
  LIMIT_MS,
);

it(
  'that are edited ask for what is new alone, and are asked about where it is much',
  async () => {
    await build();
    const { requests } = mock.stats();
    const titles = callsOf('title') / 2;
    writeFunctions({ tone: 'The mood of' });
    const talk = await build();
    expect(talk).toMatch(/title: function changed \(line \d+\)/);
    expect(talk).toContain('story: function changed');
    expect(callsOf('title')).toBe(3 * titles);
    expect(callsOf('story')).toBe(ROWS);
    const asked = await workplace.run(['-n', String(ROWS), '--redo', 'title', '--rows', '0-5', '--yes'])
      .ended;
    expect(asked.code, asked.talk).toBe(0);
    const rows = await workplace.rows();
    const redone = rows.slice(0, 6).filter(({ topic }) => topic !== 'maps').length;
    expect(callsOf('title')).toBe(3 * titles + 2 * redone);
    expect(requests).toBeLessThan(mock.stats().requests);
  },
  LIMIT_MS,
);

it(
  'that fail drop their row with what they threw, and go on when they are mended',
  async () => {
    writeFunctions({ drops: 'boots' });
    await build();
    const rows = await workplace.rows();
    expect(rows.length).toBeGreaterThan(0);
    const { output } = await workplace.command(['failures', DATASET]).ended;
    expect(output).toContain('The function threw Error: no story');
    expect(callsOf('story')).toBe(rows.length);
    writeFunctions();
    await build();
    const mended = await workplace.rows();
    expect(mended).toHaveLength(ROWS);
    expect(rows.length).toBe(mended.filter(({ topic }) => topic !== 'boots').length);
  },
  LIMIT_MS,
);
