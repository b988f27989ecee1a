// Whether the build that a start began is at work, and what becomes of a wish that meets one.
//
//   L1. A process of this machine is looked for; it lives or it does not.
//   L2. For all else the Temporal server that the start names is asked, whichever server this command uses. A workflow
//       that runs is not enough for a `run` of another machine: without the process nobody polls its task queue, so
//       its worker has to answer.
//   L3. A server that cannot be reached keeps its secret, and the wish is refused. One on this machine is dead then.

import { hostname } from 'node:os';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { RefusedError } from '../errors.ts';
import { QUERY } from '../protocol.ts';
import { HOST } from '../server/server-files.ts';
import type { EpochRecord } from '../store/dataset-store.ts';
import { type Connected, connect } from './connection.ts';
import { livenessOf } from './liveness.ts';

/** Without an answer for this long a worker makes no calls. */
const ANSWER_LIMIT_MS = 5_000;
const CONNECT_LIMIT_MS = 3_000;

/** Throws `RefusedError` when nobody can tell. */
export async function isLive(start: EpochRecord, connected: Connected): Promise<boolean> {
  const known = livenessOf(start);
  if (known !== undefined) return known;
  if (isServedBy(start, connected)) return isAtWork(start, connected.client);
  const { address, namespace } = start;
  const elsewhere = await connect(
    { connectionOptions: { address }, namespace },
    { connectTimeout: CONNECT_LIMIT_MS },
  ).catch(() => undefined);
  if (elsewhere === undefined) {
    if (isOfThisMachine(start)) return false;
    throw new RefusedError(
      `Cannot tell whether build ${start.epoch} is still at work: its Temporal server ${address} does not answer. Try again with --address ${address}, or take over with --replace`,
    );
  }
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

function isOfThisMachine({ host, address }: EpochRecord): boolean {
  return host === hostname() && address.startsWith(`${HOST}:`);
}

async function isAtWork({ kind, workflowId }: EpochRecord, client: Client): Promise<boolean> {
  const workflow = client.workflow.getHandle(workflowId);
  try {
    const { status } = await workflow.describe();
    if (status.name !== 'RUNNING') return false;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
  if (kind === 'start') return true;
  return client
    .withDeadline(Date.now() + ANSWER_LIMIT_MS, () => workflow.query(QUERY.control))
    .then(
      () => true,
      () => false,
    );
}

/** Throws `RefusedError` for a wish that cannot share the work of a live build. */
export function refuse(name: string, start: EpochRecord, why: string): never {
  const { kind, pid, host, workflowId, address } = start;
  const where = kind === 'run' ? `process ${pid} on ${host}` : `workflow ${workflowId} at ${address}`;
  throw new RefusedError(
    `Cannot build "${name}": build ${start.epoch} of it is running ${why} (${where}). Wait for it, stop it with \`rowloom stop ${name}\`, or take over with --replace`,
  );
}
