// One row group, from what exists to its Parquet file. The conductor decides; this file starts what it says and
// tells it what came back.
//
//   open      openRowGroup adopts the cells that exist; the tracker starts from its masks
//   generate  slices run until nothing is left to start and nothing is in flight
//   commit    the group's file is written: whole, or its complete rows when the build stops
//
// A long history ends in continue-as-new, which opens again from the store: no state is carried.

import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { Conductor } from '../graph/conductor.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import type { SliceTask } from '../graph/types.ts';
import {
  type BuildRowGroupInput,
  type ColumnTotals,
  type Phase,
  type RowGroupResult,
  sliceTaskQueue,
} from '../protocol.ts';
import { addColumnTotals } from '../totals.ts';
import { sliceActivityOptions, storeActivityOptions } from './activity-options.ts';
import { phaseSignal, rowGroupProgressQuery } from './messages.ts';

/** Leaves room below 2,000 events for the slices in flight, which are awaited before continue-as-new. */
const MAX_HISTORY_EVENTS = 1_600;

export async function buildRowGroup(input: BuildRowGroupInput): Promise<RowGroupResult> {
  const { build, rowGroup, rows } = input;
  let phase: Phase = input.phase;
  let conductor: Conductor | undefined;
  let columns: Readonly<Record<string, ColumnTotals>> = input.totals ?? {};
  let wakeUps = 0;
  let bug: unknown;
  const leftovers = new CancellationScope({ cancellable: true });

  function halt(): void {
    conductor?.stop();
    leftovers.cancel();
  }

  setHandler(phaseSignal, (next) => {
    phase = next;
    wakeUps += 1;
    if (phase !== 'running') halt();
  });
  setHandler(rowGroupProgressQuery, () => ({
    rowGroup,
    rows,
    columns,
    cells: conductor?.progress() ?? null,
  }));

  const { openRowGroup, commitRowGroup } = proxyActivities<Activities>(storeActivityOptions(input.taskQueue));
  const slices = proxyActivities<Activities>(sliceActivityOptions(sliceTaskQueue(input.taskQueue)));

  const opened = await openRowGroup({ build, rowGroup, rows });
  conductor = new Conductor({ graph: ExecutionGraph.create(input.graph), opened, limits: input.limits });
  if (phase !== 'running') halt();

  async function runSlice(task: SliceTask): Promise<void> {
    const call = () =>
      slices.generateSlice.executeWithOptions(
        {
          summary: `${task.column} rows ${task.rows.first}–${task.rows.last}${task.isLeftover ? ' (leftover)' : ''}`,
        },
        [{ build, rowGroup, task }],
      );
    try {
      const result = task.isLeftover ? await leftovers.run(call) : await call();
      columns = addColumnTotals(columns, { [task.column]: result.usage });
      conductor?.finished(task, result);
    } catch (error) {
      if (!isCancellation(error)) throw error;
      conductor?.cancelled(task);
    }
  }

  let running = 0;
  for (;;) {
    const isFull = workflowInfo().historyLength > MAX_HISTORY_EVENTS || workflowInfo().continueAsNewSuggested;
    if (isFull) halt();
    const seen = wakeUps;
    for (const task of conductor.next()) {
      running += 1;
      void runSlice(task)
        .catch((error) => {
          bug ??= error;
          halt();
        })
        .finally(() => {
          running -= 1;
          wakeUps += 1;
        });
    }
    if (running === 0) {
      if (isFull && phase === 'running' && !conductor.isComplete && bug === undefined) {
        await continueAsNew<typeof buildRowGroup>({ ...input, phase, totals: columns });
      }
      break;
    }
    await condition(() => wakeUps > seen);
  }
  if (bug !== undefined) throw bug;

  const committed = await commitRowGroup({
    build,
    rowGroup,
    rows,
    isComplete: conductor.isComplete,
    dropped: conductor.dropped,
    parts: conductor.parts(),
  });
  return {
    rowGroup,
    isComplete: conductor.isComplete,
    totals: { rows: committed.rows, dropped: committed.dropped, columns },
  };
}
