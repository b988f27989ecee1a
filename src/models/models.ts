// The models of a build in this process: for each alias whom to ask, and under which limiter. Aliases that share
// provider and model share the limiter; its cap is the lowest of theirs.

import { ConfigError } from '../errors.ts';
import { variableProblem } from '../header-text.ts';
import { type CallRoom, findOpenFileLimit, planCallRoom } from '../open-files.ts';
import { findOwn } from '../own-keys.ts';
import { modelKeyOf, type Plan, type ProviderSettings, type Settings } from '../plan.ts';
import type { Environment } from '../proxies.ts';
import { type CallLimiter, Limiter, type LimiterStats } from './limiter.ts';
import type { ModelClient } from './model-client.ts';
import { createOpenAIClient, type OpenAIClient } from './openai/client.ts';
import { createSimulatedClient, INSTANT } from './simulated-client.ts';
import { ModelTraits } from './traits.ts';

/** One alias's way to its model. */
export interface Model {
  readonly client: ModelClient;
  readonly limiter: CallLimiter;
  /** The provider's name for it. */
  readonly name: string;
  readonly timeoutMs: number;
  /** What is known of the (provider, model): shared by its aliases, found out while calls are made. */
  readonly traits: ModelTraits;
}

/** A model that has accepted no call since one failed. */
export interface WaitedFor {
  /** By {@link modelKeyOf}. */
  readonly model: string;
  readonly host: string;
  /** What the last call met, with the host. */
  readonly why: string;
  /** Calls that failed since. */
  readonly tries: number;
  readonly silentMs: number;
  readonly nextInMs: number;
  /** Until that ends the build. */
  readonly givesUpInMs: number;
}

export interface Models {
  forAlias(alias: string): Model;
  /** Changes an alias's `max_parallel_requests`. */
  setMax(alias: string, max: number): void;
  /** Asked every few seconds, so that times in which no call may start are not taken for silence. */
  waitedFor(): readonly WaitedFor[];
  /** By {@link modelKeyOf}. */
  stats(): { readonly [model: string]: LimiterStats };
  /** Which models at which endpoints have answered: the `proved` of builds to come. */
  answering(): readonly string[];
  close(): Promise<void>;
}

export interface ModelsOptions {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly environment: Environment;
  /** Files that the process may have open: so many calls are never in flight, whatever their models allow. */
  readonly openFiles?: number;
  /** Asked before each call; while it is false no call starts. */
  readonly mayStart: () => boolean;
  /** What answered earlier builds of this process: no first call has to go alone as the probe. */
  readonly proved?: readonly string[];
  /** Makes the client of a provider: by default over HTTP, or in the process for a simulated one. */
  readonly connect?: (provider: ProviderSettings) => ModelClient;
  /** Milliseconds; only differences matter. */
  readonly now?: () => number;
}

/** A model that accepts nothing for this long ends the build; one that never did, sooner: it is a wrong address. */
const MAX_SILENCE_MS = 600_000;
const MAX_FIRST_SILENCE_MS = 60_000;

