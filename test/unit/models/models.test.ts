import { describe, expect, it } from 'vitest';
import { ConfigError, ModelError } from '../../../src/errors.ts';
import { Limiters } from '../../../src/models/limiters.ts';
import { createModels, type ModelsOptions } from '../../../src/models/models.ts';
import type { ModelSettings, Plan, ProviderSettings, Settings } from '../../../src/plan.ts';

const never = new AbortController().signal;
const simulated: ProviderSettings = {
  name: 'sim',
  type: 'simulated',
  endpoint: null,
  apiKeyVariable: null,
  headers: {},
  simulation: null,
};
const hosted: ProviderSettings = {
  ...simulated,
  name: 'hosted',
  type: 'openai',
  endpoint: 'https://models.example.com/v1',
  apiKeyVariable: 'MY_KEY',
};

async function modelsOf(
  aliases: { readonly [alias: string]: Partial<ModelSettings> & { readonly model: string } },
  overrides: Partial<ModelsOptions> & { readonly limiters?: Limiters } = {},
) {
  const { limiters = new Limiters(), ...others } = overrides;
  const planned = Object.entries(aliases).map(([alias, { model }]) => [
    alias,
    { model, providerType: 'simulated' },
  ]);
  const settings = Object.entries(aliases).map(([alias, { model: _, ...rest }]) => [
    alias,
    { provider: 'sim', maxParallelRequests: 4, timeoutMs: 1_000, skipHealthCheck: true, ...rest },
  ]);
  const models = await createModels({
    plan: { models: Object.fromEntries(planned) } as Plan,
    settings: {
      providers: [simulated, hosted, ...['a', 'a/b'].map((name) => ({ ...simulated, name }))],
      models: Object.fromEntries(settings),
    } as unknown as Settings,
    environment: {},
    mayStart: () => true,
    limiters,
    ...others,
  });
  /** Asks for calls; those that may start do. */
  const ask = (alias: string, calls: number) => {
    for (let call = 0; call < calls; call += 1)
      models
        .forAlias(alias)
        .limiter.acquire(never)
        .catch(() => {});
  };
  return { ...models, limiters, ask };
}

const maxOf = (limiters: Limiters) => limiters.stats().map(({ max }) => max);

describe('createModels', () => {
  it('gives aliases of one provider and model one limiter, under the lowest of their caps', async () => {
    const { limiters, setMax } = await modelsOf({
      a: { model: 'm', maxParallelRequests: 8 },
      b: { model: 'm', maxParallelRequests: 3 },
      c: { model: 'other', maxParallelRequests: 5 },
    });
    expect(maxOf(limiters)).toEqual([3, 5]);
    setMax('b', 20);
    expect(maxOf(limiters)).toEqual([8, 5]);
  });

  it('gives no limiter of another model to one whose name begins as the provider of that one ends', async () => {
    const { limiters } = await modelsOf({
      one: { model: 'b/c', provider: 'a' },
      two: { model: 'c', provider: 'a/b' },
    });
    expect(limiters.stats()).toHaveLength(2);
  });

  it('lets the first call of a model go alone, unless it is told to skip that', async () => {
    const { limiters, ask } = await modelsOf({
      a: { model: 'm', skipHealthCheck: false },
      b: { model: 'n' },
    });
    ask('a', 3);
    ask('b', 3);
    expect(limiters.stats()).toMatchObject([
      { inFlight: 1, waiting: 2 },
      { inFlight: 3, waiting: 0 },
    ]);
  });

  it('takes keys and headers from the environment', async () => {
    const aliases = { a: { model: 'm', provider: 'hosted' } };
    await expect(modelsOf(aliases)).rejects.toThrow(ConfigError);
    await expect(modelsOf(aliases)).rejects.toThrow(
      'MY_KEY is not set (provider "hosted") · to try without: --simulate',
    );
    const models = await modelsOf(aliases, { environment: { MY_KEY: 'k' } });
    expect(models.forAlias('a').client).toMatchObject({ host: 'models.example.com' });
    await models.close();
  });

  it.each(['k\n', 'a\r\nx-other: 1', 'schlüßel-\u{1f511}', '“quoted”', 'a\u0000b'])(
    'refuses a key that no header can carry, %j, without showing it',
    async (key) => {
      const open = () =>
        modelsOf({ a: { model: 'm', provider: 'hosted' } }, { environment: { MY_KEY: key } });
      await expect(open()).rejects.toThrow(
        /^MY_KEY holds what no header can carry: a line break, or a letter outside Latin-1 \(provider "hosted"\)/,
      );
      await expect(open()).rejects.not.toThrow(key);
    },
  );

  it('has no more calls in flight than the process may have connections, whatever is asked', async () => {
    const aliases = {
      a: { model: 'm', provider: 'hosted', maxParallelRequests: 1_100 },
      b: { model: 'n', provider: 'hosted', maxParallelRequests: 100 },
      c: { model: 'm', maxParallelRequests: 5_000 },
    };
    const environment = { MY_KEY: 'k' };
    const modelsWith = (openFiles: number) =>
      modelsOf(aliases, { environment, limiters: new Limiters({ openFiles }) });
    expect(maxOf((await modelsWith(Number.POSITIVE_INFINITY)).limiters)).toEqual([1_100, 100, 5_000]);
    const { limiters, setMax } = await modelsWith(700);
    expect(maxOf(limiters)).toEqual([550, 50, 5_000]);
    setMax('a', 20);
    expect(maxOf(limiters)).toEqual([20, 100, 5_000]);
    setMax('a', 100_000);
    expect(maxOf(limiters)).toEqual([599, 1, 5_000]);
    expect(maxOf((await modelsWith(20)).limiters)).toEqual([1, 1, 5_000]);
  });

  it('names a variable that a header refers to and that is not set', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the form in which documents refer to the environment
    const headers = { 'x-team': 'team ${TEAM}' };
    const plan = { models: { a: { model: 'm' } } } as unknown as Plan;
    const settings = {
      providers: [{ ...hosted, apiKeyVariable: null, headers }],
      models: { a: { provider: 'hosted', maxParallelRequests: 1, timeoutMs: 1, skipHealthCheck: true } },
    } as unknown as Settings;
    const limiters = new Limiters();
    const options = { plan, settings, environment: {}, limiters, mayStart: () => true };
    await expect(createModels(options)).rejects.toThrow('TEAM is not set (provider "hosted")');
    await createModels({ ...options, environment: { TEAM: 'red' } });
  });

  it('tells which models are waited for: for ten minutes, or for one where nothing was ever answered', async () => {
    let time = 0;
    const models = await modelsOf({ a: { model: 'm' } }, { limiters: new Limiters({ now: () => time }) });
    const { limiter } = models.forAlias('a');
    const call = async (end: 'succeed' | 'fail') => {
      const permit = await limiter.acquire(never);
      if (end === 'succeed') permit.succeed();
      else permit.fail(new ModelError('nobody there', { failure: 'unavailable' }));
    };
    await call('fail');
    time = 59_000;
    const waited = { model: 'sim/m', host: 'simulated', why: 'nobody there', tries: 1 };
    expect(models.waitedFor()).toMatchObject([{ ...waited, silentMs: 59_000, givesUpInMs: 1_000 }]);
    await call('succeed');
    expect(models.waitedFor()).toEqual([]);
    await call('fail');
    await call('fail');
    time += 599_000;
    expect(models.waitedFor()).toMatchObject([
      { ...waited, tries: 2, silentMs: 599_000, givesUpInMs: 1_000 },
    ]);
  });

  it('does not take for silence a time in which nobody may call', async () => {
    let time = 0;
    let isOpen = true;
    const limiters = new Limiters({ now: () => time });
    const models = await modelsOf({ a: { model: 'm' } }, { limiters, mayStart: () => isOpen });
    const permit = await models.forAlias('a').limiter.acquire(never);
    permit.fail(new ModelError('nobody there', { failure: 'unavailable' }));
    limiters.noteSilence();
    expect(models.waitedFor()).toHaveLength(1);
    isOpen = false;
    limiters.noteSilence();
    time = 3_600_000;
    isOpen = true;
    expect(models.waitedFor()).toEqual([]);
  });
});

