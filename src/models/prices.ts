// What models cost: what the document says, else what a table says that comes with Rowloom, for the endpoints of providers
// that it knows. An endpoint that is not theirs has no price but the document's, whatever its models are called.

import { findOwn } from '../own-keys.ts';
import type { ModelPrice, Settings } from '../plan.ts';
import type { CallUsage, Cost } from '../store/call-usage.ts';
import { formatDollars } from '../text/dollars.ts';
import { formatCount } from '../text/plural.ts';

/** By model, see `modelKeyOf`; none for a model whose price nobody knows. */
export type Prices = ReadonlyMap<string, ModelPrice>;

/** What calls came to. */
export interface Spent {
  readonly dollars: number;
  /** Models that were paid for and whose price nobody knows: not in `dollars`. */
  readonly unpriced: readonly string[];
}

const FREE: ModelPrice = { input: 0, output: 0, cachedInput: 0, reasoning: 0 };
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** The prices of some models as the settings of a build have them. */
export async function readPrices(
  models: Iterable<string>,
  { providers, prices = {} }: Pick<Settings, 'providers' | 'prices'>,
): Promise<Prices> {
  const found = new Map<string, ModelPrice>();
  for (const key of models) {
    const [provider = '', ...name] = key.split('/');
    const model = name.join('/');
    const settings = providers.find((each) => encodeURIComponent(each.name) === provider);
    const price =
      settings?.simulation != null
        ? FREE
        : (findOwn(prices, model) ?? (await priceAt(settings?.endpoint, model)));
    if (price != null) found.set(key, price);
  }
  return found;
}

/** In a table whose prices rise with the length of a prompt, those of short ones. */
async function priceAt(endpoint: string | null | undefined, model: string): Promise<ModelPrice | null> {
  if (endpoint == null || LOOPBACK.test(new URL(endpoint).hostname)) return null;
  // A megabyte, for those who pay.
  const { calcPrice } = await import('@pydantic/genai-prices');
  const dollarsFor = (usage: Parameters<typeof calcPrice>[0]) =>
    calcPrice(usage, model, { providerApiUrl: endpoint })?.total_price;
  const input = dollarsFor({ input_tokens: SAMPLE });
  const output = dollarsFor({ output_tokens: SAMPLE });
  // Where neither costs anything it is sold by another measure, such as pictures.
  if (input === undefined || output === undefined || input + output === 0) return null;
  const cachedInput = dollarsFor({ input_tokens: SAMPLE, cache_read_tokens: SAMPLE }) ?? input;
  const perMillion = (dollars: number) => (dollars * MILLION) / SAMPLE;
  return {
    input: perMillion(input),
    output: perMillion(output),
    cachedInput: perMillion(cachedInput),
    reasoning: perMillion(output),
  };
}

const MILLION = 1_000_000;
/** Tokens that a price is read of: fewer than where any table's second step begins. */
const SAMPLE = 1_000;

export function dollarsOf(cost: Omit<Cost, 'calls' | 'failedCalls'>, price: ModelPrice): number {
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens } = cost;
  const sum =
    (promptTokens - cachedTokens) * price.input +
    cachedTokens * price.cachedInput +
    (completionTokens - reasoningTokens) * price.output +
    reasoningTokens * price.reasoning;
  return sum / MILLION;
}

export function spentOf(usages: Iterable<CallUsage>, prices: Prices): Spent {
  let dollars = 0;
  const unpriced = new Set<string>();
  for (const usage of usages) {
    for (const [model, cost] of Object.entries(usage)) {
      const price = prices.get(model);
      if (price !== undefined) dollars += dollarsOf(cost, price);
      else if (cost.promptTokens + cost.completionTokens > 0) unpriced.add(model);
    }
  }
  return { dollars, unpriced: [...unpriced].sort() };
}

/** What people read of the cap that is reached; null where there is none. */
export function capReached(
  { dollars, tokens }: NonNullable<Settings['spentBefore']>,
  { maxCostUsd, maxTokens }: Pick<Settings, 'maxCostUsd' | 'maxTokens'>,
): string | null {
  if (maxCostUsd !== undefined && dollars >= maxCostUsd)
    return `The dataset has cost ${formatDollars(dollars)}, and max_cost_usd is ${maxCostUsd}`;
  if (maxTokens !== undefined && tokens >= maxTokens)
    return `The dataset has taken ${formatCount(tokens)} tokens, and max_tokens is ${formatCount(maxTokens)}`;
  return null;
}
