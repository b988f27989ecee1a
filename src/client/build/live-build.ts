// Whether the build that a start began is at work, and what becomes of a wish that meets one.
//
//   L1. A process of this machine, in this container, is looked for; it lives or it does not.
//   L2. For all else the Temporal server that the start names is asked, whichever server this command uses. A workflow
//       that runs is not enough for a `run` of another machine: without the process nobody polls its task queue, so
//       its worker has to answer.
//   L3. A server that cannot be reached keeps its secret, and the wish is refused. An embedded one of this machine is
//       dead then.
//   L4. An embedded server of another machine or container listens where only that one reaches it; what answers here at
//       its address may be a server of ours. That it knows of no such build proves nothing.

import {
  type Client,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { RefusedError } from '../../errors.ts';
import { QUERY } from '../../protocol.ts';
import { whereIs } from '../../server/processes.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { livenessBy, livenessOf } from '../../store/liveness.ts';
import { ownCommand } from '../../text/own-command.ts';
import { targetAsTyped } from '../wish/find-dataset.ts';
import type { AcceptedWish } from '../wish/wish.ts';
import { type Connected, connect } from './connection.ts';

/** Without an answer for this long a worker makes no calls. */
const ANSWER_LIMIT_MS = 5_000;
const CONNECT_LIMIT_MS = 3_000;

/** Throws `RefusedError` when nobody can tell. */
export async function isLive(start: EpochRecord, connected: Connected): Promise<boolean> {
  return livenessOf(start) ?? livenessBy(await askServer(start, connected), start) ?? cannotTell(start);
}

/** Undefined if the server that the start names does not answer. */
async function askServer(start: EpochRecord, connected: Connected): Promise<boolean | undefined> {
  if (isServedBy(start, connected)) return isAtWork(start, connected.client);
  const { address, namespace, isEmbedded } = start;
  const elsewhere = await connect(
    { connectionOptions: { address }, environment: connected.server.environment, namespace, isEmbedded },
    { connectTimeout: CONNECT_LIMIT_MS },
  ).catch(() => undefined);
  if (elsewhere === undefined) return undefined;
  try {
    return await isAtWork(start, elsewhere.client);
  } finally {
    await elsewhere.close();
  }
}

/** Whether a start was made on the server that this command uses. */
export function isServedBy({ address, namespace }: EpochRecord, { server }: Connected): boolean {
  return address === server.connectionOptions.address && namespace === server.namespace;
}

async function isAtWork(start: EpochRecord, client: Client): Promise<boolean> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_LIMIT_MS, async () => {
      const run = await findRun(start, client);
      if (run === undefined || !run.isOpen) return false;
      return start.kind === 'start' || answers(start, client);
    });
  } catch (error) {
    if (error instanceof ServiceError) return cannotTell(start);
    throw error;
  }
}

async function answers({ workflowId }: EpochRecord, client: Client): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).query(QUERY.control);
    return true;
  } catch (error) {
    if (error instanceof ServiceError || error instanceof QueryNotRegisteredError) return false;
    throw error;
  }
}

function cannotTell(start: EpochRecord): never {
  const { epoch, address, host, isEmbedded } = start;
  const [why, way] =
    isEmbedded && whereIs(start) === 'elsewhere'
      ? [`it began in another container or on another machine (${host})`, 'Wait until it has ended']
      : [`its Temporal server ${address} does not answer`, `Try again with --address ${address}`];
  throw new RefusedError(
    `Cannot tell whether build ${epoch} is still at work: ${why}. ${way}, or take over with --replace`,
  );
}

export interface WorkflowRun {
  readonly runId: string;
  readonly isOpen: boolean;
}

/** The run of a start's workflow; undefined while it has none. Throws what Temporal's client throws. */
export async function findRun({ workflowId }: EpochRecord, client: Client): Promise<WorkflowRun | undefined> {
  try {
    const { runId, status } = await client.workflow.getHandle(workflowId).describe();
    return { runId, isOpen: status.name === 'RUNNING' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Throws `RefusedError` for a wish that cannot share the work of a live build. */
export function refuse(wish: AcceptedWish, start: EpochRecord, why: string): never {
  const { kind, pid, host, workflowId, address } = start;
  const target = targetAsTyped(wish.dataset.directory, wish.options.cwd);
  const where = kind === 'start' ? `workflow ${workflowId} at ${address}` : `process ${pid} on ${host}`;
  throw new RefusedError(
    `Cannot build "${wish.name}": build ${start.epoch} of it is running ${why} (${where}). Wait for it, stop it with \`${ownCommand('stop', target)}\`, or take over with --replace`,
  );
}
