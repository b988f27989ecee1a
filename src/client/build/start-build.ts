// Starting a build on a server, or attaching to the one that works towards the same.
//
//   B1. Each start takes the next epoch, by exclusive creation of its file, after it has judged the newest one dead.
//   B2. A live build with the same wish is attached to; any other is refused unless it is to be replaced.
//   B3. A wish that was decided before another build began is decided anew, unless both are the same: what it counted no
//       longer holds.

import { relative } from 'node:path';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { builderConfigOf } from '../../config/builder-config.ts';
import { BuildError } from '../../errors.ts';
import { writeModule } from '../../modules/stored-modules.ts';
import {
  type BuildRef,
  datasetWorkflowId,
  type GenerateDatasetInput,
  storeTaskQueue,
} from '../../protocol.ts';
import { writeSeeds } from '../../seeds/stored-seeds.ts';
import { ownIdentity, ownPlace } from '../../server/processes.ts';
import type { DatasetStore, EpochRecord } from '../../store/dataset-store.ts';
import { isWebAddress, withoutSecrets } from '../../text/web-address.ts';
import { queryDigestOf } from '../wish/target.ts';
import type { AcceptedWish } from '../wish/wish.ts';
import type { Connected } from './connection.ts';
import { findRun, isLive, isServedBy, refuse } from './live-build.ts';

export interface StartOptions {
  readonly wish: AcceptedWish;
  readonly connected: Connected;
  readonly isReplacing: boolean;
}

export interface StartedBuild {
  readonly start: EpochRecord;
  /** It was running already, with the same wish. */
  readonly wasRunning: boolean;
}

/** By a process that makes the calls itself, or for the workers that poll the store's queue. */
type StartKind = Exclude<EpochRecord['kind'], 'prune'>;

/**
 * Hands a build to whatever workers poll the store's queue, and returns at once. `outdated` when another build has begun
 * since the wish was decided. Throws `RefusedError` when a build with another wish is running and is not to be replaced.
 */
export async function startBuild(options: StartOptions): Promise<StartedBuild | 'outdated'> {
  const { wish, connected } = options;
  const found = await attachOrTake(options, 'start');
  if (found === 'outdated' || found.wasRunning) return found;
  const taskQueue = storeTaskQueue(wish.store.id);
  await startWorkflow(wish.dataset, connected.client, { build: buildRefOf(wish, found.start), taskQueue });
  return found;
}

/** The live build that works towards a wish, or else a start of its own, whose workflow is to be started. As `startBuild`. */
export async function attachOrTake(
  { wish, connected, isReplacing }: StartOptions,
  kind: StartKind,
): Promise<StartedBuild | 'outdated'> {
  const { dataset, planDigest, settings } = wish;
  for (;;) {
    const newest = await dataset.newestEpoch();
    const running = await dataset.findNewestStart();
    if (running !== undefined && !isReplacing && (await isLive(running, connected))) {
      // A `run` waits for the end of a build of fewer rows, and then makes the others.
      const isSame = running.rows === settings.rows || (kind === 'run' && running.rows < settings.rows);
      if (running.planDigest !== planDigest || !isSame)
        refuse(wish, running, 'for another document, edit or number of rows');
      if (!isServedBy(running, connected)) refuse(wish, running, 'on another Temporal server');
      return { start: running, wasRunning: true };
    }
    if (await isOutdated(wish, newest)) return 'outdated';
    const start = await takeEpoch({ wish, connected, newest, kind });
    if (start !== undefined) return { start, wasRunning: false };
  }
}

