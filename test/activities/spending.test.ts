import { expect, it } from 'vitest';
import { Spending } from '../../src/activities/spending.ts';
import type { Settings } from '../../src/plan.ts';
import { costOf } from '../../src/store/call-usage.ts';
import { type CellRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../../src/store/records.ts';
import { readUsage } from '../../src/store/usage.ts';
import { ActivityStage } from '../support/activity-stage.ts';
import { until } from '../support/until.ts';
import { memoryDataset } from '../unit/store/support.ts';

/** What the stage's model takes for each call. */
const TOKENS = 12;

const topics = Array.from({ length: 20 }, (_, row) => `topic ${row}`);

it('that reaches its cap starts no other call, and keeps those in flight', async () => {
  const stage = await ActivityStage.create({
    topics,
    maxParallelRequests: 4,
    rowloom: { max_tokens: 5 * TOKENS },
  });
  const conductor = await stage.conduct();
  const [task] = conductor.next();
  conductor.finished(task!, await stage.generate(task!));
  expect(stage.asked.length).toBeGreaterThanOrEqual(5);
  expect(stage.asked.length).toBeLessThanOrEqual(5 + 4);
  expect(costOf(...Object.values(await readUsage(stage.wish.dataset))).calls).toBe(stage.asked.length);
  expect(stage.stops).toEqual([
    `The dataset has taken 60 tokens, and max_tokens is 60 · raise it, then the same command goes on`,
  ]);
});

const NOTHING = { dollars: 0, tokens: 0 };

function recordOf(promptTokens: number): CellRecord {
  const calls = [{ id: 'a:1', promptTokens, completionTokens: 0, status: 200, ms: 1, model: 'local/m' }];
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, row: 0, in: 'digest', status: 'ok', calls };
}

it('counts what the dataset had cost before, and what other processes spend', async () => {
  const dataset = await memoryDataset();
  const prices = new Map([['local/m', { input: 1, output: 1, cachedInput: 1, reasoning: 1 }]]);
  const reached: string[] = [];
  const open = (settings: Pick<Settings, 'maxCostUsd' | 'spentBefore'>, epoch = 1) =>
    new Spending({ dataset, epoch, settings, prices, onReached: (what) => reached.push(what) });
  const settings = { maxCostUsd: 10, spentBefore: { ...NOTHING, dollars: 4 } };
  const [one, other, later] = [open(settings), open(settings), open(settings, 2)];
  one.add([recordOf(3e6)]);
  other.add([recordOf(2e6)]);
  const looked = async () => {
    for (const each of [one, other, later]) await each.look();
    return (await dataset.files.list('spent')).length === 2;
  };
  await until(looked);
  await looked();
  expect(reached).toEqual([]);
  other.add([recordOf(1e6)]);
  expect(reached).toEqual(['The dataset has cost $10.00, and max_cost_usd is 10']);
  expect(one.own.dollars).toBe(3);
});

it('hears of other processes at once where little is left', async () => {
  const dataset = await memoryDataset();
  const reached: string[] = [];
  const open = () =>
    new Spending({
      ...{ dataset, epoch: 1, settings: { maxTokens: 100 }, prices: new Map() },
      onReached: (what) => reached.push(what),
    });
  const [one, other] = [open(), open()];
  one.add([recordOf(60)]);
  await until(async () => (await dataset.files.list('spent')).length === 1);
  other.add([recordOf(45)]);
  await until(() => reached.length > 0);
  expect(reached).toEqual(['The dataset has taken 105 tokens, and max_tokens is 100']);
});

it('ends a build with a cap whose model does not say what its answers take', async () => {
  const dataset = await memoryDataset();
  const stopped = (input: number, settings: Pick<Settings, 'maxCostUsd' | 'maxTokens'>) => {
    const reasons: string[] = [];
    const prices = new Map([['local/m', { input, output: input, cachedInput: input, reasoning: input }]]);
    const onReached = (what: string, remedy: string) => reasons.push(`${what} · ${remedy}`);
    new Spending({ dataset, epoch: 1, settings, prices, onReached }).add([recordOf(0)]);
    return reasons;
  };
  expect(stopped(1, { maxCostUsd: 5 })).toEqual([
    'The answers of local/m do not say how many tokens they take, so max_cost_usd cannot be kept · leave it out, or give the model a price of 0 in rowloom.prices',
  ]);
  expect(stopped(1, { maxTokens: 5 })).toHaveLength(1);
  expect([stopped(0, { maxCostUsd: 5 }), stopped(1, {})]).toEqual([[], []]);
});
