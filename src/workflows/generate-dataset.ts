// The whole dataset: keeps a window of row groups open, one child workflow each.
//
//   running   groups are opened in order while the window has room
//   paused    children end with what they have; their groups wait again and are opened anew on unpause
//   stopping  children end with what they have; the build ends, incomplete unless nothing was missing any more
//
// A parent's continue-as-new closes its children, so the window is drained first. A child that fails has met
// something no retry helps (a full disk, a newer build, somebody terminated it): the build stops and says so.
// Cancelling this workflow in Temporal is a stop: what was paid for is written, and the workflow completes.

import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowFailure,
  type ChildWorkflowHandle,
  condition,
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  type SignalDefinition,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { planSizes, rowsOfGroup, type Sizes } from '../graph/row-groups.ts';
import type { RowRange } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import {
  type DatasetResult,
  type GenerateDatasetInput,
  type LimitChanges,
  type Phase,
  type PreparedDataset,
  type RowGroupResult,
  rowGroupWorkflowId,
} from '../protocol.ts';
import { addTotals, NO_TOTALS } from '../totals.ts';
import { storeActivityOptions } from './activity-options.ts';
import { buildRowGroup } from './build-row-group.ts';
import {
  controlQuery,
  maxCellsSignal,
  pauseUpdate,
  phaseSignal,
  progressQuery,
  setLimitsUpdate,
  stopUpdate,
  unpauseUpdate,
} from './messages.ts';
import { treatCancelAs } from './treat-cancel-as.ts';

type RowGroupHandle = ChildWorkflowHandle<typeof buildRowGroup>;

/** A child costs up to 9 events; the drained window still fits below 2,000. */
const MAX_HISTORY_EVENTS = 1_600;
/** The server's event buffer during one workflow task. */
const MAX_CHILDREN_PER_TASK = 48;

export async function generateDataset(input: GenerateDatasetInput): Promise<DatasetResult> {
  const { build, taskQueue, resume } = input;
  let phase: Phase = resume?.phase ?? 'running';
  let reason: string | null = resume?.reason ?? null;
  let limits: LimitChanges = resume?.limits ?? { maxParallelRequests: {} };
  let totals = resume?.totals ?? NO_TOTALS;
  let doneGroups = resume?.doneGroups ?? 0;
  let waiting: readonly RowRange[] = resume?.waiting ?? [];
  let prepared: PreparedDataset | undefined;
  let wakeUps = 0;
  let bug: unknown;
  const open = new Map<number, RowGroupHandle>();

  function changePhase(next: Phase): void {
    if (phase === 'stopping' || phase === next) return;
    phase = next;
    wakeUps += 1;
    if (next !== 'running') for (const child of open.values()) tell(child, phaseSignal, phase);
  }
  function changeLimits({ maxParallelRequests }: LimitChanges, dataset: PreparedDataset): void {
    limits = { maxParallelRequests: { ...limits.maxParallelRequests, ...maxParallelRequests } };
    wakeUps += 1;
    const { maxCells } = sizesOf(dataset, limits).limits;
    for (const child of open.values()) tell(child, maxCellsSignal, maxCells);
  }
  function stop(why: string): void {
    reason ??= why;
    changePhase('stopping');
  }

  setHandler(stopUpdate, (why) => inOrder(() => stop(why)));
  setHandler(pauseUpdate, () => inOrder(() => changePhase('paused')));
  setHandler(unpauseUpdate, () => inOrder(() => changePhase('running')));
  setHandler(
    setLimitsUpdate,
    (changes) => inOrder(() => prepared !== undefined && changeLimits(changes, prepared)),
    { validator: (changes) => checkLimits(changes, prepared) },
  );
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

  const { prepareDataset, finishDataset } = proxyActivities<Activities>(storeActivityOptions(taskQueue));

  function takeGroup(next: RowRange): number {
    const rest = waiting.slice(1);
    waiting = next.first === next.last ? rest : [{ first: next.first + 1, last: next.last }, ...rest];
    return next.first;
  }
  function putBack(rowGroup: number): void {
    // In order, so that early rows are made first whichever group ended first.
    waiting = [...waiting, { first: rowGroup, last: rowGroup }].sort((one, other) => one.first - other.first);
  }

  async function buildGroup(rowGroup: number, dataset: PreparedDataset): Promise<RowGroupResult> {
    const rows = rowsOfGroup(rowGroup, dataset.sizing);
    const { graph } = dataset;
    const given = limits;
    const child = await startChild(buildRowGroup, {
      workflowId: rowGroupWorkflowId(build, rowGroup),
      args: [{ build, taskQueue, rowGroup, rows, graph, limits: sizesOf(dataset, given).limits }],
      taskQueue,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      staticSummary: `rows ${rows.first}–${rows.last}`,
    });
    open.set(rowGroup, child);
    wakeUps += 1;
    // What changed while it started.
    if (phase !== 'running') tell(child, phaseSignal, phase);
    if (limits !== given) tell(child, maxCellsSignal, sizesOf(dataset, limits).limits.maxCells);
    return child.result();
  }

  /** Never rejects: a child's failure stops the build, a bug fails this workflow task. */
  async function runGroup(rowGroup: number, dataset: PreparedDataset): Promise<void> {
    try {
      const { isComplete, totals: more } = await buildGroup(rowGroup, dataset);
      // Rows of a group that is opened again are counted at its end.
      totals = addTotals(totals, isComplete ? more : { ...NO_TOTALS, columns: more.columns });
      if (isComplete) doneGroups += 1;
      else putBack(rowGroup);
      setCurrentDetails(`rows ${totals.rows}/${dataset.sizing.rows} complete, ${totals.dropped} dropped`);
    } catch (error) {
      if (!(error instanceof TemporalFailure)) {
        bug ??= error;
        return;
      }
      putBack(rowGroup);
      stop(reasonOf(error));
    } finally {
      open.delete(rowGroup);
    }
  }

  async function conduct(): Promise<DatasetResult> {
    const dataset = await prepareDataset({ build });
    prepared = dataset;
    if (resume === undefined) {
      waiting = dataset.groups;
      totals = { ...totals, rows: dataset.trustedRows, dropped: dataset.trustedDrops };
    }
    let running = 0;
    for (;;) {
      const isFull =
        workflowInfo().historyLength > MAX_HISTORY_EVENTS || workflowInfo().continueAsNewSuggested;
      const seen = wakeUps;
      const room = isFull || phase !== 'running' ? 0 : sizesOf(dataset, limits).window - running;
      for (let started = 0; started < Math.min(room, MAX_CHILDREN_PER_TASK); started += 1) {
        const [next] = waiting;
        if (next === undefined) break;
        running += 1;
        void runGroup(takeGroup(next), dataset).finally(() => {
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
            resume: { phase, reason, doneGroups, waiting, totals, limits },
          });
        }
      }
      await condition(() => wakeUps > seen);
      if (bug !== undefined) throw bug;
    }
    const isComplete = waiting.length === 0;
    const result = await finishDataset({ build, isComplete, reason: isComplete ? null : reason });
    await condition(allHandlersFinished);
    return result;
  }

  return treatCancelAs(() => stop('cancelled in Temporal'), conduct);
}

