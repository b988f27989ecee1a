// The whole dataset: a child workflow for each row group that is open. The conductor decides which are; this file starts
// what it says, tells it how groups ended, and tells the groups what changed.
//
//   prepare   prepareDataset finds the groups that lack something, once: later runs of the parent get what the first learned
//   conduct   groups are open until none lacks anything, or the build stops
//   drain     the history is full: no group is started, those that are open end, and the parent continues as new, which
//             would close its children
//   finish    the dataset is written: whole, or what there is after a stop
//
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
import { DatasetConductor, type GroupStart } from '../graph/dataset-conductor.ts';
import {
  type DatasetResult,
  type GenerateDatasetInput,
  type RowGroupResult,
  rowGroupWorkflowId,
} from '../protocol.ts';
import { storeActivityOptions } from './activity-options.ts';
import { buildRowGroup } from './build-row-group.ts';
import {
  controlQuery,
  maxCellsSignal,
  passOnSignal,
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

export async function generateDataset(input: GenerateDatasetInput): Promise<DatasetResult> {
  const { build, taskQueue } = input;
  const conductor = new DatasetConductor(input.resume);
  const children = new Map<number, RowGroupHandle>();
  let wakeUps = 0;
  let bug: unknown;

  function phaseChanged(hasChanged: boolean): void {
    if (!hasChanged) return;
    wakeUps += 1;
    if (conductor.phase !== 'running')
      for (const child of children.values()) tell(child, phaseSignal, conductor.phase);
  }
  /** A group that is just being started is told once it is there. */
  function tellLimits(rowGroup: number): void {
    const maxCells = conductor.takeNews(rowGroup);
    if (maxCells !== undefined) tell(children.get(rowGroup)!, maxCellsSignal, maxCells);
  }
  const stop = (why: string) => phaseChanged(conductor.stop(why));

  setHandler(stopUpdate, (why) => inOrder(() => stop(why)));
  const steering = { validator: () => conductor.checkSteering() };
  setHandler(pauseUpdate, () => inOrder(() => phaseChanged(conductor.pause())), steering);
  setHandler(unpauseUpdate, () => inOrder(() => phaseChanged(conductor.unpause())), steering);
  setHandler(
    setLimitsUpdate,
    (changes) =>
      inOrder(() => {
        conductor.setLimits(changes);
        wakeUps += 1;
        for (const rowGroup of children.keys()) tellLimits(rowGroup);
      }),
    { validator: (changes) => conductor.checkLimits(changes) },
  );
  setHandler(passOnSignal, ({ rowGroup, columns }) => {
    conductor.passOn(rowGroup, columns);
    for (const open of children.keys()) tellLimits(open);
  });
  setHandler(controlQuery, () => {
    const { phase, limits } = conductor.progress();
    return { phase, limits };
  });
  setHandler(progressQuery, () => conductor.progress());

  const { prepareDataset, finishDataset } = proxyActivities<Activities>(storeActivityOptions(taskQueue));

  async function buildGroup({ rowGroup, rows, limits }: GroupStart): Promise<RowGroupResult> {
    const child = await startChild(buildRowGroup, {
      workflowId: rowGroupWorkflowId(build, rowGroup),
      args: [{ build, taskQueue, rowGroup, rows, limits }],
      taskQueue,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      staticSummary: `rows ${rows.first}–${rows.last}`,
    });
    children.set(rowGroup, child);
    // There may be more to open than could be started at once.
    wakeUps += 1;
    // What changed while it started.
    if (conductor.phase !== 'running') tell(child, phaseSignal, conductor.phase);
    tellLimits(rowGroup);
    try {
      return await child.result();
    } finally {
      children.delete(rowGroup);
    }
  }

  /** Never rejects: a child's failure stops the build, a bug fails this workflow task. */
  async function runGroup(start: GroupStart): Promise<void> {
    try {
      conductor.finished(await buildGroup(start));
    } catch (error) {
      if (error instanceof TemporalFailure) phaseChanged(conductor.failed(start.rowGroup, reasonOf(error)));
      else bug ??= error;
    }
    // Its turn at the columns in order went on to another group.
    for (const rowGroup of children.keys()) tellLimits(rowGroup);
    wakeUps += 1;
  }

  async function conduct(): Promise<DatasetResult> {
    if (input.resume === undefined) conductor.prepare(await prepareDataset({ build }));
    for (;;) {
      if (workflowInfo().historyLength > MAX_HISTORY_EVENTS || workflowInfo().continueAsNewSuggested) {
        conductor.drain();
      }
      const seen = wakeUps;
      for (const start of conductor.next()) void runGroup(start);
      if (conductor.isDone) break;
      if (conductor.isDrained) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof generateDataset>({ ...input, resume: conductor.state() });
      }
      const { rows, dropped } = conductor.progress().totals;
      setCurrentDetails(`rows ${rows}/${conductor.rows} complete, ${dropped} dropped`);
      await condition(() => wakeUps > seen);
      if (bug !== undefined) throw bug;
    }
    const { isComplete } = conductor;
    const { reason } = conductor.progress();
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

/** What a person reads of a child that failed: what its activity met, else what became of the child. */
function reasonOf(failure: TemporalFailure): string {
  if (!(failure instanceof ChildWorkflowFailure)) return failure.message;
  const { cause, execution } = failure;
  if (cause instanceof ActivityFailure) return cause.cause?.message ?? cause.message;
  return `${execution.workflowId}: ${cause?.message ?? failure.message}`;
}
