// Any graph, any limits, any order and outcome of slices, checked step by step against plain sets. Where a check runs
// for each cell it is node's assert, which costs a tenth of expect.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ExecutionGraph } from '../../../src/graph/execution-graph.ts';
import { GroupConductor } from '../../../src/graph/group-conductor.ts';
import { RowMask } from '../../../src/graph/row-mask.ts';
import type {
  ConductorLimits,
  OpenedRowGroup,
  PartName,
  RowRange,
  SliceTask,
} from '../../../src/graph/types.ts';
import { anyGraph, anyRows } from '../../support/any-graph.ts';
import { openedOf } from '../../support/graph.ts';
import { randomNumbers } from '../../support/simulator.ts';

interface Fates {
  readonly dropRate: number;
  readonly leftoverRate: number;
}

const anyLimits: fc.Arbitrary<ConductorLimits> = fc
  .record({
    sliceRows: fc.integer({ min: 1, max: 12 }),
    maxSlicesInFlight: fc.integer({ min: 1, max: 8 }),
    morePlaces: fc.integer({ min: 0, max: 3 }),
    one: fc.integer({ min: 1, max: 30 }),
    two: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ sliceRows, maxSlicesInFlight, morePlaces, one, two }) => ({
    ...{ sliceRows, maxSlicesInFlight, maxSlicesWithLeftovers: maxSlicesInFlight + morePlaces },
    maxCells: { 'local/one': one, 'local/two': two },
  }));

const anyFates: fc.Arbitrary<Fates> = fc.record({
  dropRate: fc.constantFrom(0, 0, 0.05, 0.5),
  leftoverRate: fc.constantFrom(0, 0.1, 0.6),
});

function rowsIn({ first, last }: RowRange): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function cellsOf(task: SliceTask): readonly number[] {
  return RowMask.fromHex(task.rows, task.mask).rows();
}

/** One run of a row group with an outside view of it: which cells exist, and in which part. */
class Run {
  readonly conductor: GroupConductor;
  readonly inFlight: SliceTask[] = [];
  isStopped = false;
  /** Column → row → the part that holds the cell. */
  readonly partOf: ReadonlyMap<string, Map<number, PartName>>;
  readonly dropped: Set<number>;
  readonly #started = new Set<string>();
  readonly #leftover = new Set<string>();
  readonly #graph: ExecutionGraph;
  readonly #limits: ConductorLimits;
  readonly #rows: RowRange;
  readonly #random: () => number;
  #partNumber = 0;

  constructor(
    graph: ExecutionGraph,
    options: { opened: OpenedRowGroup; limits: ConductorLimits; random: () => number },
  ) {
    const { opened, limits, random } = options;
    this.#graph = graph;
    this.#limits = limits;
    this.#rows = opened.rows;
    this.#random = random;
    this.conductor = new GroupConductor({ graph, opened, limits });
    this.dropped = new Set(RowMask.fromHex(opened.rows, opened.dropped).rows());
    this.partOf = new Map(
      Object.entries(opened.columns).map(([column, { made, part }]) => [
        column,
        new Map(
          RowMask.fromHex(opened.rows, made)
            .rows()
            .map((row): [number, PartName] => [row, part!]),
        ),
      ]),
    );
  }

  /** Cells that were sent, leftovers not counted again. */
  get started(): ReadonlySet<string> {
    return this.#started;
  }

  stop(): void {
    this.conductor.stop();
    this.isStopped = true;
  }

  start(): void {
    const tasks = this.conductor.next();
    for (const task of tasks) {
      this.#checkTask(task);
      this.inFlight.push(task);
    }
    assert.equal(this.conductor.inFlight, this.inFlight.length);
    this.#checkLimits();
    assert.deepEqual(this.conductor.next(), []);
    this.#checkProgress();
    this.#checkNothingWaitsInVain();
  }

