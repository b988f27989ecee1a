// The models of a build in this process: for each alias whom to ask, and under which limiter. Aliases that share
// endpoint, key and model share the limiter, those of other builds too.

import { ConfigError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { modelKeyOf, type Plan, type ProviderSettings, type Settings } from '../plan.ts';
import type { Environment } from '../proxies.ts';
import { variableProblem } from '../text/header-text.ts';
import type { Asker, CallLimiter, Limiter } from './limiter.ts';
import type { Limiters, Share, WaitedFor } from './limiters.ts';
import type { ModelClient } from './model-client.ts';
import { createOpenAIClient } from './providers/openai/client.ts';
import { createSimulatedClient, INSTANT } from './providers/simulated/simulated-client.ts';
import { ModelTraits } from './traits.ts';

/** One alias's way to its model. */
export interface Model {
  readonly client: ModelClient;
  readonly limiter: CallLimiter;
  /** The provider's name for it. */
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
  /** Gives up its part of the limiters, and ends all connections. */
  close(): Promise<void>;
}

export interface ModelsOptions {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly environment: Environment;
  /** Those of the process. */
  readonly limiters: Limiters;
  /** Asked before each call; while it is false no call of this build starts. */
  readonly mayStart: () => boolean;
  /** Makes the client of a provider: by default over HTTP, or in the process for a simulated one. */
  readonly connect?: (provider: ProviderSettings) => ModelClient;
}

/** Throws `ConfigError` when an environment variable that a provider in use names is not set or no header can carry it. */
export function createModels(options: ModelsOptions): Models {
  const { plan, settings, environment, limiters, connect } = options;
  const asker = { mayStart: options.mayStart };
  const ways = new Map<string, Way & { readonly isHosted: boolean }>();
  const clients = new Map<string, ModelClient>();
  const traits = new Map<Limiter, ModelTraits>();
  const shares = new Map<string, Share>();
  const models = new Map<string, Model>();

  for (const provider of settings.providers) {
    if (!Object.keys(plan.models).some((alias) => settingsOf(alias).provider === provider.name)) continue;
    const way = wayTo(provider, environment);
    ways.set(provider.name, { ...way, isHosted: provider.type !== 'simulated' });
    const connections = limiters.connectionsFor(way.endpoint);
    clients.set(
      provider.name,
      connect?.(provider) ?? createClient(provider, { way, environment, connections }),
    );
  }
  for (const [alias, { model: name }] of Object.entries(plan.models)) {
    const { provider, maxParallelRequests, timeoutMs, skipHealthCheck } = settingsOf(alias);
    const [client, way] = [clients.get(provider), ways.get(provider)];
    if (client === undefined || way === undefined)
      throw new RangeError(`No provider "${provider}" in the settings`);
    const use = {
      ...{ endpoint: way.endpoint, isHosted: way.isHosted, model: name, host: client.host },
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
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
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
interface Way {
  readonly endpoint: string;
  readonly apiKey: string | null;
  readonly headers: { readonly [name: string]: string };
}

function wayTo(provider: ProviderSettings, environment: Environment): Way {
  const { name, endpoint, apiKeyVariable, simulation } = provider;
  if (provider.type === 'simulated') {
    return { endpoint: JSON.stringify([name, simulation]), apiKey: null, headers: {} };
  }
  const read = (variable: string) => {
    const value = findOwn(environment, variable);
    const problem = variableProblem(value);
    if (problem === null) return value!;
    const message = `${variable} ${problem} (provider "${name}") · to try without: --simulate`;
    throw new ConfigError([{ file: null, line: null, column: null, level: 'error', message }]);
  };
  const headers = Object.fromEntries(
    Object.entries(provider.headers).map(([header, text]): [string, string] => [
      header,
      text.replace(/\$\{(\w+)\}/g, (_, variable: string) => read(variable)),
    ]),
  );
  const apiKey = apiKeyVariable === null ? null : read(apiKeyVariable);
  // Without a key of its own it may stand in the headers.
  return { endpoint: JSON.stringify([endpoint, apiKey ?? headers]), apiKey, headers };
}

function createClient(
  provider: ProviderSettings,
  options: { readonly way: Way; readonly environment: Environment; readonly connections: number },
): ModelClient {
  if (provider.type === 'simulated') return createSimulatedClient(provider.simulation ?? INSTANT);
  const { name, endpoint, apiKeyVariable } = provider;
  if (endpoint === null) throw new RangeError(`No endpoint for the provider "${name}"`);
  const { way, environment, connections } = options;
  const { apiKey, headers } = way;
  return createOpenAIClient({
    ...{ endpoint, apiKey, apiKeyVariable, headers, environment },
    ...(Number.isFinite(connections) ? { maxConnections: connections } : {}),
  });
}
