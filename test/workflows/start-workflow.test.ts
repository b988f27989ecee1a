import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { findRun, type WorkflowRun } from '../../src/client/build/live-build.ts';
import { startWorkflow } from '../../src/client/build/start-build.ts';
import { BuildError } from '../../src/errors.ts';
import { type BuildRef, datasetWorkflowId, UPDATE } from '../../src/protocol.ts';
import type { DatasetStore, EpochRecord } from '../../src/store/dataset-store.ts';
import { WorkflowServer } from '../support/workflow-stage.ts';
import { startOf, testDataset } from '../unit/store/support.ts';

let server: WorkflowServer;
beforeAll(async () => {
  server = await WorkflowServer.start();
});
afterAll(() => server.stop());

let dataset: DatasetStore;
/** Each test has a dataset of its own on the server. */
let id = 'd';
beforeEach(async () => {
  dataset = await testDataset();
  id += 'd';
});

function buildOf({ epoch, datasetId }: EpochRecord): BuildRef {
  return { storeId: 'store', dataset: dataset.name, datasetId, epoch, planDigest: 'plan' };
}

async function take(datasetId = id): Promise<EpochRecord> {
  const newest = await dataset.newestEpoch();
  const build = { dataset: dataset.name, datasetId, epoch: newest + 1 };
  return (await dataset.takeEpoch(newest, startOf({ datasetId, workflowId: datasetWorkflowId(build) })))!;
}

/** The run that is open now. Nobody polls its queue: it stays open until somebody ends it. */
async function begin(start: EpochRecord): Promise<WorkflowRun> {
  await startWorkflow(dataset, server.client, { build: buildOf(start), taskQueue: 'nobody' });
  return (await findRun(start, server.client))!;
}

async function statusOf({ workflowId }: EpochRecord, { runId }: WorkflowRun): Promise<string> {
  return (await server.client.workflow.getHandle(workflowId, runId).describe()).status.name;
}

describe('starting the workflow of a build', () => {
  it('ends what the start before it left open, and nothing of a dataset that it was copied from', async () => {
    const copied = await take('another');
    const copiedRun = await begin(copied);
    const first = await take();
    const firstRun = await begin(first);
    // This one died before it had a workflow.
    await take();
    const third = await take();
    const thirdRun = await begin(third);
    expect(await statusOf(copied, copiedRun)).toBe('RUNNING');
    expect(await statusOf(first, firstRun)).toBe('TERMINATED');
    expect(await statusOf(third, thirdRun)).toBe('RUNNING');
  });

  it('leaves the workflow of a newer build alone when its request comes late, or once more', async () => {
    const requests = vi.spyOn(server.client.workflowService, 'startWorkflowExecution');
    const older = await take();
    const olderRun = await begin(older);
    const [request] = requests.mock.calls[0]!;
    requests.mockRestore();
    const newer = await take();
    const newerRun = await begin(newer);
    // The connection was lost before the answer: gRPC sends the request again. A process that was suspended as well.
    const late = server.client.workflowService.startWorkflowExecution(request);
    await late.catch(() => undefined);
    expect(await statusOf(older, olderRun)).toBe('TERMINATED');
    expect(await statusOf(newer, newerRun)).toBe('RUNNING');
  });

  it('is not told what is meant for another one', async () => {
    const older = await take();
    await begin(await take());
    const stop = server.client.workflow
      .getHandle(datasetWorkflowId(buildOf(older)))
      .executeUpdate(UPDATE.stop, { args: ['too many failures'] });
    await expect(stop).rejects.toBeInstanceOf(WorkflowNotFoundError);
  });

  it('is not done when a newer build has begun: this process was stopped since it took its epoch', async () => {
    const older = await take();
    const newer = await take();
    const newerRun = await begin(newer);
    const late = begin(older);
    await expect(late).rejects.toThrow(BuildError);
    await expect(late).rejects.toThrow(`another build of "${dataset.name}" took the place of build 1`);
    expect(await statusOf(newer, newerRun)).toBe('RUNNING');
  });
});
