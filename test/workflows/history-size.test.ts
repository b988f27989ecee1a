import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkflowServer } from '../support/workflow-stage.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start({ maxCachedWorkflows: 100 });
});
afterAll(() => server.stop());

/** Past this, a worker that lost its cache replays for too long; reference: temporal.md. */
const MAX_EVENTS = 2_000;

const MODELS = { writer: { key: 'local/writer', maxParallelRequests: 64 } };

describe('the history', () => {
  it('of 1,000 rows with five model columns stays short', async () => {
    const stage = server.stage({
      columns: { topic: [], a: ['topic'], b: ['a'], c: ['b'], d: ['c'], e: ['topic'] },
      ...{ rows: 1_000, sliceSize: null, models: MODELS },
    });
    expect(await (await stage.startDataset()).result()).toMatchObject({ isComplete: true });
    expect(stage.logged('open')).toEqual(['open 0']);
    expect((await stage.groupHandle(0).describe()).historyLength).toBeLessThan(MAX_EVENTS);
    expect(stage.repeated).toEqual([]);
  });

  it('of a dataset of 100 groups stays short', async () => {
    const stage = server.stage({
      columns: { topic: [], body: ['topic'] },
      ...{ rows: 100, rowGroupSize: 1, window: 8, models: MODELS },
    });
    const handle = await stage.startDataset();
    expect(await handle.result()).toMatchObject({ isComplete: true });
    expect((await handle.describe()).historyLength).toBeLessThan(MAX_EVENTS);
  });
});
