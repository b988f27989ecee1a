// One row group, from what exists to its Parquet file. The conductor decides; this file starts what it says and
// tells it what came back.
//
//   open      openRowGroup says which columns there are and adopts the cells that exist; the tracker starts from its masks
//   generate  slices run until nothing is left to start and nothing is in flight. A group whose turn at a column in order
//             has not come waits for it.
//   halt      the build pauses or stops, or the history is full: nothing is started; leftovers in backoff, waits for a
//             provider and activities of others are called off, slices in flight deliver what they have
//   commit    the group's files are written, once: whole, or its complete rows when the build stops
//
// A full history ends in continue-as-new, which opens again from the store: no state is carried but limits, drops, and
// the sums for people. Cancelling this workflow is a pause of this group: its parent opens it again unless the build stops.

import {
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  scheduleActivity,
  setHandler,
  sleep,
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
  type Elsewhere,
  type GenerateSliceResult,
  type OpenRowGroupResult,
  type Phase,
  type RowGroupResult,
  sliceTaskQueue,
} from '../protocol.ts';
import { elsewhereActivityOptions, sliceActivityOptions, storeActivityOptions } from './activity-options.ts';
import { maxCellsSignal, passOnSignal, phaseSignal, rowGroupProgressQuery } from './messages.ts';
import { treatCancelAs } from './treat-cancel-as.ts';

/** Leaves room below 2,000 events for the slices in flight, which are awaited before continue-as-new. */
const MAX_HISTORY_EVENTS = 1_600;

export async function buildRowGroup(input: BuildRowGroupInput): Promise<RowGroupResult> {
  const run = new RowGroupRun(input);
  return treatCancelAs(
    () => run.pause(),
    () => run.conduct(),
  );
}

/** What went wrong while slices run. The first failure counts; a bug counts more. */
type Trouble =
  | { readonly is: 'none' }
  /** An activity failed for good: the group ends with it once nothing is in flight. */
  | { readonly is: 'failure'; readonly error: TemporalFailure }
  /** Of ours: it fails this workflow task, which waits for the fixed worker. */
  | { readonly is: 'bug'; readonly error: unknown };

class RowGroupRun {
  readonly #input: BuildRowGroupInput;
  readonly #store: Activities;
  readonly #slices: Pick<ReturnType<typeof proxyActivities<Activities>>, 'generateSlice'>;
  /** What a halt does not wait for. */
  readonly #calledOff = new CancellationScope();
  /** Columns in order that the parent knows this group to have. */
  readonly #passedOn = new Set<string>();
  #phase: Phase = 'running';
  #limits: ConductorLimits;
  #columns: Readonly<Record<string, ColumnTotals>>;
  #conductor: GroupConductor | undefined;
  #trouble: Trouble = { is: 'none' };
  #running = 0;
  #wakeUps = 0;

