// What a build looks like at one moment, for people and programs.

import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { addColumnTotals } from '../../graph/totals.ts';
import type { WaitedFor } from '../../models/limiters.ts';
import {
  type BuildProgress,
  type BuildRef,
  type ColumnTotals,
  datasetWorkflowId,
  type Phase,
  QUERY,
  type RowGroupProgress,
  rowGroupWorkflowId,
} from '../../protocol.ts';

export interface BuildSnapshot {
  readonly phase: Phase;
  readonly reason: string | null;
  /** Rows whose cells are all there, committed or not. */
  readonly rows: number;
  readonly dropped: number;
  /** Of this start. */
  readonly columns: { readonly [column: string]: ColumnTotals };
  readonly cellsInFlight: number;
  /** The models that do not answer its workers, wherever those are. */
  readonly waitedFor: readonly WaitedFor[];
}

/** Children asked for their progress at most, so that a wide window does not flood the server. */
const MAX_CHILDREN_ASKED = 16;

/**
 * The parent's totals and those of its open children; who is waited for only where workers are to be asked. Throws what
 * Temporal's client throws.
 */
export async function readSnapshot(
  client: Client,
  build: BuildRef,
  { asksWorkers }: { readonly asksWorkers: boolean },
): Promise<BuildSnapshot> {
  const parent = await client.workflow
    .getHandle(datasetWorkflowId(build))
    .query<BuildProgress>(QUERY.progress);
  const asked = parent.openGroups.slice(0, MAX_CHILDREN_ASKED);
  const children = await Promise.all(
    asked.map((rowGroup) =>
      client.workflow
        .getHandle(rowGroupWorkflowId(build, rowGroup))
        .query<RowGroupProgress>(QUERY.progress)
        // A child that has just ended is in the parent's totals at the next look.
        .catch(() => undefined),
    ),
  );
  return children.reduce<BuildSnapshot>((sum, child) => (child === undefined ? sum : addChild(sum, child)), {
    phase: parent.phase,
    reason: parent.reason,
    rows: parent.totals.rows,
    dropped: parent.totals.dropped,
    columns: parent.totals.columns,
    cellsInFlight: 0,
    waitedFor:
      asked[0] === undefined || !asksWorkers
        ? []
        : await readWaitedFor(client, rowGroupWorkflowId(build, asked[0])),
  });
}

/** What the heartbeats of a row group's slices say: they are made by workers that may be anywhere. */
async function readWaitedFor(client: Client, workflowId: string): Promise<readonly WaitedFor[]> {
  // It may just have ended.
  const described = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => undefined);
  return (described?.raw.pendingActivities ?? []).flatMap(({ heartbeatDetails, lastHeartbeatTime }) => {
    const ageMs = Math.max(0, Date.now() - Number(lastHeartbeatTime?.seconds ?? 0) * 1_000);
    const beats = (heartbeatDetails?.payloads ?? []).flatMap((payload) =>
      defaultPayloadConverter.fromPayload<readonly WaitedFor[]>(payload),
    );
    return beats.map((waited) => ({
      ...waited,
      silentMs: waited.silentMs + ageMs,
      nextInMs: Math.max(0, waited.nextInMs - ageMs),
      givesUpInMs: waited.givesUpInMs - ageMs,
    }));
  });
}

function addChild(sum: BuildSnapshot, { cells, columns }: RowGroupProgress): BuildSnapshot {
  const inFlight = Object.values(cells?.columns ?? {}).reduce((total, column) => total + column.inFlight, 0);
  return {
    ...sum,
    rows: sum.rows + (cells?.completeRows ?? 0),
    dropped: sum.dropped + (cells?.droppedRows ?? 0),
    columns: addColumnTotals(sum.columns, columns),
    cellsInFlight: sum.cellsInFlight + inFlight,
  };
}
