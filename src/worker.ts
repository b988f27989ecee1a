// The process that does: one worker for workflows and short activities, one for slices, over one connection.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { temporalWorkflows } from './activities/build-workflow.ts';
import { Builds } from './activities/builds.ts';
import { createActivities } from './activities/index.ts';
import type { ProcessOptions } from './activities/process.ts';
import { ownFile } from './own-files.ts';
import { sliceTaskQueue } from './protocol.ts';
import type { Store } from './store/store.ts';

/** Above the row groups that are open at once: an evicted workflow replays its whole history. */
const MAX_CACHED_WORKFLOWS = 200;
/** Few, so that replays after a crash queue at the server and not on an open workflow task. */
const MAX_WORKFLOW_TASKS = 6;
/**
 * Slices at work. A child has 40 outstanding; over more than six children some wait at the server, which costs nothing:
 * 250 hold more cells than the models take. Only slices of a row or two (`slice_size`, groups of a few rows) at over 250
 * parallel requests would use more places, and each of those is an activity to beat and to pay for.
 */
const MAX_SLICES = 250;
const SLICE_POLLS = 16;
/** Quicker cancel, no false timeouts; DESIGN §7. */
const MAX_HEARTBEAT_THROTTLE_MS = 3_000;

export interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly store: Store;
  readonly environment: NodeJS.ProcessEnv;
  readonly onRowGroup?: ProcessOptions['onRowGroup'];
}

export interface RunningWorker {
  readonly builds: Builds;
  /** Resolves when both workers have ended, rejects when one broke. */
  readonly ended: Promise<void>;
  shutdown(): Promise<void>;
}

let isInstalled = false;

/** Only warnings of the core, on stderr. Called before any connection; the first call of a process counts. */
export function installRuntime(): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    // Ctrl-C stops the build; its worker has to live until the build has ended.
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR', ({ level, message, meta }) => {
      const why = meta?.error instanceof Error ? meta.error.message : '';
      // A newer build has ended the workflow while something was still sent to it; `run` itself tells of that.
      if (why.startsWith('Received workflow activation for an untracked workflow')) return;
      warn(`${level.toLowerCase()}  ${message}${why && `: ${why}`}`);
    }),
    telemetryOptions: { logging: { filter: 'temporal_sdk_core=ERROR,temporal_client=ERROR' } },
  });
}

/** On a terminal a progress line may stand there; it is shown again soon. */
function warn(text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[2K' : ''}${text}\n`);
}

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { connection, namespace, taskQueue, store, client, environment, onRowGroup } = options;
  const builds = new Builds({
    ...{ store, environment, workflowOf: temporalWorkflows(client) },
    ...(onRowGroup && { onRowGroup }),
  });
  const activities = createActivities({ builds, warn });
  const shared = {
    connection,
    namespace,
    activities,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE_MS,
  };
  const conducting = await Worker.create({
    ...shared,
    taskQueue,
    workflowBundle: await workflowBundle(),
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
    // Opening and committing hold a group's rows in memory.
    maxConcurrentActivityTaskExecutions: 4,
    shutdownGraceTime: '30 seconds',
    shutdownForceTime: '60 seconds',
  });
  const generating = await Worker.create({
    ...shared,
    taskQueue: sliceTaskQueue(taskQueue),
    maxConcurrentActivityTaskExecutions: MAX_SLICES,
    maxConcurrentActivityTaskPolls: SLICE_POLLS,
    shutdownGraceTime: '30 seconds',
    shutdownForceTime: '60 seconds',
  });
  const ended = Promise.all([conducting.run(), generating.run()]).then(() => builds.dispose());
  // It may break before anybody listens.
  ended.catch(() => undefined);
  return {
    builds,
    ended,
    async shutdown() {
      builds.end();
      for (const worker of [conducting, generating]) if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  };
}

/** The bundle of the build step; from sources it is made at start. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  const codePath = fileURLToPath(ownFile('workflow-bundle'));
  if (existsSync(codePath)) return { codePath };
  bundled ??= bundleWorkflows();
  return bundled;
}

let bundled: Promise<{ code: string }> | undefined;

export async function bundleWorkflows(): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(ownFile('workflows/index')),
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, extensionAlias: { '.js': ['.js', '.ts'] } },
    }),
  });
}
