import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { startWorkflow } from '../../../src/client/build.ts';
import { BuildError } from '../../../src/errors.ts';

const BUILD = { storeId: 's', dataset: 'tickets', datasetId: 'd', epoch: 1, planDigest: 'p' };

describe('starting the workflow of a build', () => {
  it('leaves the workflow of a newer build alone: this process was stopped since it took its epoch', async () => {
    const dataset = { hasNewerEpoch: async (epoch: number) => epoch === 1 };
    const started = startWorkflow(dataset, {} as Client, { build: BUILD, taskQueue: 'queue' });
    await expect(started).rejects.toThrow(BuildError);
    await expect(started).rejects.toThrow('another build of "tickets" took the place of build 1');
  });
});
