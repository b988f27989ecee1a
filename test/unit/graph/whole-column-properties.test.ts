// Which rows a column made as a whole sees must not depend on what was made first: its cells would have another digest
// at the next start, and be paid for again.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { it } from 'vitest';
import type { ExecutionGraph } from '../../../src/graph/execution-graph.ts';
import { GroupConductor } from '../../../src/graph/group-conductor.ts';
import { RowMask } from '../../../src/graph/row-mask.ts';
import type { OpenedRowGroup, RowRange, SliceTask } from '../../../src/graph/types.ts';
import { anyGraph, anyRows } from '../../support/any-graph.ts';
import { openedOf } from '../../support/graph.ts';
import { randomNumbers } from '../../support/simulator.ts';

const LIMITS = {
  ...{ sliceRows: 3, maxSlicesInFlight: 4, maxSlicesWithLeftovers: 6 },
  maxCells: { 'local/one': 5, 'local/two': 9 },
};

/** What becomes of each cell whose inputs are there, whoever makes it and when: the same at every start. */
class World {
  readonly graph: ExecutionGraph;
  readonly rows: RowRange;
  readonly #failing = new Set<string>();
  readonly #dropping = new Set<string>();

  constructor(graph: ExecutionGraph, rows: RowRange, failRate: number, random: () => number) {
    this.graph = graph;
    this.rows = rows;
    for (const column of graph.storedColumns) {
      if (graph.strategyOf(column) === 'root') continue;
      for (let row = rows.first; row <= rows.last; row += 1)
        for (const fate of [this.#failing, this.#dropping])
          if (random() < failRate) fate.add(`${column}/${row}`);
    }
  }

  fails(column: string, row: number): boolean {
    return this.#failing.has(`${column}/${row}`);
  }

  isDroppedOver(column: string, row: number): boolean {
    return this.#dropping.has(`${column}/${row}`);
  }

  /** Whether the cell can be made at all. */
  has(column: string, row: number): boolean {
    return !this.fails(column, row) && this.hasInputs(column, row);
  }

  hasInputs(column: string, row: number): boolean {
    return this.graph.storedUpstreamOf(column).every((needed) => this.has(needed, row));
  }

  /** The rows that a column made as a whole is over. */
  seenBy(column: string): readonly number[] {
    const { first, last } = this.rows;
    const rows = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    return rows.filter((row) => this.hasInputs(column, row));
  }
}

/** Runs a group in a random order; stops it after some slices. Tells what exists then, as the next start finds it. */
function run(
  world: World,
  opened: OpenedRowGroup,
  random: () => number,
  stopAfter = Number.POSITIVE_INFINITY,
) {
  const { graph, rows } = world;
  const conductor = new GroupConductor({ graph, opened, limits: LIMITS });
  const inFlight: SliceTask[] = [];
  const made = new Map(
    graph.storedColumns.map((column) => [column, RowMask.fromHex(rows, opened.columns[column]!.made)]),
  );
  const sent = new Map<string, readonly number[]>();
  for (let slices = 0; !conductor.isDone; slices += 1) {
    if (slices === stopAfter) conductor.stop();
    for (const task of conductor.next()) {
      inFlight.push(task);
      if (graph.strategyOf(task.column) !== 'column') continue;
      const cells = RowMask.fromHex(task.rows, task.mask).rows();
      assert.deepEqual(sent.get(task.column) ?? cells, cells);
      sent.set(task.column, cells);
    }
    if (conductor.isDone) break;
    const [task] = inFlight.splice(Math.floor(random() * inFlight.length), 1);
    assert(task !== undefined, 'it stands still');
    finish(task);
  }

  function finish(task: SliceTask): void {
    const { column } = task;
    const isWhole = graph.strategyOf(column) === 'column';
    const isPostponed = random() < 0.2;
    const masks = [RowMask.empty(task.rows), RowMask.empty(task.rows), RowMask.empty(task.rows)] as const;
    const [ok, dropped, leftover] = masks;
    for (const row of RowMask.fromHex(task.rows, task.mask).rows()) {
      assert(world.hasInputs(column, row));
      if (!task.isLeftover && (isWhole ? isPostponed : random() < 0.2)) leftover.set(row);
      else if (world.fails(column, row)) dropped.set(row);
      else ok.set(row);
      // An inline column fails over a cell that is made.
      if (ok.has(row) && world.isDroppedOver(column, row)) dropped.set(row);
    }
    made.get(column)!.or(ok);
    const [okHex, droppedHex, leftoverHex] = masks.map((mask) => mask.toHex()) as [string, string, string];
    const result = { made: okHex, dropped: droppedHex, leftover: leftoverHex, afterMs: null };
    conductor.finished(task, { part: `${column}/part`, ...result });
  }

  return { sent, made, isAllDropped: RowMask.fromHex(rows, conductor.dropped).isFull };
}

const anyWorld = fc
  .record({ graph: anyGraph(), rows: anyRows(12), failRate: fc.constantFrom(0.05, 0.2, 0.4), seed: fc.nat() })
  .map(({ graph, rows, failRate, seed }) => new World(graph, rows, failRate, randomNumbers(seed)));

function checkSeen(
  world: World,
  { sent, isAllDropped }: ReturnType<typeof run>,
  known: ReadonlySet<string>,
): void {
  for (const column of world.graph.storedColumns) {
    if (world.graph.strategyOf(column) !== 'column' || known.has(column)) continue;
    const seen = world.seenBy(column);
    const cells = sent.get(column) ?? [];
    // When no row is left, nothing more is made.
    if (isAllDropped && cells.length === 0) continue;
    assert.deepEqual(cells, seen);
  }
}

it('sees the rows that have its inputs, whatever is made first and whatever drops them elsewhere', () => {
  fc.assert(
    fc.property(anyWorld, fc.nat(), (world, seed) => {
      const opened = openedOf(world.graph, { rows: world.rows });
      checkSeen(world, run(world, opened, randomNumbers(seed)), new Set());
    }),
    { numRuns: 500 },
  );
});

it('sees the same rows at the next start, where failed cells are tried again', () => {
  fc.assert(
    fc.property(anyWorld, fc.nat(), fc.nat(12), (world, seed, stopAfter) => {
      const { graph, rows } = world;
      const random = randomNumbers(seed);
      const first = run(world, openedOf(graph, { rows }), random, stopAfter);
      // A column made as a whole counts for the next start when none of its inputs will be tried again.
      const made = Object.fromEntries(
        [...first.made].map(([column, cells]) => {
          const isWhole = graph.strategyOf(column) === 'column';
          const isKnown = !isWhole || world.seenBy(column).length === rows.last - rows.first + 1;
          return [column, isKnown ? cells.rows() : []];
        }),
      );
      const opened = openedOf(graph, { rows, made });
      const known = new Set(
        graph.storedColumns.filter((column) => made[column]!.length === rows.last - rows.first + 1),
      );
      checkSeen(world, run(world, opened, random), known);
    }),
    { numRuns: 500 },
  );
});