  constructor(input: BuildRowGroupInput) {
    this.#input = input;
    this.#limits = input.limits;
    this.#columns = input.totals ?? {};
    this.#store = proxyActivities<Activities>(storeActivityOptions(input.taskQueue));
    this.#slices = proxyActivities<Activities>(sliceActivityOptions(sliceTaskQueue(input.taskQueue)));
    setHandler(phaseSignal, (phase) => this.#changePhase(phase));
    setHandler(maxCellsSignal, (maxCells) => {
      this.#limits = { ...this.#limits, maxCells };
      this.#conductor?.setMaxCells(maxCells);
      this.#wakeUps += 1;
    });
    setHandler(rowGroupProgressQuery, () => ({
      rowGroup: input.rowGroup,
      rows: input.rows,
      columns: this.#columns,
      cells: this.#conductor?.progress() ?? null,
    }));
  }

  pause(): void {
    if (this.#phase === 'running') this.#changePhase('paused');
  }

  async conduct(): Promise<RowGroupResult> {
    const { build, rowGroup, rows, continues } = this.#input;
    const opened = await this.#store.openRowGroup({ build, rowGroup, rows, ...(continues && { continues }) });
    const conductor = new GroupConductor({
      ...{ graph: ExecutionGraph.create(opened.graph), opened, limits: this.#limits },
    });
    this.#conductor = conductor;
    if (this.#phase !== 'running') this.#halt();
    const isFull = await this.#generate(conductor);
    if (this.#trouble.is === 'failure') throw this.#trouble.error;
    if (!conductor.isDone)
      throw new Error(`Nothing is left to start in row group ${rowGroup}, and cells are missing`);
    const { isComplete } = conductor;
    if (isFull && this.#phase === 'running' && !isComplete) await this.#continueAsNew(conductor, opened);

    const columns = this.#columns;
    // It is opened again when the build goes on, and a group is committed once: its cells are in their parts.
    if (this.#phase === 'paused' && !isComplete)
      return { rowGroup, isComplete, totals: { rows: 0, dropped: 0, columns } };
    const committed = await this.#store.commitRowGroup({
      ...{ build, rowGroup, rows, isComplete, dropped: conductor.dropped, parts: conductor.parts.all() },
    });
    return { rowGroup, isComplete, totals: { rows: committed.rows, dropped: committed.dropped, columns } };
  }

  /** Runs slices until nothing is in flight and nothing can be started. Returns whether the history is full. */
  async #generate(conductor: GroupConductor): Promise<boolean> {
    let isFull = false;
    for (;;) {
      const { historyLength, continueAsNewSuggested } = workflowInfo();
      isFull ||= historyLength > MAX_HISTORY_EVENTS || continueAsNewSuggested;
      if (isFull) this.#halt();
      const seen = this.#wakeUps;
      this.#passOn(conductor);
      // Other columns dropped the rows of what still waits.
      if (conductor.isComplete) this.#calledOff.cancel();
      for (const task of conductor.next()) {
        this.#running += 1;
        void this.#runSlice(task, conductor).finally(() => {
          this.#running -= 1;
          this.#wakeUps += 1;
        });
      }
      if (this.#running === 0 && !conductor.isWaitingForTurn) return isFull;
      await condition(() => this.#wakeUps > seen);
      if (this.#trouble.is === 'bug') throw this.#trouble.error;
    }
  }

  /** Never rejects: what goes wrong is this run's trouble. */
  async #runSlice(task: SliceTask, conductor: GroupConductor): Promise<void> {
    try {
      const result = await this.#generateSlice(task, conductor);
      this.#count(task, result.usage);
      conductor.finished(task, result);
      if (result.afterMs !== null) await this.#hold(task, { conductor, ms: result.afterMs });
    } catch (error) {
      if (isCalledOff(error)) conductor.cancelled(task);
      else if (error instanceof TemporalFailure) {
        if (this.#trouble.is === 'none') this.#trouble = { is: 'failure', error };
        this.#halt();
      } else this.#trouble = { is: 'bug', error };
    }
  }

  async #generateSlice(task: SliceTask, conductor: GroupConductor): Promise<GenerateSliceResult> {
    const { build, rowGroup } = this.#input;
    const { column, rows, isLeftover } = task;
    const summary = `${column} rows ${rows.first}–${rows.last}${isLeftover ? ' (leftover)' : ''}`;
    const run = (returned?: readonly string[]) =>
      this.#slices.generateSlice.executeWithOptions({ summary }, [
        { build, rowGroup, task, ...(returned && { returned }) },
      ]);
    const result = isLeftover ? await this.#calledOff.run(() => run()) : await run();
    if (result.elsewhere === null) return result;
    // What it made so far is copied by the second call: only its calls count, and its part is there to be settled.
    this.#count(task, { ...result.usage, made: 0, failed: 0 });
    if (result.part !== null) conductor.wrote(task, result.part);
    return run(await this.#runElsewhere(result.elsewhere, summary));
  }

  /** It can take a day, so a halt calls it off: what it has made is in its files, and the next start finds it there. */
  #runElsewhere({ queue, activity, rows, cells }: Elsewhere, summary: string): Promise<readonly string[]> {
    const options = { ...elsewhereActivityOptions(queue), summary };
    return this.#calledOff.run(() =>
      scheduleActivity<readonly string[]>(activity, [{ rows, cells }], options),
    );
  }

  /** What is left of a task comes again once the time is over; a halt ends the wait, and the store has its cells. */
  async #hold(task: SliceTask, { conductor, ms }: { conductor: GroupConductor; ms: number }): Promise<void> {
    try {
      await this.#calledOff.run(() => sleep(ms));
      conductor.release(task);
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  #count({ column }: SliceTask, usage: ColumnTotals): void {
    this.#columns = addColumnTotals(this.#columns, { [column]: usage });
  }

  /** Tells the parent which columns in order this group has: the next group may make them. */
  #passOn(conductor: GroupConductor): void {
    const columns = conductor.inOrderDone.filter((name) => !this.#passedOn.has(name));
    const { parent } = workflowInfo();
    if (columns.length === 0 || parent === undefined) return;
    for (const name of columns) this.#passedOn.add(name);
    // A parent that is gone needs no word.
    getExternalWorkflowHandle(parent.workflowId)
      .signal(passOnSignal, { rowGroup: this.#input.rowGroup, columns })
      .catch(() => undefined);
  }

  #changePhase(phase: Phase): void {
    this.#phase = phase;
    this.#wakeUps += 1;
    if (phase !== 'running') this.#halt();
  }

  #halt(): void {
    this.#conductor?.stop();
    this.#calledOff.cancel();
  }

  #continueAsNew(conductor: GroupConductor, { bases }: OpenRowGroupResult): Promise<never> {
    const { dropped, lost } = conductor;
    return continueAsNew<typeof buildRowGroup>({
      ...this.#input,
      limits: this.#limits,
      totals: this.#columns,
      continues: { bases, dropped, lost },
    });
  }
}

/** A try that was running when its leftover was called off may have failed since: nobody tries again, and nothing is lost. */
function isCalledOff(error: unknown): boolean {
  return (
    isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED')
  );
}
