// Drives conductors through a whole build under a virtual clock: windows, limiters and latencies, but no server,
// store or model. Deterministic by seed.

import { randomLogNormal } from 'd3-random';
import { DatasetConductor, type GroupStart } from '../../src/graph/dataset-conductor.ts';
import type { ExecutionGraph } from '../../src/graph/execution-graph.ts';
import { GroupConductor } from '../../src/graph/group-conductor.ts';
import { groupCount, planSizes, type Sizes } from '../../src/graph/row-groups.ts';
import { RowMask } from '../../src/graph/row-mask.ts';
import { NO_TOTALS } from '../../src/graph/totals.ts';
import type { SliceTask } from '../../src/graph/types.ts';
import { openedOf } from './graph.ts';

/** The 99th percentile of the standard normal distribution. */
const NORMAL_P99 = 2.3263478740408408;

export interface Simulation {
  readonly graph: ExecutionGraph;
  readonly rows: number;
  readonly rowGroupSize: number;
  /** Requests open at once, by limiter key. */
  readonly caps: { readonly [limiter: string]: number };
  /** Draws the time of one call in virtual milliseconds. */
  readonly latencyMs: () => number;
  /** Time from a slice's last answer to the start of what it made ready, in virtual milliseconds. */
  readonly turnaroundMs?: number;
  /** Share of cells that fail for good and drop their row. */
  readonly dropRate?: number;
  /** Share of cells that are left over, once. */
  readonly leftoverRate?: number;
  readonly seed?: number;
  /** Called whenever a row group is complete. */
  readonly onGroupEnd?: () => void;
  readonly window?: number;
  readonly sliceSize?: number;
}

export interface SimulationResult {
  readonly sizes: Sizes;
  readonly calls: number;
  readonly slices: number;
  readonly maxSlicesOfGroup: number;
  readonly maxSlicesInFlight: number;
  readonly droppedRows: number;
  readonly completeRows: number;
  /** From the first call to the last answer. */
  readonly virtualMs: number;
}

interface OpenGroup {
  readonly rowGroup: number;
  readonly conductor: GroupConductor;
  slices: number;
}

interface RunningSlice {
  readonly group: OpenGroup;
  readonly task: SliceTask;
  readonly waiting: number[];
  running: number;
  readonly made: RowMask;
  readonly dropped: RowMask;
  readonly leftover: RowMask;
}

interface Limiter {
  readonly cap: number;
  open: number;
  readonly queue: RunningSlice[];
}

/** Runs a build to its end. Throws `Error` when a group stands still before it is complete. */
export function simulate(simulation: Simulation): SimulationResult {
  return new Simulator(simulation).run();
}

