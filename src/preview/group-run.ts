// One row group in this process: what `workflows/build-row-group.ts` is under Temporal. The same conductor decides, and
// what it says is done by the same activities, at once.

import { type Attempt, LeftoverError } from '../activities/attempt.ts';
import type { Build } from '../activities/build.ts';
import { generateSliceActivity } from '../activities/generate-slice.ts';
import { openRowGroupActivity } from '../activities/open-row-group.ts';
import type { GroupStart } from '../graph/dataset-conductor.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import { GroupConductor } from '../graph/group-conductor.ts';
import { RowMask } from '../graph/row-mask.ts';
import { addColumnTotals } from '../graph/totals.ts';
import type { RowRange, SliceTask } from '../graph/types.ts';
import { sleep } from '../models/sleep.ts';
import { type GenerateSliceResult, SLICE_RETRY, type Totals } from '../protocol.ts';
import { Bell } from './bell.ts';

export interface GroupEvents {
  /** A slice has ended. */
  readonly onChange: () => void;
  /** The group has all its rows of these columns in order. */
  readonly onPassOn: (columns: readonly string[]) => void;
}

export class GroupRun {
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly conductor: GroupConductor;
  readonly #build: Build;
  readonly #events: GroupEvents;
  readonly #bell = new Bell();
  /** What is not waited for once nobody needs it. */
  readonly #calledOff = new AbortController();
  #columns: Totals['columns'] = {};
  #running = 0;
  #isOver = false;
  #bug: { readonly error: unknown } | undefined;

  static async open(build: Build, start: GroupStart, events: GroupEvents): Promise<GroupRun> {
    const { rowGroup, rows, limits } = start;
    const opened = await openRowGroupActivity(build, { build: build.ref, rowGroup, rows }, attemptOf(1));
    const graph = ExecutionGraph.create(opened.graph);
    return new GroupRun(build, { start, conductor: new GroupConductor({ graph, opened, limits }), events });
  }

  private constructor(
    build: Build,
    of: {
      readonly start: GroupStart;
      readonly conductor: GroupConductor;
      readonly events: GroupEvents;
    },
  ) {
    this.rowGroup = of.start.rowGroup;
    this.rows = of.start.rows;
    this.conductor = of.conductor;
    this.#build = build;
    this.#events = of.events;
  }

  /** The calls and cells so far. */
  get columns(): Totals['columns'] {
    return this.#columns;
  }

  /** Whether nothing more is made. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether nothing more is made for a row: it is whole, or dropped. */
  hasEnded(row: number): boolean {
    const { completeRows, dropped } = this.conductor;
    return [completeRows, dropped].some((mask) => RowMask.fromHex(this.rows, mask).has(row));
  }

  setMaxCells(maxCells: GroupStart['limits']['maxCells']): void {
    this.conductor.setMaxCells(maxCells);
    this.#bell.ring();
  }

  /** Starts nothing more; what is in flight ends. */
  halt(): void {
    this.conductor.stop();
    this.#calledOff.abort();
    this.#bell.ring();
  }

  /** Runs slices until nothing is in flight and nothing can be started. Throws what a slice throws. */
  async generate(): Promise<void> {
    const { conductor } = this;
    try {
      for (;;) {
        this.#events.onPassOn(conductor.inOrderDone);
        // Other columns dropped the rows of what still waits.
        if (conductor.isComplete) this.#calledOff.abort();
        for (const task of conductor.next()) void this.#runSlice(task);
        if (this.#running === 0 && !conductor.isWaitingForTurn) return;
        await this.#bell.rung();
        if (this.#bug !== undefined) throw this.#bug.error;
      }
    } finally {
      this.#isOver = true;
    }
  }

  /** Never rejects. */
  async #runSlice(task: SliceTask): Promise<void> {
    this.#running += 1;
    try {
      const result = await this.#generateSlice(task);
      if (result === 'called off') this.conductor.cancelled(task);
      else await this.#take(task, result);
    } catch (error) {
      this.#bug ??= { error };
    }
    this.#running -= 1;
    this.#changed();
  }

  async #generateSlice(task: SliceTask): Promise<GenerateSliceResult | 'called off'> {
    const isCancelled = task.isLeftover ? this.#calledOff.signal : NEVER;
    for (let number = 1; ; number += 1) {
      try {
        const input = { build: this.#build.ref, rowGroup: this.rowGroup, task };
        return await generateSliceActivity(this.#build, input, attemptOf(number, isCancelled));
      } catch (error) {
        if (!(error instanceof LeftoverError)) throw error;
        const usualMs = Math.min(SLICE_RETRY.firstMs * 2 ** (number - 1), SLICE_RETRY.maxMs);
        if (!(await this.#wait(error.retryAfterMs || usualMs))) return 'called off';
      }
    }
  }

  async #take(task: SliceTask, result: GenerateSliceResult): Promise<void> {
    this.#columns = addColumnTotals(this.#columns, { [task.column]: result.usage });
    this.conductor.finished(task, result);
    if (result.afterMs === null) return;
    this.#changed();
    if (await this.#wait(result.afterMs)) this.conductor.release(task);
  }

  /** False where it is called off before. */
  #wait(ms: number): Promise<boolean> {
    return sleep(ms, this.#calledOff.signal).then(
      () => true,
      () => false,
    );
  }

  #changed(): void {
    this.#bell.ring();
    this.#events.onChange();
  }
}

const NEVER = new AbortController().signal;

function attemptOf(number: number, isCancelled = NEVER): Attempt {
  return { number, scheduledAtMs: Date.now(), isCancelled };
}