/** Throws `ConfigError` when an environment variable that a provider in use names is not set or no header can carry it. */
export function createModels(options: ModelsOptions): Models {
  const { plan, settings, environment, mayStart, proved = [], now } = options;
  const files = options.openFiles ?? findOpenFileLimit();
  const connect = options.connect ?? ((provider) => createClient(provider, { environment, room }));
  const clock = now ?? (() => performance.now());
  const asked = new Map(
    Object.entries(settings.models).map(([alias, model]) => [alias, model.maxParallelRequests]),
  );
  let room = planCallRoom(options, { files, asked });
  const shared = new Map<
    string,
    { readonly limiter: Limiter; readonly traits: ModelTraits; readonly host: string }
  >();
  const clients = new Map<string, ModelClient | OpenAIClient>();
  const models = new Map<string, Model>();

  for (const alias of Object.keys(plan.models)) {
    const { provider: providerName, timeoutMs } = settingsOf(alias);
    const provider = settings.providers.find(({ name }) => name === providerName);
    if (provider === undefined) throw new RangeError(`No provider "${providerName}" in the settings`);
    const client = clients.get(providerName) ?? connect(provider);
    clients.set(providerName, client);
    const key = keyOf(alias);
    const isProved = proved.includes(`${client.host} ${key}`);
    const { limiter, traits } = shared.get(key) ?? {
      limiter: new Limiter({
        max: room.caps.get(key)!,
        skipProbe: isProved || aliasesOf(key).some((other) => settingsOf(other).skipHealthCheck),
        mayStart,
        now: clock,
      }),
      traits: new ModelTraits({ isProved }),
    };
    shared.set(key, { limiter, traits, host: client.host });
    models.set(alias, { client, limiter, name: findOwn(plan.models, alias)!.model, timeoutMs, traits });
  }

  function settingsOf(alias: string) {
    const found = findOwn(settings.models, alias);
    if (found === undefined) throw new RangeError(`No settings for the model "${alias}"`);
    return found;
  }

  function keyOf(alias: string): string {
    return modelKeyOf(alias, { plan, settings });
  }

  function aliasesOf(key: string): readonly string[] {
    return Object.keys(plan.models).filter((alias) => keyOf(alias) === key);
  }

  return {
    forAlias(alias) {
      const model = models.get(alias);
      if (model === undefined) throw new RangeError(`No model "${alias}" in the plan`);
      return model;
    },
    setMax(alias, max) {
      asked.set(alias, max);
      room = planCallRoom(options, { files, asked });
      for (const [key, { limiter }] of shared) limiter.setMax(room.caps.get(key)!);
    },
    waitedFor() {
      if (!mayStart()) for (const { limiter } of shared.values()) limiter.forgetSilence();
      return [...shared].flatMap(([model, { limiter, host }]) => {
        const { silentSince, answered, lastError, unanswered: tries, nextInMs } = limiter.stats();
        if (silentSince === null || lastError === null) return [];
        const silentMs = clock() - silentSince;
        const limitMs = answered === 0 ? MAX_FIRST_SILENCE_MS : MAX_SILENCE_MS;
        return [
          { model, host, why: lastError.message, tries, silentMs, nextInMs, givesUpInMs: limitMs - silentMs },
        ];
      });
    },
    answering: () =>
      [...shared].flatMap(([key, { limiter, host }]) => (limiter.answered > 0 ? [`${host} ${key}`] : [])),
    stats: () => Object.fromEntries([...shared].map(([key, { limiter }]) => [key, limiter.stats()])),
    async close() {
      await Promise.all(
        [...clients.values()].map((client) => ('close' in client ? client.close() : undefined)),
      );
    },
  };
}

function createClient(
  provider: ProviderSettings,
  { environment, room }: { readonly environment: Environment; readonly room: CallRoom },
): ModelClient | OpenAIClient {
  if (provider.type === 'simulated') return createSimulatedClient(provider.simulation ?? INSTANT);
  const { name, endpoint, apiKeyVariable } = provider;
  if (endpoint === null) throw new RangeError(`No endpoint for the provider "${name}"`);
  const read = (variable: string) => {
    const value = findOwn(environment, variable);
    const problem = variableProblem(value);
    if (problem === null) return value!;
    const message = `${variable} ${problem} (provider "${name}") · to try without: --simulate`;
    throw new ConfigError([{ file: null, line: null, column: null, level: 'error', message }]);
  };
  const headers = Object.entries(provider.headers).map(([header, text]): [string, string] => [
    header,
    text.replace(/\$\{(\w+)\}/g, (_, variable: string) => read(variable)),
  ]);
  return createOpenAIClient({
    endpoint,
    apiKey: apiKeyVariable === null ? null : read(apiKeyVariable),
    apiKeyVariable,
    headers: Object.fromEntries(headers),
    environment,
    ...(Number.isFinite(room.connections) ? { maxConnections: room.connections } : {}),
  });
}
