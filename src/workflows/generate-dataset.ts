// The whole dataset: keeps a window of row groups open, one child workflow each.
//
//   running   groups are opened in order while the window has room
//   paused    children end with what they have; their groups wait again and are opened anew on unpause
//   stopping  children end with what they have; the build ends incomplete
//
// A parent's continue-as-new closes its children, so the window is drained first. A child that fails has met
// something no retry helps (a full disk, a newer build): the build stops and says so.

import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  ChildWorkflowFailure,
  type ChildWorkflowHandle,
  condition,
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { RowRange } from '../graph/types.ts';
import {
  type DatasetResult,
  type GenerateDatasetInput,
  type LimitChanges,
  type Phase,
  type RowGroupResult,
  rowGroupWorkflowId,
} from '../protocol.ts';
import { addTotals, NO_TOTALS } from '../totals.ts';
import { storeActivityOptions } from './activity-options.ts';
import { buildRowGroup } from './build-row-group.ts';
import {
  controlQuery,
  pauseUpdate,
  phaseSignal,
  progressQuery,
  setLimitsUpdate,
  stopUpdate,
  unpauseUpdate,
} from './messages.ts';

/** A child costs up to 9 events; the drained window still fits below 2,000. */
const MAX_HISTORY_EVENTS = 1_600;
/** The server's event buffer during one workflow task. */
const MAX_CHILDREN_PER_TASK = 48;

export async function generateDataset(input: GenerateDatasetInput): Promise<DatasetResult> {
  const { build, resume } = input;
  let phase: Phase = resume?.phase ?? 'running';
  let reason: string | null = resume?.reason ?? null;
  let limits: LimitChanges = resume?.limits ?? { maxParallelRequests: {} };
  let totals = resume?.totals ?? NO_TOTALS;
  let doneGroups = resume?.doneGroups ?? 0;
  let waiting: readonly RowRange[] = resume?.waiting ?? [];
  let wakeUps = 0;
  const open = new Map<number, ChildWorkflowHandle<typeof buildRowGroup>>();

  function changePhase(next: Phase): void {
    if (phase === 'stopping' || phase === next) return;
    phase = next;
    wakeUps += 1;
    if (next === 'running') return;
    // A child that has just ended takes no signal, and needs none.
    for (const child of open.values()) void child.signal(phaseSignal, next).catch(() => undefined);
  }
  function stop(why: string): void {
    reason ??= why;
    changePhase('stopping');
  }

  setHandler(stopUpdate, (why) => stop(why));
  setHandler(pauseUpdate, () => changePhase('paused'));
  setHandler(unpauseUpdate, () => changePhase('running'));
  setHandler(setLimitsUpdate, (changes) => {
    limits = { maxParallelRequests: { ...limits.maxParallelRequests, ...changes.maxParallelRequests } };
  });
  setHandler(controlQuery, () => ({ phase, limits }));
  setHandler(progressQuery, () => ({
    phase,
    reason,
    doneGroups,
    openGroups: [...open.keys()],
    waiting,
    totals,
    limits,
  }));

  const { prepareDataset, finishDataset } = proxyActivities<Activities>(
    storeActivityOptions(input.taskQueue),
  );
  const prepared = await prepareDataset({ build });
  if (resume === undefined) {
    waiting = prepared.groups;
    totals = { ...totals, rows: prepared.trustedRows, dropped: prepared.trustedDrops };
  }

  function rowsOf(rowGroup: number): RowRange {
    const first = rowGroup * prepared.rowGroupSize;
    return { first, last: Math.min(first + prepared.rowGroupSize, prepared.rows) - 1 };
  }

  function finished(result: RowGroupResult): void {
    totals = addTotals(totals, result.totals);
    if (result.isComplete) doneGroups += 1;
    else waiting = [{ first: result.rowGroup, last: result.rowGroup }, ...waiting];
    setCurrentDetails(`${totals.rows} of ${prepared.rows} rows complete, ${totals.dropped} dropped`);
  }

  async function openGroup(rowGroup: number): Promise<void> {
    const rows = rowsOf(rowGroup);
    const child = await startChild(buildRowGroup, {
      workflowId: rowGroupWorkflowId(build, rowGroup),
      args: [
        {
          build,
          taskQueue: input.taskQueue,
          rowGroup,
          rows,
          graph: prepared.graph,
          limits: prepared.limits,
          phase: 'running',
        },
      ],
      taskQueue: input.taskQueue,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      staticSummary: `rows ${rows.first}–${rows.last}`,
    });
    open.set(rowGroup, child);
    if (phase !== 'running') await child.signal(phaseSignal, phase).catch(() => undefined);
    finished(await child.result());
  }

  let running = 0;
  for (;;) {
    const isFull = workflowInfo().historyLength > MAX_HISTORY_EVENTS || workflowInfo().continueAsNewSuggested;
    const seen = wakeUps;
    let starting = 0;
    while (phase === 'running' && !isFull && running < prepared.window && starting < MAX_CHILDREN_PER_TASK) {
      const next = waiting[0];
      if (next === undefined) break;
      waiting =
        next.first === next.last
          ? waiting.slice(1)
          : [{ first: next.first + 1, last: next.last }, ...waiting.slice(1)];
      running += 1;
      starting += 1;
      const rowGroup = next.first;
      void openGroup(rowGroup)
        .catch((error) => stop(reasonOf(error)))
        .finally(() => {
          open.delete(rowGroup);
          running -= 1;
          wakeUps += 1;
        });
    }
    if (running === 0) {
      if (phase === 'stopping' || waiting.length === 0) break;
      if (isFull && phase === 'running') {
        await condition(allHandlersFinished);
        await continueAsNew<typeof generateDataset>({
          ...input,
          resume: { phase, reason, doneGroups, openGroups: [], waiting, totals, limits },
        });
      }
    }
    await condition(() => wakeUps > seen);
  }

  const isComplete = waiting.length === 0 && phase !== 'stopping';
  const result = await finishDataset({ build, isComplete, reason });
  await condition(allHandlersFinished);
  return result;
}

/** What a person reads of a child that failed. A failure that is no domain end is thrown on: a bug, or a terminated child. */
function reasonOf(error: unknown): string {
  const activity = error instanceof ChildWorkflowFailure ? error.cause : error;
  const cause = activity instanceof ActivityFailure ? activity.cause : activity;
  if (cause instanceof ApplicationFailure) return cause.message;
  return error instanceof Error ? error.message : String(error);
}
