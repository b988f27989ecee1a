import { describe, expect, it } from 'vitest';
import { capReached, dollarsOf, readPrices, spentOf } from '../../../src/models/prices.ts';
import type { ProviderSettings } from '../../../src/plan.ts';
import { type Cost, NO_COST } from '../../../src/store/call-usage.ts';

const provider = (name: string, endpoint: string | null): ProviderSettings => ({
  ...{ name, endpoint, type: endpoint === null ? 'simulated' : 'openai', apiKeyVariable: null, headers: {} },
  simulation: endpoint === null ? { latencyMs: 1, jitter: 1, errorRate: 0, busyRate: 0 } : null,
});
const PROVIDERS = [
  provider('openai', 'https://api.openai.com/v1'),
  provider('anthropic', 'https://api.anthropic.com'),
  provider('local', 'http://127.0.0.1:8000/v1'),
  provider('proxy', 'https://llm.example.com/v1'),
  provider('made up', null),
];

const cost = (more: Partial<Cost>): Cost => ({ ...NO_COST, calls: 1, ...more });

describe('prices', () => {
  it('are those of the provider at the endpoint, whatever the model is called elsewhere', async () => {
    const keys = [
      'openai/gpt-4o-mini',
      'anthropic/claude-sonnet-4-5',
      'local/gpt-4o-mini',
      'proxy/gpt-4o-mini',
    ];
    const prices = await readPrices([...keys, 'openai/no-such-model', 'gone/gpt-4o-mini'], {
      providers: PROVIDERS,
    });
    expect([...prices.keys()]).toEqual(['openai/gpt-4o-mini', 'anthropic/claude-sonnet-4-5']);
    const { input, output, cachedInput, reasoning } = prices.get('openai/gpt-4o-mini')!;
    expect(input).toBeCloseTo(0.15);
    expect(output).toBeCloseTo(0.6);
    expect(cachedInput).toBeCloseTo(0.075);
    expect(reasoning).toBeCloseTo(0.6);
    // Of a price that rises with the length of the prompt: that of short ones.
    expect(prices.get('anthropic/claude-sonnet-4-5')!.input).toBeCloseTo(3);
  });

  it('are what the document says before anything else, and nothing for simulated answers', async () => {
    const mine = { input: 1, output: 2, cachedInput: 0.5, reasoning: 4 };
    const prices = await readPrices(['openai/gpt-4o-mini', 'local/org/model', 'made%20up/any'], {
      providers: PROVIDERS,
      prices: { 'gpt-4o-mini': mine, 'org/model': mine },
    });
    expect(prices.get('openai/gpt-4o-mini')).toBe(mine);
    expect(prices.get('local/org/model')).toBe(mine);
    expect(prices.get('made%20up/any')).toMatchObject({ input: 0, output: 0 });
  });

  it('count cached input and reasoning apart, a million tokens at a time', () => {
    const price = { input: 1, output: 2, cachedInput: 0.5, reasoning: 4 };
    const tokens = { promptTokens: 3e6, cachedTokens: 2e6, completionTokens: 5e6, reasoningTokens: 1e6 };
    expect(dollarsOf(tokens, price)).toBeCloseTo(1 + 1 + 8 + 4);
  });

  it('of models that nobody knows are named where tokens were paid for, and a call that was not answered is none', () => {
    const usage = {
      'openai/known': cost({ promptTokens: 1e6 }),
      'openai/unknown': cost({ completionTokens: 1 }),
      'openai/silent': cost({ failedCalls: 1 }),
    };
    const prices = new Map([['openai/known', { input: 1, output: 2, cachedInput: 1, reasoning: 2 }]]);
    expect(spentOf([usage, usage], prices)).toEqual({ dollars: 2, unpriced: ['openai/unknown'] });
  });

  it('reach a cap when they are no less than it', () => {
    expect(capReached({ dollars: 4.99, tokens: 99 }, { maxCostUsd: 5, maxTokens: 100 })).toBeNull();
    expect(capReached({ dollars: 5, tokens: 0 }, { maxCostUsd: 5 })).toBe(
      'The dataset has cost $5.00, and max_cost_usd is 5',
    );
    expect(capReached({ dollars: 0, tokens: 1_200 }, { maxTokens: 1_000 })).toBe(
      'The dataset has taken 1,200 tokens, and max_tokens is 1,000',
    );
  });
});
