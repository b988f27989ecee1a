import { describe, expect, it } from 'vitest';
import { ConfigError, ModelError } from '../../../src/errors.ts';
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

function modelsOf(
  aliases: { readonly [alias: string]: Partial<ModelSettings> & { readonly model: string } },
  overrides: Partial<ModelsOptions> = {},
) {
  const models = Object.entries(aliases).map(([alias, { model }]) => [
    alias,
    { model, providerType: 'simulated' },
  ]);
  const settings = Object.entries(aliases).map(([alias, { model: _, ...rest }]) => [
    alias,
    { provider: 'sim', maxParallelRequests: 4, timeoutMs: 1_000, skipHealthCheck: true, ...rest },
  ]);
  return createModels({
    plan: { models: Object.fromEntries(models) } as Plan,
    settings: {
      providers: [simulated, hosted, ...['a', 'a/b'].map((name) => ({ ...simulated, name }))],
      models: Object.fromEntries(settings),
    } as unknown as Settings,
    environment: {},
    mayStart: () => true,
    ...overrides,
  });
}

describe('createModels', () => {
  it('gives aliases of one provider and model one limiter, under the lowest of their caps', () => {
    const models = modelsOf({
      a: { model: 'm', maxParallelRequests: 8 },
      b: { model: 'm', maxParallelRequests: 3 },
      c: { model: 'other', maxParallelRequests: 5 },
    });
    expect(models.forAlias('a').limiter).toBe(models.forAlias('b').limiter);
    expect(models.forAlias('a').limiter).not.toBe(models.forAlias('c').limiter);
    expect(Object.entries(models.stats()).map(([name, { max }]) => [name, max])).toEqual([
      ['sim/m', 3],
      ['sim/other', 5],
    ]);
    models.setMax('b', 20);
    expect(models.stats()['sim/m']!.max).toBe(8);
  });

  it('gives no limiter of another model to one whose name begins as the provider of that one ends', () => {
    const models = modelsOf({ one: { model: 'b/c', provider: 'a' }, two: { model: 'c', provider: 'a/b' } });
    expect(models.forAlias('one').limiter).not.toBe(models.forAlias('two').limiter);
    expect(Object.keys(models.stats())).toEqual(['a/b/c', 'a%2Fb/c']);
  });

  it('lets the first call of a model go alone, unless it is told to skip that', async () => {
    const models = modelsOf({ a: { model: 'm', skipHealthCheck: false }, b: { model: 'n' } });
    for (const alias of ['a', 'b']) {
      for (let call = 0; call < 3; call += 1)
        models
          .forAlias(alias)
          .limiter.acquire(never)
          .catch(() => {});
    }
    expect(models.stats()['sim/m']).toMatchObject({ inFlight: 1, waiting: 2 });
    expect(models.stats()['sim/n']).toMatchObject({ inFlight: 3, waiting: 0 });
  });

  it('has no first call go alone where an earlier build of the process was answered', async () => {
    const alias = { model: 'm', skipHealthCheck: false };
    const earlier = modelsOf({ a: alias, b: { ...alias, model: 'n' } });
    expect(earlier.answering()).toEqual([]);
    (await earlier.forAlias('a').limiter.acquire(never)).succeed();
    const later = modelsOf({ a: alias, b: { ...alias, model: 'n' } }, { proved: earlier.answering() });
    for (const name of ['a', 'a', 'b', 'b'])
      later
        .forAlias(name)
        .limiter.acquire(never)
        .catch(() => {});
    expect(later.stats()).toMatchObject({ 'sim/m': { inFlight: 2 }, 'sim/n': { inFlight: 1 } });
  });

  it('takes keys and headers from the environment', async () => {
    const aliases = { a: { model: 'm', provider: 'hosted' } };
    expect(() => modelsOf(aliases)).toThrow(ConfigError);
    expect(() => modelsOf(aliases)).toThrow(
      'MY_KEY is not set (provider "hosted") · to try without: --simulate',
    );
    const models = modelsOf(aliases, { environment: { MY_KEY: 'k' } });
    expect(models.forAlias('a').client).toMatchObject({ host: 'models.example.com', isSimulated: false });
    await models.close();
  });

  it.each(['k\n', 'a\r\nx-other: 1', 'schlüßel-\u{1f511}', '“quoted”', 'a\u0000b'])(
    'refuses a key that no header can carry, %j, without showing it',
    (key) => {
      const open = () =>
        modelsOf({ a: { model: 'm', provider: 'hosted' } }, { environment: { MY_KEY: key } });
      expect(open).toThrow(
        /^MY_KEY holds what no header can carry: a line break, or a letter outside Latin-1 \(provider "hosted"\)/,
      );
      expect(open).not.toThrow(key);
    },
  );

  it('has no more calls in flight than the process may have connections, whatever is asked', () => {
    const aliases = {
      a: { model: 'm', provider: 'hosted', maxParallelRequests: 1_100 },
      b: { model: 'n', provider: 'hosted', maxParallelRequests: 100 },
      c: { model: 'm', maxParallelRequests: 5_000 },
    };
    const caps = (models: ReturnType<typeof modelsOf>) => Object.values(models.stats()).map(({ max }) => max);
    const environment = { MY_KEY: 'k' };
    expect(caps(modelsOf(aliases, { environment, openFiles: Number.POSITIVE_INFINITY }))).toEqual([
      1_100, 100, 5_000,
    ]);
    const models = modelsOf(aliases, { environment, openFiles: 700 });
    expect(caps(models)).toEqual([550, 50, 5_000]);
    models.setMax('a', 20);
    expect(caps(models)).toEqual([20, 100, 5_000]);
    models.setMax('a', 100_000);
    expect(caps(models)).toEqual([599, 1, 5_000]);
    expect(caps(modelsOf(aliases, { environment, openFiles: 20 }))).toEqual([1, 1, 5_000]);
  });

  it('names a variable that a header refers to and that is not set', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the form in which documents refer to the environment
    const headers = { 'x-team': 'team ${TEAM}' };
    const plan = { models: { a: { model: 'm' } } } as unknown as Plan;
    const settings = {
      providers: [{ ...hosted, apiKeyVariable: null, headers }],
      models: { a: { provider: 'hosted', maxParallelRequests: 1, timeoutMs: 1, skipHealthCheck: true } },
    } as unknown as Settings;
    const options = { plan, settings, environment: {}, mayStart: () => true };
    expect(() => createModels(options)).toThrow('TEAM is not set (provider "hosted")');
    expect(() => createModels({ ...options, environment: { TEAM: 'red' } })).not.toThrow();
  });

  it('tells which models are waited for: for ten minutes, or for one where nothing was ever answered', async () => {
    let time = 0;
    const models = modelsOf({ a: { model: 'm' } }, { now: () => time });
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

  it('does not take a pause for silence', async () => {
    let time = 0;
    let isOpen = true;
    const models = modelsOf({ a: { model: 'm' } }, { now: () => time, mayStart: () => isOpen });
    const permit = await models.forAlias('a').limiter.acquire(never);
    permit.fail(new ModelError('nobody there', { failure: 'unavailable' }));
    isOpen = false;
    expect(models.waitedFor()).toEqual([]);
    time = 3_600_000;
    isOpen = true;
    expect(models.waitedFor()).toEqual([]);
  });
});