class Simulator {
  readonly #simulation: Simulation;
  readonly #sizes: Sizes;
  readonly #random: () => number;
  readonly #events = new EventQueue();
  readonly #limiters: ReadonlyMap<string, Limiter>;
  readonly #dataset = new DatasetConductor();
  readonly #open = new Map<number, OpenGroup>();
  #now = 0;
  #result = {
    calls: 0,
    slices: 0,
    maxSlicesOfGroup: 0,
    maxSlicesInFlight: 0,
    droppedRows: 0,
    completeRows: 0,
  };

  constructor(simulation: Simulation) {
    const { graph, rows, rowGroupSize, caps } = simulation;
    const cellColumns = graph.storedColumns.filter((name) => graph.strategyOf(name) === 'cell').length;
    this.#simulation = simulation;
    const sizing = {
      ...{ rows, rowGroupSize, cellColumns },
      window: simulation.window ?? null,
      sliceSize: simulation.sliceSize ?? null,
    };
    this.#sizes = planSizes({ ...sizing, caps });
    const limiters = Object.entries(caps).map(
      ([key, cap]) => [key, { kind: 'model', caps: { [key]: cap } }] as const,
    );
    this.#dataset.prepare({
      ...{ sizing, limiters: Object.fromEntries(limiters), trustedRows: 0, trustedDrops: 0 },
      groups: [{ first: 0, last: groupCount(simulation) - 1 }],
      inOrder: graph.order.filter((name) => graph.column(name).inOrder),
    });
    this.#random = randomNumbers(simulation.seed ?? 1);
    this.#limiters = new Map(
      Object.entries(caps).map(([model, cap]) => [model, { cap, open: 0, queue: [] }]),
    );
  }

  run(): SimulationResult {
    this.#openGroups();
    for (let event = this.#events.takeFirst(); event !== undefined; event = this.#events.takeFirst()) {
      this.#now = event.at;
      event.happen();
    }
    return { ...this.#result, sizes: this.#sizes, virtualMs: this.#now };
  }

  #openGroups(): void {
    for (const start of this.#dataset.next()) this.#openGroup(start);
  }

  #openGroup({ rowGroup, rows, limits }: GroupStart): void {
    const { graph } = this.#simulation;
    const opened = openedOf(graph, { rows });
    const group = { rowGroup, conductor: new GroupConductor({ graph, opened, limits }), slices: 0 };
    this.#open.set(rowGroup, group);
    this.#proceed(group);
  }

  #proceed(group: OpenGroup): void {
    for (const task of group.conductor.next()) this.#start(group, task);
    this.#result.maxSlicesInFlight = Math.max(this.#result.maxSlicesInFlight, group.conductor.inFlight);
    const { inOrderDone } = group.conductor;
    if (inOrderDone.length > 0) this.#dataset.passOn(group.rowGroup, inOrderDone);
    if (group.conductor.isDone) this.#close(group);
    else if (group.conductor.inFlight === 0 && !group.conductor.isWaitingForTurn) {
      throw new Error(`Cannot go on: ${JSON.stringify(group.conductor.progress())} stands still`);
    }
    if (inOrderDone.length > 0) this.#tellTurns();
  }

  /** A group that has its turn goes on. */
  #tellTurns(): void {
    for (const [rowGroup, group] of this.#open) {
      const maxCells = this.#dataset.takeNews(rowGroup);
      if (maxCells === undefined) continue;
      group.conductor.setMaxCells(maxCells);
      this.#proceed(group);
    }
  }

  #close({ rowGroup, conductor, slices }: OpenGroup): void {
    this.#open.delete(rowGroup);
    this.#dataset.finished({ rowGroup, isComplete: true, totals: NO_TOTALS });
    const progress = conductor.progress();
    this.#result.slices += slices;
    this.#result.maxSlicesOfGroup = Math.max(this.#result.maxSlicesOfGroup, slices);
    this.#result.droppedRows += progress.droppedRows;
    this.#result.completeRows += progress.completeRows;
    this.#simulation.onGroupEnd?.();
    this.#openGroups();
  }

  #start(group: OpenGroup, task: SliceTask): void {
    group.slices += 1;
    const slice: RunningSlice = {
      ...{ group, task, running: 0, waiting: RowMask.fromHex(task.rows, task.mask).rows().reverse() },
      made: RowMask.empty(task.rows),
      dropped: RowMask.empty(task.rows),
      leftover: RowMask.empty(task.rows),
    };
    // What a limiter would hold back, the conductor holds back under each of them: one is enough to take time.
    const [key] = this.#simulation.graph.column(task.column).limiters;
    const limiter = key === undefined ? undefined : this.#limiters.get(key);
    if (limiter === undefined) {
      for (const row of slice.waiting.splice(0)) this.#record(slice, row);
      this.#endWhenDone(slice);
      return;
    }
    limiter.queue.push(slice);
    this.#serve(limiter);
  }

  #serve(limiter: Limiter): void {
    while (limiter.open < limiter.cap) {
      const slice = limiter.queue[0];
      if (slice === undefined) return;
      const row = slice.waiting.pop()!;
      if (slice.waiting.length === 0) limiter.queue.shift();
      limiter.open += 1;
      slice.running += 1;
      this.#result.calls += 1;
      this.#events.add(this.#now + this.#simulation.latencyMs(), () => {
        limiter.open -= 1;
        slice.running -= 1;
        this.#record(slice, row);
        this.#serve(limiter);
        this.#endWhenDone(slice);
      });
    }
  }

  #record({ task, made, dropped, leftover }: RunningSlice, row: number): void {
    const { dropRate = 0, leftoverRate = 0 } = this.#simulation;
    const fate = dropRate + leftoverRate === 0 ? 1 : this.#random();
    if (fate < dropRate) dropped.set(row);
    else if (fate < dropRate + leftoverRate && !task.isLeftover) leftover.set(row);
    else made.set(row);
  }

  #endWhenDone({ group, task, waiting, running, made, dropped, leftover }: RunningSlice): void {
    if (waiting.length > 0 || running > 0) return;
    const part = `${task.column}/${task.rows.first}`;
    this.#events.add(this.#now + (this.#simulation.turnaroundMs ?? 0), () => {
      const masks = { made: made.toHex(), dropped: dropped.toHex(), leftover: leftover.toHex() };
      group.conductor.finished(task, { part, ...masks, afterMs: null });
      this.#proceed(group);
    });
  }
}

interface Event {
  readonly at: number;
  readonly happen: () => void;
}

/** A binary heap of events, earliest first. */
class EventQueue {
  readonly #heap: Event[] = [];

  add(at: number, happen: () => void): void {
    const event = { at, happen };
    let index = this.#heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#heap[parent]!.at <= at) break;
      this.#heap[index] = this.#heap[parent]!;
      index = parent;
    }
    this.#heap[index] = event;
  }

  takeFirst(): Event | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < this.#heap.length && this.#heap[child + 1]!.at < this.#heap[child]!.at) child += 1;
      if (child >= this.#heap.length || this.#heap[child]!.at >= last.at) break;
      this.#heap[index] = this.#heap[child]!;
      index = child;
    }
    this.#heap[index] = last;
    return first;
  }
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lognormal latencies with the given median and p99 = `jitter` × median. */
export function lognormal(options: { medianMs: number; jitter: number; seed?: number }): () => number {
  const sigma = Math.log(options.jitter) / NORMAL_P99;
  return randomLogNormal.source(randomNumbers(options.seed ?? 2))(Math.log(options.medianMs), sigma);
}