/**
 * Acts on an update once a timer has fired, whose place in the history is the same for whoever handles the update first and
 * for a replay. That of an update is not; docs/decisions/0008.
 */
async function inOrder(act: () => void): Promise<void> {
  await CancellationScope.nonCancellable(() => sleep(1));
  act();
}

/** A child that has just ended takes no signal, and needs none. */
function tell<Told>(child: RowGroupHandle, signal: SignalDefinition<[Told]>, told: Told): void {
  child.signal(signal, told).catch(() => undefined);
}

function sizesOf({ sizing, models }: PreparedDataset, { maxParallelRequests }: LimitChanges): Sizes {
  const caps: Record<string, number> = {};
  for (const [alias, model] of Object.entries(models)) {
    const cap = findOwn(maxParallelRequests, alias) ?? model.maxParallelRequests;
    setOwn(caps, model.key, Math.min(findOwn(caps, model.key) ?? cap, cap));
  }
  return planSizes({ ...sizing, caps });
}

/** Throws for what would be refused: the update leaves no trace then. */
function checkLimits({ maxParallelRequests }: LimitChanges, prepared: PreparedDataset | undefined): void {
  if (prepared === undefined) throw new Error('Cannot change limits now: the build is being prepared');
  for (const [alias, max] of Object.entries(maxParallelRequests)) {
    if (!Object.hasOwn(prepared.models, alias)) {
      const known = Object.keys(prepared.models)
        .map((name) => `"${name}"`)
        .join(', ');
      throw new Error(`Cannot change the limit of the model "${alias}": the build uses ${known || 'none'}`);
    }
    if (!Number.isInteger(max) || max < 1) {
      throw new Error(
        `Cannot change the limit of the model "${alias}" to ${max}: it is a whole number from 1`,
      );
    }
  }
}

/** What a person reads of a child that failed: what its activity met, else what became of the child. */
function reasonOf(failure: TemporalFailure): string {
  if (!(failure instanceof ChildWorkflowFailure)) return failure.message;
  const { cause, execution } = failure;
  if (cause instanceof ActivityFailure) return cause.cause?.message ?? cause.message;
  return `${execution.workflowId}: ${cause?.message ?? failure.message}`;
}
