// The models of a build in this process: for each alias whom to ask, and under which limiter. Aliases that share
// endpoint, key and model share the limiter, those of other builds too.

import { ConfigError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { modelKeyOf, type Plan, type ProviderSettings, type Settings } from '../plan.ts';
import type { Environment } from '../proxies.ts';
import { variableProblem } from '../text/header-text.ts';
import type { Limiter } from './limiter.ts';
import type { Limiters, Share, WaitedFor } from './limiters.ts';
import type { ModelClient } from './model-client.ts';
import { providerKindOf } from './providers/kinds.ts';
import { ModelTraits } from './traits.ts';
import type { Asker, CallLimiter } from './waiting-line.ts';

/** One alias's way to its model. */
export interface Model {
  readonly client: ModelClient;
  readonly limiter: CallLimiter;
  /** What the provider calls it. */
  readonly name: string;
  readonly timeoutMs: number;
  /** What the build has found out of the (provider, model): shared by its aliases. */
  readonly traits: ModelTraits;
}

export interface Models {
  forAlias(alias: string): Model;
  /** Changes an alias's `max_parallel_requests`. */
  setMax(alias: string, max: number): void;
  /** The models that do not answer now. */
  waitedFor(): readonly WaitedFor[];
  /** Takes back what it asked of the limiters, and ends all connections, calls in flight too. */
  close(): Promise<void>;
}

export interface ModelsOptions {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly environment: Environment;
  /** Shared by all builds of the process. */
  readonly limiters: Limiters;
  /** Asked before each call; while it is false no call of this build starts. */
  readonly mayStart: () => boolean;
  /** Makes the client of a provider, in place of its kind. */
  readonly connect?: (provider: ProviderSettings) => ModelClient;
}

/** Throws `ConfigError` when an environment variable that a provider in use names is not set or no header can carry it. */
export async function createModels(options: ModelsOptions): Promise<Models> {
  const { plan, settings, environment, limiters, connect } = options;
  const asker = { mayStart: options.mayStart };
  const ways = new Map<string, Way>();
  const traits = new Map<Limiter, ModelTraits>();
  const shares = new Map<string, Share>();
  const models = new Map<string, Model>();

  const used = new Set(Object.keys(plan.models).map((alias) => settingsOf(alias).provider));
  const providers = settings.providers.filter(({ name }) => used.has(name));
  const loaded = await Promise.all(
    providers.map(async (provider) => ({ provider, open: await providerKindOf(provider.type).load() })),
  );
  // From here on nothing waits: builds that open at the same time count each other's connections.
  for (const { provider, open } of loaded) {
    const account = accountOf(provider, environment);
    const maxConnections = limiters.connectionsFor(account.endpoint);
    const { apiKey, headers } = account;
    const client = connect?.(provider) ?? open({ provider, apiKey, headers, environment, maxConnections });
    ways.set(provider.name, {
      endpoint: account.endpoint,
      isHosted: providerKindOf(provider.type).isHosted,
      client,
    });
  }
  for (const [alias, { model: name }] of Object.entries(plan.models)) {
    const { provider, maxParallelRequests, timeoutMs, skipHealthCheck } = settingsOf(alias);
    const way = ways.get(provider);
    if (way === undefined) throw new RangeError(`No provider "${provider}" in the settings`);
    const { client, endpoint, isHosted } = way;
    const use = {
      ...{ endpoint, isHosted, model: name, host: client.host },
      ...{ label: modelKeyOf(alias, { plan, settings }), skipProbe: skipHealthCheck },
    };
    const share = limiters.join(use, { asker, cap: maxParallelRequests });
    shares.set(alias, share);
    const { limiter } = share;
    const known = traits.get(limiter) ?? new ModelTraits({ hasAnswered: () => limiter.answered > 0 });
    traits.set(limiter, known);
    models.set(alias, { client, limiter: limiterFor(asker, limiter), name, timeoutMs, traits: known });
  }

  function settingsOf(alias: string) {
    const found = findOwn(settings.models, alias);
    if (found === undefined) throw new RangeError(`No settings for the model "${alias}"`);
    return found;
  }

  return {
    forAlias(alias) {
      const model = models.get(alias);
      if (model === undefined) throw new RangeError(`No model "${alias}" in the plan`);
      return model;
    },
    setMax: (alias, max) => shares.get(alias)?.setCap(max),
    waitedFor() {
      const found = [...shares.values()].map((share): [Limiter, WaitedFor | null] => [
        share.limiter,
        share.waitedFor(),
      ]);
      return [...new Map(found).values()].filter((waited) => waited !== null);
    },
    async close() {
      for (const share of shares.values()) share.leave();
      await Promise.all([...ways.values()].map(({ client }) => client.close()));
    },
  };
}

/** A provider that is in use. */
interface Way {
  readonly endpoint: string;
  readonly isHosted: boolean;
  readonly client: ModelClient;
}

function limiterFor(asker: Asker, limiter: Limiter): CallLimiter {
  return {
    acquire: (signal) => limiter.acquire(signal, asker),
    get answered() {
      return limiter.answered;
    },
  };
}

/** What calls to a provider carry, and what tells it from others: where they go, and on whose account. */
interface Account {
  readonly endpoint: string;
  readonly apiKey: string | null;
  readonly headers: { readonly [name: string]: string };
}

function accountOf(provider: ProviderSettings, environment: Environment): Account {
  const { name, endpoint, apiKeyVariable, simulation } = provider;
  const read = (variable: string) => {
    const value = findOwn(environment, variable);
    const problem = variableProblem(value);
    if (problem === null) return value!;
    const message = `${variable} ${problem} (provider "${name}") · to try without: --simulate`;
    throw ConfigError.about(null, message);
  };
  const headers = Object.fromEntries(
    Object.entries(provider.headers).map(([header, text]): [string, string] => [
      header,
      text.replace(/\$\{(\w+)\}/g, (_, variable: string) => read(variable)),
    ]),
  );
  const apiKey = apiKeyVariable === null ? null : read(apiKeyVariable);
  // A provider without a key may have one in its headers: two accounts under one limiter would wait for each other.
  const identity = [endpoint ?? [name, simulation], apiKey ?? headers];
  return { endpoint: JSON.stringify(identity), apiKey, headers };
}
