// Processors of users' modules in a build that is killed, and what an edit of one costs.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lostCalls } from '../support/build-harness.ts';
import { eachInWorkplace, type TestPlace } from '../support/each-workplace.ts';
import { until } from '../support/until.ts';

const ROWS = 24;

let mock: TestPlace['mock'];
let workplace: TestPlace['workplace'];

eachInWorkplace({ latencyMs: 20 }, (place) => {
  ({ mock, workplace } = place);
  const values = ['tents', 'boots', 'maps'];
  const text = (name: string, prompt: string) => ({
    ...{ name, column_type: 'llm-text', model_alias: 'writer', prompt },
  });
  const own = { processor_function: './own.ts#measure', side_effect_columns: ['mark'] };
  workplace.write({
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid', params: {} },
      { name: 'topic', column_type: 'sampler', sampler_type: 'category', params: { values } },
      text('body', 'About {{ topic }} {{ id }}'),
      text('note', 'A note for {{ id }}'),
    ],
    model_configs: [
      {
        alias: 'writer',
        model: 'mock',
        provider: 'mock',
        inference_parameters: { max_parallel_requests: 4 },
      },
    ],
    rowloom: {
      row_group_size: 12,
      providers: [{ name: 'mock', endpoint: mock.endpoint }],
      processors: [
        { name: 'tidy', stage: 'before_batch', processor_function: './own.ts#tidy' },
        { name: 'measure', stage: 'after_batch', ...own },
      ],
    },
  });
});

function writeFunctions({ maps, mark }: { readonly maps: string; readonly mark: string }): void {
  const code = `
    interface Row { readonly topic: string }
    export function tidy({ topic }: Row) {
      if (topic === 'boots') return null;
      return { topic: topic === 'maps' ? '${maps}' : topic };
    }
    export const measure = (rows: readonly Row[]) => rows.map(({ topic }, index) => {
      if ('${mark}' === 'fails' && index > 0) return topic.length.missing.field;
      return { mark: '${mark} ' + topic };
    });`;
  writeFileSync(join(workplace.directory, 'own.ts'), code);
}

const run = (...args: readonly string[]) => workplace.run(['-n', String(ROWS), ...args]);

async function build(...args: readonly string[]): Promise<string> {
  const { code, talk } = await run(...args).ended;
  expect(code, talk).toBe(0);
  return talk;
}

it('lose nothing when they are killed, remake exactly what an edit touches, and write again without a call', async () => {
  writeFunctions({ maps: 'charts', mark: 'about' });
  for (const answered of [6, 14]) {
    const killed = run();
    await until(() => mock.answered() >= answered || !killed.isRunning, { limitMs: 110_000 });
    await killed.kill();
  }
  const talk = await build();
  const rows = await workplace.rows();
  const dropped = ROWS - rows.length;
  expect(talk).toContain(`${dropped} × Processor "tidy" drops the row`);
  expect(rows.map(({ mark }) => mark)).toEqual(rows.map(({ topic }) => `about ${topic}`));
  const charts = rows.filter(({ topic }) => topic === 'charts').length;
  expect([charts, dropped]).not.toContain(0);
  const first = mock.stats().requests;
  expect(first).toBe(2 * rows.length + (await lostCalls({ workplace, mock })));

  writeFunctions({ maps: 'plans', mark: 'about' });
  const asked = await run('--ask').ended;
  expect([asked.code, mock.stats().requests]).toEqual([2, first]);
  const edited = await build();
  expect(edited).toContain('processor tidy: function changed');
  expect(edited).toContain(`body: needs what processors before the batch changed → ${charts} again`);
  expect(mock.stats().requests).toBe(first + charts);

  writeFunctions({ maps: 'plans', mark: 'fails' });
  const failed = await run().ended;
  expect(failed.code).toBe(1);
  expect(failed.talk).toMatch(
    /rows \d+-\d+: processor "measure": The function threw TypeError: .*\(own\.ts:8:\d+\)/,
  );
  writeFunctions({ maps: 'plans', mark: 'on' });
  expect(await build()).toContain('processor measure: function changed');
  expect(mock.stats().requests).toBe(first + charts);
  const marked = await workplace.rows();
  expect(marked).toHaveLength(rows.length);
  expect(marked.every(({ mark, topic }) => mark === `on ${topic}`)).toBe(true);
}, 180_000);
