// One row group, from what exists to its Parquet file. The conductor decides; this file starts what it says and
// tells it what came back.
//
//   open      openRowGroup says which columns there are and adopts the cells that exist; the tracker starts from its masks
//   generate  slices run until nothing is left to start and nothing is in flight
//   halt      the build pauses or stops, or the history is full: nothing is started, leftovers in backoff are called
//             off, slices in flight deliver what they have
//   commit    the group's files are written, once: whole, or its complete rows when the build stops
//
// A full history ends in continue-as-new, which opens again from the store: no state is carried but limits and
// the sums for people. Cancelling this workflow is a pause of this group: its parent opens it again unless the build stops.

import {
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import { GroupConductor } from '../graph/group-conductor.ts';
import { addColumnTotals } from '../graph/totals.ts';
import type { ConductorLimits, SliceTask } from '../graph/types.ts';
import {
  type BuildRowGroupInput,
  type ColumnTotals,
  type Phase,
  type RowGroupResult,
  sliceTaskQueue,
} from '../protocol.ts';
import { sliceActivityOptions, storeActivityOptions } from './activity-options.ts';
import { maxCellsSignal, phaseSignal, rowGroupProgressQuery } from './messages.ts';
import { treatCancelAs } from './treat-cancel-as.ts';

/** Leaves room below 2,000 events for the slices in flight, which are awaited before continue-as-new. */
const MAX_HISTORY_EVENTS = 1_600;

export async function buildRowGroup(input: BuildRowGroupInput): Promise<RowGroupResult> {
  const { build, rowGroup, rows } = input;
  let phase: Phase = 'running';
  let limits: ConductorLimits = input.limits;
  let conductor: GroupConductor | undefined;
  let columns: Readonly<Record<string, ColumnTotals>> = input.totals ?? {};
  let wakeUps = 0;
  let failure: TemporalFailure | undefined;
  let bug: unknown;
  const leftovers = new CancellationScope();

  function halt(): void {
    conductor?.stop();
    leftovers.cancel();
  }
  function changePhase(next: Phase): void {
    phase = next;
    wakeUps += 1;
    if (phase !== 'running') halt();
  }

  setHandler(phaseSignal, changePhase);
  setHandler(maxCellsSignal, (maxCells) => {
    limits = { ...limits, maxCells };
    conductor?.setMaxCells(maxCells);
    wakeUps += 1;
  });
  setHandler(rowGroupProgressQuery, () => ({
    rowGroup,
    rows,
    columns,
    cells: conductor?.progress() ?? null,
  }));

  const { openRowGroup, commitRowGroup } = proxyActivities<Activities>(storeActivityOptions(input.taskQueue));
  const slices = proxyActivities<Activities>(sliceActivityOptions(sliceTaskQueue(input.taskQueue)));

  /** Never rejects: a failed activity ends the group once nothing is in flight, a bug fails this workflow task. */
  async function runSlice(task: SliceTask, conducting: GroupConductor): Promise<void> {
    const { column, isLeftover } = task;
    const summary = `${column} rows ${task.rows.first}–${task.rows.last}${isLeftover ? ' (leftover)' : ''}`;
    const run = () => slices.generateSlice.executeWithOptions({ summary }, [{ build, rowGroup, task }]);
    try {
      const result = isLeftover ? await leftovers.run(run) : await run();
      columns = addColumnTotals(columns, { [column]: result.usage });
      conducting.finished(task, result);
    } catch (error) {
      if (isCalledOff(error)) conducting.cancelled(task);
      else if (error instanceof TemporalFailure) {
        failure ??= error;
        halt();
      } else bug ??= error;
    }
  }

  async function conduct(): Promise<RowGroupResult> {
    const { continues } = input;
    const opened = await openRowGroup({ build, rowGroup, rows, ...(continues && { continues }) });
    const conducting = new GroupConductor({ graph: ExecutionGraph.create(opened.graph), opened, limits });
    conductor = conducting;
    if (phase !== 'running') halt();

    let running = 0;
    let isFull = false;
    for (;;) {
      isFull ||= workflowInfo().historyLength > MAX_HISTORY_EVENTS || workflowInfo().continueAsNewSuggested;
      if (isFull) halt();
      const seen = wakeUps;
      for (const task of conducting.next()) {
        running += 1;
        void runSlice(task, conducting).finally(() => {
          running -= 1;
          wakeUps += 1;
        });
      }
      if (running === 0) break;
      await condition(() => wakeUps > seen);
      if (bug !== undefined) throw bug;
    }
    if (failure !== undefined) throw failure;
    if (!conducting.isDone)
      throw new Error(`Nothing is left to start in row group ${rowGroup}, and cells are missing`);
    if (isFull && phase === 'running' && !conducting.isComplete) {
      await continueAsNew<typeof buildRowGroup>({
        ...input,
        limits,
        totals: columns,
        continues: { bases: opened.bases, dropped: conducting.dropped },
      });
    }

    const { isComplete, dropped } = conducting;
    // It is opened again when the build goes on, and a group is committed once: its cells are in their parts.
    if (phase === 'paused' && !isComplete)
      return { rowGroup, isComplete, totals: { rows: 0, dropped: 0, columns } };
    const parts = conducting.parts();
    const committed = await commitRowGroup({ build, rowGroup, rows, isComplete, dropped, parts });
    return { rowGroup, isComplete, totals: { rows: committed.rows, dropped: committed.dropped, columns } };
  }

  return treatCancelAs(() => {
    if (phase === 'running') changePhase('paused');
  }, conduct);
}

/** A try that was running when its leftover was called off may have failed since: nobody tries again, and nothing is lost. */
function isCalledOff(error: unknown): boolean {
  return (
    isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED')
  );
}