/** Takes the epoch after `newest`; undefined if another start was faster. */
export async function takeEpoch(
  options: Pick<StartOptions, 'wish' | 'connected'> & {
    readonly newest: number;
    readonly kind: StartKind;
  },
): Promise<EpochRecord | undefined> {
  const { wish, connected, newest, kind } = options;
  const own = ownIdentity();
  const { id } = await wish.dataset.read();
  const { seedSource } = wish;
  if (seedSource !== null) await writeSeeds(wish.dataset.files, seedSource);
  for (const bundle of wish.config.modules) await writeModule(wish.dataset.files, bundle);
  await wish.dataset.writePlan(wish.planDigest, wish.plan);
  await wish.dataset.writePlanDocument(wish.planDigest, builderConfigOf(wish.config.config));
  return wish.dataset.takeEpoch(newest, {
    datasetId: id,
    kind,
    ...ownPlace(),
    pid: own.pid,
    processStart: own.start,
    address: connected.server.connectionOptions.address,
    namespace: connected.server.namespace,
    isEmbedded: connected.server.isEmbedded,
    workflowId: datasetWorkflowId({ dataset: wish.dataset.name, datasetId: id, epoch: newest + 1 }),
    settings: wish.settings,
    rows: wish.settings.rows,
    planDigest: wish.planDigest,
    document: isWebAddress(wish.document)
      ? withoutSecrets(wish.document)
      : relative(wish.store.directory, wish.document),
    queryDigest: queryDigestOf(wish.document),
    ...(wish.scriptArgs.length > 0 ? { scriptArgs: wish.scriptArgs } : {}),
    documentDigest: wish.documentDigest,
    answer: wish.answer,
    at: Date.now(),
  });
}

/** Whether another start than the newest that the wish was decided after asks for something else. */
async function isOutdated(
  { dataset, latestStart, planDigest, settings }: AcceptedWish,
  newest: number,
): Promise<boolean> {
  if (newest === (latestStart?.epoch ?? 0)) return false;
  const since = await dataset.readEpoch(newest);
  return since.planDigest !== planDigest || since.rows > settings.rows;
}

export function buildRefOf(wish: Pick<AcceptedWish, 'store' | 'dataset'>, start: EpochRecord): BuildRef {
  return {
    storeId: wish.store.id,
    dataset: wish.dataset.name,
    datasetId: start.datasetId,
    epoch: start.epoch,
    planDigest: start.planDigest,
  };
}

/** Throws `BuildError` when another build has taken the place of this one. */
export async function startWorkflow(
  dataset: Pick<DatasetStore, 'hasNewerEpoch' | 'findEpoch'>,
  client: Client,
  input: GenerateDatasetInput,
): Promise<void> {
  const { build, taskQueue } = input;
  if (await dataset.hasNewerEpoch(build.epoch)) throw replaced(build);
  await endOlder(dataset, client, build);
  try {
    await client.workflow.start('generateDataset', {
      args: [input],
      workflowId: datasetWorkflowId(build),
      taskQueue,
      // Temporal's client may send the request again after a newer build has ended this workflow: that must start nothing.
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: `${build.dataset}, build ${build.epoch}`,
    });
  } catch (error) {
    // The first answer to this request was lost, and the client sent it again: the workflow is there.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Ends what older starts left open on this server: their processes are dead or fenced, and nothing else would. Those
 * before the first that is found were ended by it.
 */
async function endOlder(
  dataset: Pick<DatasetStore, 'findEpoch'>,
  client: Client,
  { datasetId, epoch }: BuildRef,
): Promise<void> {
  for (let older = epoch - 1; older > 0; older -= 1) {
    const start = await dataset.findEpoch(older);
    // Starts of the dataset that this folder was copied from belong to the original, which may be at work.
    const run = start?.datasetId === datasetId ? await findRun(start, client) : undefined;
    if (start === undefined || run === undefined) continue;
    if (run.isOpen) {
      const ending = client.workflow.getHandle(start.workflowId).terminate('a newer build has begun');
      // It may just have ended by itself.
      await ending.catch((error) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
    }
    return;
  }
}

/** What ends a build whose dataset a newer one has taken over. */
export function replaced({ dataset, epoch }: BuildRef): BuildError {
  return new BuildError(
    `Cannot go on: another build of "${dataset}" took the place of build ${epoch}. What was made so far is kept`,
  );
}
