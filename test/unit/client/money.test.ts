import { expect, it } from 'vitest';
import { pricesOf } from '../../../src/client/wish/money.ts';
import { refuseSpent } from '../../../src/client/wish/refusals.ts';
import { spentOf } from '../../../src/models/prices.ts';
import type { ModelPrice, ProviderSettings, Settings } from '../../../src/plan.ts';
import { NO_COST } from '../../../src/store/call-usage.ts';
import { memoryDataset, startOf } from '../store/support.ts';

const provider = (name: string, endpoint: string): ProviderSettings => ({
  ...{ name, endpoint, type: 'openai', apiKeyVariable: null, headers: {}, simulation: null },
});

const price = (input: number): ModelPrice => ({ input, output: 0, cachedInput: input, reasoning: 0 });

const settingsOf = (changes: Partial<Settings>): Settings => ({ ...startOf().settings, ...changes });

const paid = { ...NO_COST, calls: 1, promptTokens: 1e6 };

it('counts models and providers that the document has no longer at the prices they had', async () => {
  const dataset = await memoryDataset();
  const starts = [
    { providers: [provider('mine', 'http://127.0.0.1:1/v1')], prices: { old: price(5) } },
    { providers: [provider('openai', 'https://api.openai.com/v1')], prices: { old: price(3) } },
    { providers: [] },
  ];
  for (const [epoch, settings] of starts.entries())
    await dataset.takeEpoch(epoch, startOf({ settings: settingsOf(settings) }));
  const usage = { note: { 'mine/old': paid, 'openai/gpt-4o-mini': paid, 'new/model': paid } };
  const now = settingsOf({ maxCostUsd: 10, prices: { model: price(7) } });
  const prices = await pricesOf(dataset, usage, now);
  const spent = spentOf(Object.values(usage), prices);
  expect(spent.dollars).toBeCloseTo(3 + 0.15 + 7);
  expect(spent.unpriced).toEqual([]);
});

it('refuses a cap on dollars where nobody knows what a dataset has cost', () => {
  const spent = { dollars: 1, unpriced: ['mine/old'] };
  expect(() => refuseSpent(settingsOf({ maxCostUsd: 10 }), { spent }, 'notes')).toThrow(
    'Cannot keep "notes" below max_cost_usd: it has had answers of mine/old, whose price is not known',
  );
  expect(() => refuseSpent(settingsOf({}), { spent }, 'notes')).not.toThrow();
});