describe('the builds of one process', () => {
  const alias = { model: 'm', provider: 'hosted', maxParallelRequests: 4 };
  const environment = { MY_KEY: 'k', OTHER_KEY: 'o' };

  it('share a limiter for each endpoint, key and model, under the lowest cap of those that are open', async () => {
    const one = await modelsOf({ a: { ...alias, maxParallelRequests: 8 } }, { environment });
    const { limiters } = one;
    const two = await modelsOf({ b: { ...alias, maxParallelRequests: 3 } }, { environment, limiters });
    await modelsOf({ c: alias }, { environment: { MY_KEY: 'of another account' }, limiters });
    expect(maxOf(limiters)).toEqual([3, 4]);
    one.ask('a', 2);
    two.ask('b', 2);
    expect(limiters.stats()[0]).toMatchObject({ inFlight: 3, waiting: 1 });
    await two.close();
    expect(maxOf(limiters)).toEqual([8, 4]);
  });

  it('share the connections that the process may have', async () => {
    const limiters = new Limiters({ openFiles: 120 });
    await modelsOf({ a: { ...alias, maxParallelRequests: 100 } }, { environment, limiters });
    expect(maxOf(limiters)).toEqual([20]);
    await modelsOf(
      { a: { ...alias, maxParallelRequests: 5 } },
      { environment: { MY_KEY: 'another' }, limiters },
    );
    expect(maxOf(limiters)).toEqual([10, 5]);
  });

  it('have no first call go alone where an earlier one was answered', async () => {
    const careful = { model: 'm', skipHealthCheck: false };
    const earlier = await modelsOf({ a: careful, b: { ...careful, model: 'n' } });
    const { limiters } = earlier;
    (await earlier.forAlias('a').limiter.acquire(never)).succeed();
    await earlier.close();
    const later = await modelsOf({ a: careful, b: { ...careful, model: 'n' } }, { limiters });
    expect(later.forAlias('a').traits.isProved).toBe(true);
    later.ask('a', 2);
    later.ask('b', 2);
    expect(limiters.stats()).toMatchObject([{ inFlight: 2 }, { inFlight: 1 }]);
  });

  it('wait for a silent model while one of them may call', async () => {
    let time = 0;
    const limiters = new Limiters({ now: () => time });
    const one = await modelsOf({ a: { model: 'm' } }, { limiters, mayStart: () => false });
    const two = await modelsOf({ a: { model: 'm' } }, { limiters });
    (await two.forAlias('a').limiter.acquire(never)).fail(
      new ModelError('nobody there', { failure: 'unavailable' }),
    );
    limiters.noteSilence();
    time = 1_000;
    expect(limiters.waitedFor()).toEqual([expect.objectContaining({ model: 'sim/m', silentMs: 1_000 })]);
    expect(one.waitedFor()).toEqual(two.waitedFor());
    await two.close();
    limiters.noteSilence();
    expect(one.waitedFor()).toEqual([]);
  });
});