  finishOne({ dropRate, leftoverRate }: Fates): void {
    const [task] = this.inFlight.splice(Math.floor(this.#random() * this.inFlight.length), 1);
    const { column, rows } = task!;
    const made = RowMask.empty(rows);
    const dropped = RowMask.empty(rows);
    const leftover = RowMask.empty(rows);
    // A whole column is made or left over whole; its cells may fail one by one.
    const isPostponed = this.#graph.strategyOf(column) === 'column' && this.#random() < leftoverRate;
    for (const row of cellsOf(task!)) {
      const fate = isPostponed ? 1 : this.#random();
      if (fate < dropRate) dropped.set(row);
      else if (isPostponed || (this.#graph.strategyOf(column) === 'cell' && this.#random() < leftoverRate)) {
        leftover.set(row);
      } else made.set(row);
    }
    this.#partNumber += 1;
    const part = `${column}/${this.#partNumber}`;
    for (const row of made.rows()) this.partOf.get(column)!.set(row, part);
    for (const row of leftover.rows()) this.#leftover.add(`${column}/${row}`);
    for (const row of dropped.rows()) this.dropped.add(row);
    this.conductor.finished(task!, {
      part,
      ...{ made: made.toHex(), dropped: dropped.toHex(), leftover: leftover.toHex() },
      afterMs: null,
    });
  }

  #checkTask(task: SliceTask): void {
    const { column, rows } = task;
    const isWhole = this.#graph.strategyOf(column) === 'column';
    const isAbove = this.#isAboveWhole(column);
    const cells = cellsOf(task);
    assert(cells.length > 0);
    if (this.#graph.gathers(column)) assert.deepEqual(rows, this.#rows);
    else assert.equal((rows.first - this.#rows.first) % this.#limits.sliceRows, 0);
    for (const row of cells) {
      const key = `${column}/${row}`;
      assert(isWhole || isAbove || !this.dropped.has(row));
      // Each cell is sent once, and again only after it was left over.
      assert(task.isLeftover ? this.#leftover.delete(key) : !this.#started.has(key));
      this.#started.add(key);
      for (const needed of this.#graph.storedUpstreamOf(column)) {
        const part = this.partOf.get(needed)!.get(row);
        assert(part !== undefined && task.parts[needed]!.includes(part));
      }
    }
    // No part is named that holds no cell of the range.
    for (const [needed, parts] of Object.entries(task.parts)) {
      const holding = new Set(rowsIn(rows).map((row) => this.partOf.get(needed)!.get(row)));
      assert(parts.every((part) => holding.has(part)));
      assert.equal(new Set(parts).size, parts.length);
    }
  }

  #isAboveWhole(column: string): boolean {
    return this.#graph
      .storedDownstreamOf(column)
      .some((reader) => this.#graph.strategyOf(reader) === 'column' || this.#isAboveWhole(reader));
  }

  #checkLimits(): void {
    const { maxSlicesInFlight, maxSlicesWithLeftovers, maxCells } = this.#limits;
    assert(this.inFlight.length <= maxSlicesWithLeftovers);
    assert(this.inFlight.filter((task) => !task.isLeftover).length <= maxSlicesInFlight);
    for (const [limiter, max] of Object.entries(maxCells)) {
      const slices = this.inFlight.filter(({ column }) =>
        this.#graph.column(column).limiters.includes(limiter),
      );
      const cells = slices.reduce((sum, task) => sum + cellsOf(task).length, 0);
      // A column that gathers starts where there is a little room, and takes all of it.
      const isOver = slices.some(
        (task) => this.#graph.gathers(task.column) && cells - cellsOf(task).length < max,
      );
      assert(slices.length <= 1 || cells <= max || isOver);
    }
  }

  /** With a free place, every cell that no limiter holds back was sent as soon as its inputs were there. */
  #checkNothingWaitsInVain(): void {
    const { maxSlicesInFlight, maxSlicesWithLeftovers } = this.#limits;
    const regular = this.inFlight.filter((task) => !task.isLeftover).length;
    if (regular === maxSlicesInFlight || this.inFlight.length === maxSlicesWithLeftovers) return;
    if (this.isStopped) return;
    for (const column of this.#graph.storedColumns) {
      const { strategy, limiters, gathers } = this.#graph.column(column);
      if (strategy !== 'cell' || gathers || limiters.length > 0) continue;
      const needed = this.#graph.storedUpstreamOf(column).map((name) => this.partOf.get(name)!);
      for (const row of rowsIn(this.#rows)) {
        const isReady = !this.dropped.has(row) && needed.every((parts) => parts.has(row));
        assert(!isReady || this.#started.has(`${column}/${row}`) || this.partOf.get(column)!.has(row));
      }
    }
  }

  #checkProgress(): void {
    const { rows, columns, droppedRows, completeRows } = this.conductor.progress();
    assert.equal(droppedRows, this.dropped.size);
    assert(completeRows <= rows - droppedRows);
    for (const { made, inFlight, pending, dropped } of Object.values(columns)) {
      assert(Math.min(made, inFlight, pending, dropped) >= 0);
      assert.equal(made + inFlight + pending + dropped, rows);
    }
  }
}

function runToTheEnd(run: Run, fates: Fates): void {
  run.start();
  while (!run.conductor.isDone) {
    // Nothing in flight and not done would be a standstill.
    assert(run.inFlight.length > 0);
    run.finishOne(fates);
    run.start();
  }
  expect(run.inFlight).toEqual([]);
  expect(run.conductor.isComplete).toBe(true);
}

it('makes or drops every cell, within its limits and never standing still', () => {
  fc.assert(
    fc.property(
      anyGraph(),
      anyRows(50),
      anyLimits,
      anyFates,
      fc.nat(),
      (graph, rows, limits, fates, seed) => {
        const run = new Run(graph, {
          opened: openedOf(graph, { rows }),
          limits,
          random: randomNumbers(seed),
        });
        runToTheEnd(run, fates);
        for (const column of graph.storedColumns) {
          for (const row of rowsIn(rows)) {
            assert(run.dropped.has(row) || run.partOf.get(column)!.has(row));
          }
        }
        const { completeRows, columns } = run.conductor.progress();
        expect(completeRows).toBe(rowsIn(rows).length - run.dropped.size);
        for (const { pending, inFlight } of Object.values(columns)) assert.equal(pending + inFlight, 0);
        for (const [column, parts] of Object.entries(run.conductor.parts.all())) {
          for (const part of run.partOf.get(column)!.values()) assert(parts.includes(part));
        }
      },
    ),
    { numRuns: 200 },
  );
});

it('goes on after a stop with exactly the cells that are missing, from what was made alone', () => {
  const anyCells = anyGraph({ strategies: ['root', 'inline', 'cell', 'cell'] });
  fc.assert(
    fc.property(
      anyCells,
      anyRows(50),
      anyLimits,
      anyFates,
      fc.nat(),
      fc.nat(30),
      (graph, rows, limits, fates, seed, stopAfter) => {
        const random = randomNumbers(seed);
        const first = new Run(graph, { opened: openedOf(graph, { rows }), limits, random });
        first.start();
        for (let slice = 0; slice < stopAfter && !first.conductor.isDone; slice += 1) {
          first.finishOne(fates);
          first.start();
        }
        first.stop();
        while (!first.conductor.isDone) {
          first.finishOne(fates);
          first.start();
        }
        const made = Object.fromEntries(
          [...first.partOf].map(([column, parts]) => [column, [...parts.keys()]]),
        );

        // Failed cells are tried again at the next start, so their rows are alive; ranges may differ from run to run.
        const opened = openedOf(graph, { rows, made });
        const otherLimits = { ...limits, sliceRows: limits.sliceRows + 1 };
        const second = new Run(graph, { opened, limits: otherLimits, random });
        runToTheEnd(second, { ...fates, dropRate: 0 });
        const missing = graph.storedColumns.flatMap((column) =>
          rowsIn(rows)
            .filter((row) => graph.strategyOf(column) === 'cell' && !made[column]!.includes(row))
            .map((row) => `${column}/${row}`),
        );
        expect([...second.started].sort()).toEqual(missing.sort());
      },
    ),
    { numRuns: 200 },
  );
});

it('does the same again from the same state and the same results', () => {
  fc.assert(
    fc.property(
      anyGraph(),
      anyRows(40),
      anyLimits,
      anyFates,
      fc.nat(),
      (graph, rows, limits, fates, seed) => {
        const record = () => {
          const run = new Run(graph, {
            opened: openedOf(graph, { rows }),
            limits,
            random: randomNumbers(seed),
          });
          const tasks: SliceTask[] = [];
          run.start();
          while (!run.conductor.isDone) {
            tasks.push(...run.inFlight);
            run.finishOne(fates);
            run.start();
          }
          return tasks;
        };
        expect(record()).toEqual(record());
      },
    ),
    { numRuns: 50 },
  );
});
