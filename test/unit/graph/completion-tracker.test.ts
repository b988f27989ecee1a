import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompletionTracker } from '../../../src/graph/completion-tracker.ts';
import type { ExecutionGraph } from '../../../src/graph/execution-graph.ts';
import { RowMask } from '../../../src/graph/row-mask.ts';
import type { CellRef, RowRange } from '../../../src/graph/types.ts';
import { anyGraph, anyRows } from '../../support/any-graph.ts';
import { cell, cells, graphOf, openedOf } from '../../support/graph.ts';

const ROWS: RowRange = { first: 10, last: 14 };
const ALL = [10, 11, 12, 13, 14];

function maskOf(...rows: readonly number[]): RowMask {
  return RowMask.of(ROWS, rows);
}

describe('the frontier', () => {
  it('makes a cell ready when the last of its upstream cells completes', () => {
    const graph = graphOf({ review: [], rubric: [], score: ['review', 'rubric'] });
    const tracker = new CompletionTracker(graph);
    expect(tracker.markComplete(cell('review')).added).toEqual([]);
    expect(tracker.markComplete(cell('rubric')).added).toEqual([cell('score')]);
  });

  it('begins with the cells that need nothing, and never holds root cells', () => {
    const graph = graphOf({
      seed: [],
      joke: { strategy: 'cell' },
      fixed: { strategy: 'inline' },
      pun: ['fixed'],
    });
    expect(new CompletionTracker(graph).frontier()).toEqual([cell('joke'), cell('pun')]);
  });

  it('makes the cells of a slice ready at once, in graph order, then by row', () => {
    const tracker = new CompletionTracker(graphOf({ seed: [], b: ['seed'], a: ['seed'] }), ROWS);
    expect(tracker.markSlice('seed', maskOf(12, 10)).added).toEqual([
      ...cells('b', [10, 12]),
      ...cells('a', [10, 12]),
    ]);
    expect(tracker.frontier()).toEqual([...cells('b', [10, 12]), ...cells('a', [10, 12])]);
    expect(tracker.ready('a', { first: 11, last: 14 }).rows()).toEqual([12]);
  });

  it('makes ready only the rows whose other inputs are complete too', () => {
    const tracker = new CompletionTracker(graphOf({ one: [], other: [], both: ['one', 'other'] }), ROWS);
    tracker.markSlice('one', maskOf(10, 11));
    expect(tracker.markSlice('other', maskOf(11, 12)).added).toEqual([cell('both', 11)]);
  });

  it('looks through inline columns', () => {
    const tracker = new CompletionTracker(
      graphOf({
        seed: [],
        text: ['seed'],
        heading: { needs: ['text', 'seed'], strategy: 'inline' },
        note: ['heading'],
      }),
    );
    tracker.markComplete(cell('seed'));
    expect(tracker.isComplete(cell('heading'))).toBe(false);
    expect(tracker.markComplete(cell('text')).added).toEqual([cell('note')]);
    expect(tracker.isComplete(cell('heading'))).toBe(true);
    expect(tracker.isColumnComplete('heading')).toBe(true);
  });

  it('loses dispatched cells without a word and completed ones with one', () => {
    const tracker = new CompletionTracker(graphOf({ seed: [], text: ['seed'] }), ROWS);
    tracker.markSlice('seed', maskOf(10, 11, 12));
    tracker.markDispatched('text', maskOf(10));
    expect(tracker.markSlice('text', maskOf(10, 11)).removed).toEqual([cell('text', 11)]);
    expect(tracker.frontier()).toEqual([cell('text', 12)]);
  });
});

describe('defects of other trackers', () => {
  const graph = graphOf({ seed: [], text: ['seed'], ranks: { needs: ['text'], strategy: 'column' } });

  it('does not take a column with one finished cell for a finished column', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markComplete(cell('seed', 10));
    expect(tracker.isComplete(cell('seed', 10))).toBe(true);
    expect(tracker.isColumnComplete('seed')).toBe(false);
    tracker.markSlice('seed', maskOf(...ALL));
    expect(tracker.isColumnComplete('seed')).toBe(true);
  });

  it('does not offer a finished whole column again when an upstream cell completes late', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('seed', maskOf(...ALL));
    tracker.markSlice('text', maskOf(10, 11));
    tracker.markSlice('ranks', maskOf(...ALL));
    expect(tracker.markSlice('text', maskOf(12, 13, 14)).added).toEqual([]);
    expect(tracker.frontier().filter(({ column }) => column === 'ranks')).toEqual([]);
  });

  it('does not offer a finished cell again', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('text', maskOf(10));
    expect(tracker.markSlice('seed', maskOf(10)).added).toEqual([]);
    expect(tracker.markSlice('text', maskOf(10))).toEqual({ added: [], removed: [] });
    expect(tracker.frontier()).toEqual([]);
  });

  it('does not offer a dispatched cell again', () => {
    const two = new CompletionTracker(graphOf({ one: [], other: [], text: ['one', 'other'] }), ROWS);
    two.markSlice('one', maskOf(10));
    two.markSlice('other', maskOf(10));
    two.markDispatched('text', maskOf(10));
    expect(two.markSlice('one', maskOf(10, 11)).added).toEqual([]);
    expect(two.markSlice('other', maskOf(10, 11)).added).toEqual([cell('text', 11)]);
  });

  it('never offers a dropped row, in whatever column', () => {
    const tracker = new CompletionTracker(graphOf({ seed: [], text: ['seed'], ranks: ['text'] }), ROWS);
    tracker.markSlice('seed', maskOf(...ALL));
    expect(tracker.dropRow(11)).toEqual({ added: [], removed: [cell('text', 11)] });
    tracker.markSlice('text', maskOf(...ALL));
    expect(tracker.complete('text').rows()).toEqual([10, 12, 13, 14]);
    expect(tracker.isComplete(cell('text', 11))).toBe(false);
    expect(tracker.frontier()).toEqual(cells('ranks', [10, 12, 13, 14]));
  });

  it('refuses a row or column that is not in the row group instead of losing it', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    expect(() => tracker.markComplete(cell('seed', 9))).toThrow(RangeError);
    expect(() => tracker.markComplete(cell('nothing', 10))).toThrow(RangeError);
    expect(() => tracker.dropRow(15)).toThrow(RangeError);
    expect(() => tracker.markComplete(cell('heading', 10))).toThrow(RangeError);
  });

  it('touches only the readers of what completed', () => {
    // Were readiness found by scanning, this would look at 400 columns × 100,000 rows for each of 2,000 cells.
    const rows = { first: 0, last: 99_999 };
    const sketches = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`c${index}`, ['seed', 'other']]),
    );
    const tracker = new CompletionTracker(
      graphOf({ seed: [], other: [], note: [], text: ['note'], ...sketches }),
      rows,
    );
    const startedAt = performance.now();
    for (let row = 0; row < 2_000; row += 1) {
      const slice = RowMask.of({ first: row, last: row }, [row]);
      expect(tracker.markSlice('note', slice).added).toEqual([cell('text', row)]);
    }
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('dropped rows', () => {
  it('count as done, and a row group of dropped rows is complete', () => {
    const tracker = new CompletionTracker(graphOf({ seed: [], text: ['seed'] }), ROWS);
    tracker.markSlice('seed', maskOf(10));
    tracker.markSlice('text', maskOf(10));
    tracker.dropRows(maskOf(11, 12, 13));
    expect(tracker.isRowGroupComplete).toBe(false);
    tracker.dropRow(14);
    expect(tracker.isRowGroupComplete).toBe(true);
    expect(tracker.completeRows().rows()).toEqual([10]);
    expect([tracker.isDropped(10), tracker.isDropped(14)]).toEqual([false, true]);
  });

  it('are dropped once', () => {
    const tracker = new CompletionTracker(graphOf({ seed: [], text: ['seed'] }), ROWS);
    tracker.markSlice('seed', maskOf(10));
    tracker.dropRow(10);
    expect(tracker.dropRow(10)).toEqual({ added: [], removed: [] });
    expect(tracker.dropped().rows()).toEqual([10]);
  });
});

describe('a column made as a whole', () => {
  const graph = graphOf({
    text: { strategy: 'cell' },
    side: { strategy: 'cell' },
    ranks: { needs: ['text'], strategy: 'column' },
    note: ['ranks'],
  });

  it('is ready once, when no live row waits for its inputs', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    expect(tracker.markSlice('text', maskOf(10, 11, 12, 13)).added).toEqual([]);
    expect(tracker.markSlice('text', maskOf(14)).added).toEqual(cells('ranks', ALL));
    tracker.markDispatched('ranks', maskOf(...ALL));
    tracker.dropRow(10);
    expect(tracker.frontier().filter(({ column }) => column === 'ranks')).toEqual([]);
    expect(tracker.markSlice('ranks', maskOf(...ALL)).added).toEqual(cells('note', [11, 12, 13, 14]));
  });

  it('runs over the rows whose own inputs are complete, whether another column dropped them or not', () => {
    const early = new CompletionTracker(graph, ROWS);
    early.markSlice('text', maskOf(10, 11, 12, 13));
    early.dropRow(10);
    expect(early.markSlice('text', maskOf(14)).added).toEqual(cells('ranks', ALL));

    const late = new CompletionTracker(graph, ROWS);
    late.markSlice('text', maskOf(...ALL));
    late.dropRow(10);
    expect(late.ready('ranks', ROWS).rows()).toEqual(ALL);
  });

  it('is ready when the last row that it waited for cannot have its inputs', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('text', maskOf(10, 11, 12, 13));
    expect(tracker.markFailed('text', maskOf(14)).added).toEqual(cells('ranks', [10, 11, 12, 13]));
    expect(tracker.isDropped(14)).toBe(true);
  });

  it('waits for the inputs of a row that another column dropped, and no column waits for that one', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('text', maskOf(10, 11, 12, 13));
    expect(tracker.markFailed('side', maskOf(14))).toEqual({ added: [], removed: [cell('side', 14)] });
    expect(tracker.frontier()).toEqual([cell('text', 14), ...cells('side', [10, 11, 12, 13])]);
    expect(tracker.markSlice('text', maskOf(14)).added).toEqual(cells('ranks', ALL));
    expect(tracker.markSlice('ranks', maskOf(...ALL)).added).toEqual(cells('note', [10, 11, 12, 13]));
  });

  it('does not ask for the other inputs of a row that it cannot have', () => {
    const two = graphOf({
      text: { strategy: 'cell' },
      side: { strategy: 'cell' },
      ranks: { needs: ['text', 'side'], strategy: 'column' },
    });
    const tracker = new CompletionTracker(two, ROWS);
    expect(tracker.markFailed('text', maskOf(11)).removed).toEqual([cell('text', 11), cell('side', 11)]);
    tracker.markSlice('text', maskOf(10, 12, 13, 14));
    expect(tracker.markSlice('side', maskOf(...ALL)).added).toEqual(cells('ranks', [10, 12, 13, 14]));
  });

  it('sees a cell that is made in a row that an inline column drops over it', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('text', maskOf(...ALL));
    tracker.markFailed('text', maskOf(12));
    expect(tracker.ready('ranks', ROWS).rows()).toEqual(ALL);
  });

  it('leaves the frontier as a whole', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('text', maskOf(...ALL));
    tracker.dropRow(14);
    expect(tracker.markSlice('ranks', maskOf(10, 11, 12, 13)).removed).toEqual(cells('ranks', ALL));
  });

  it('is not made for dropped rows alone', () => {
    const tracker = new CompletionTracker(graph, ROWS);
    tracker.markSlice('text', maskOf(...ALL));
    tracker.dropRows(maskOf(...ALL));
    expect(tracker.frontier()).toEqual([]);
    expect(tracker.isRowGroupComplete).toBe(true);
  });
});

describe('opening', () => {
  it('offers exactly the cells that are missing', () => {
    const graph = graphOf({ seed: [], text: ['seed'], note: ['text'] });
    const made = { text: [10, 11, 12], note: [10] };
    const tracker = CompletionTracker.open(graph, openedOf(graph, { rows: ROWS, made, dropped: [12, 13] }));
    expect(tracker.frontier()).toEqual([cell('text', 14), cell('note', 11)]);
  });

  it('makes a whole column again unless it covers all the rows whose inputs are complete', () => {
    const graph = graphOf({ seed: [], ranks: { needs: ['seed'], strategy: 'column' }, note: ['ranks'] });
    const open = (ranks: readonly number[]) =>
      CompletionTracker.open(
        graph,
        openedOf(graph, { rows: ROWS, made: { ranks }, dropped: [13] }),
      ).frontier();
    expect(open([10, 11, 12])).toEqual(cells('ranks', ALL));
    expect(open([10, 11, 12, 14])).toEqual(cells('note', [10, 11, 12, 14]));
  });

  it('takes a whole column that needs nothing as it is when it covers the live rows', () => {
    const graph = graphOf({ ranks: { strategy: 'column' }, note: ['ranks'] });
    const made = { ranks: [10, 11, 12, 14] };
    const tracker = CompletionTracker.open(graph, openedOf(graph, { rows: ROWS, made, dropped: [13] }));
    expect(tracker.frontier()).toEqual(cells('note', made.ranks));
  });

  it('makes a whole column again when its inputs have to be', () => {
    const graph = graphOf({ seed: [], text: ['seed'], ranks: { needs: ['text'], strategy: 'column' } });
    const made = { text: [10, 11, 12, 13], ranks: ALL };
    const tracker = CompletionTracker.open(graph, openedOf(graph, { rows: ROWS, made }));
    expect(tracker.markSlice('text', maskOf(14)).added).toEqual(cells('ranks', ALL));
  });

  it('waits for no cell that failed for good earlier in this start', () => {
    const graph = graphOf({ text: { strategy: 'cell' }, ranks: { needs: ['text'], strategy: 'column' } });
    const opened = openedOf(graph, { rows: ROWS, made: { text: [10, 11, 12, 13] }, dropped: [14] });
    expect(CompletionTracker.open(graph, opened).frontier()).toEqual([cell('text', 14)]);
    const lost = { text: maskOf(14).toHex() };
    const tracker = CompletionTracker.open(graph, { ...opened, lost });
    expect(tracker.frontier()).toEqual(cells('ranks', [10, 11, 12, 13]));
  });

  it('refuses what does not tell about every stored column', () => {
    const graph = graphOf({ seed: [], text: ['seed'] });
    expect(() => CompletionTracker.open(graph, { rows: ROWS, dropped: '00', columns: {} })).toThrow(
      'Cannot open rows without column "seed"',
    );
  });
});

type Step = {
  readonly kind: 'dispatch' | 'finish' | 'fail' | 'complete' | 'drop';
  readonly pick: number;
  readonly size: number;
};

/** The same rules by scanning everything, after each step. */
class NaiveTracker {
  readonly complete = new Set<string>();
  readonly failed = new Set<string>();
  readonly dropped = new Set<number>();
  readonly taken = new Set<string>();
  /** Columns that gather, from the moment they were offered. */
  readonly offered = new Map<string, readonly number[]>();
  readonly #graph: ExecutionGraph;
  readonly #rows: readonly number[];

  constructor(graph: ExecutionGraph, rows: readonly number[]) {
    this.#graph = graph;
    this.#rows = rows;
    this.offerGathered();
  }

  frontier(): readonly CellRef[] {
    return this.#graph.storedColumns.flatMap((column) => {
      if (this.#graph.strategyOf(column) === 'root') return [];
      const rows = this.#graph.gathers(column)
        ? (this.offered.get(column) ?? [])
        : this.#rows.filter((row) => this.#hasInputs(column, row));
      return cells(column, rows).filter((ref) => this.#isPending(ref) && !this.taken.has(key(ref)));
    });
  }

  offerGathered(): void {
    // A column that waits may go because another one does no more.
    for (const column of [...this.#graph.storedColumns, ...this.#graph.storedColumns]) {
      if (!this.#graph.gathers(column) || this.offered.has(column)) continue;
      if (this.#rows.some((row) => this.#isWaitedFor(column, row))) continue;
      this.offered.set(
        column,
        this.#rows.filter((row) => this.#hasInputs(column, row)),
      );
    }
  }

  isComplete(): boolean {
    return !this.#rows.some((row) =>
      this.#graph.storedColumns.some((column) => this.#isPending(cell(column, row))),
    );
  }

  isWanted({ column, row }: CellRef): boolean {
    if (!this.dropped.has(row)) return true;
    if (this.dropped.size === this.#rows.length) return false;
    if (this.#graph.strategyOf(column) === 'column') return true;
    return this.#graph.storedColumns.some(
      (whole) =>
        this.#graph.strategyOf(whole) === 'column' &&
        this.#isAbove(column, whole) &&
        !this.offered.has(whole) &&
        this.#isWaitedFor(whole, row),
    );
  }

  isLost({ column, row }: CellRef): boolean {
    if (this.complete.has(key({ column, row }))) return false;
    return this.failed.has(key({ column, row })) || this.#lacksInput(column, row);
  }

  #isPending(ref: CellRef): boolean {
    return !this.complete.has(key(ref)) && !this.isLost(ref) && this.isWanted(ref);
  }

  #isWaitedFor(column: string, row: number): boolean {
    if (
      this.#hasInputs(column, row) ||
      this.#lacksInput(column, row) ||
      this.failed.has(key({ column, row }))
    )
      return false;
    return this.#graph.strategyOf(column) === 'column' || this.isWanted({ column, row });
  }

  #hasInputs(column: string, row: number): boolean {
    return this.#needed(column).every((needed) => this.complete.has(key(cell(needed, row))));
  }

  #lacksInput(column: string, row: number): boolean {
    if (this.#graph.strategyOf(column) === 'root') return false;
    return this.#needed(column).some((needed) => this.isLost(cell(needed, row)));
  }

  #isAbove(column: string, other: string): boolean {
    return this.#needed(other).some((needed) => needed === column || this.#isAbove(column, needed));
  }

  /** By recursion over what is named, not by the graph's own contraction. */
  #needed(column: string): readonly string[] {
    return this.#graph
      .upstreamOf(column)
      .flatMap((needed) => (this.#graph.strategyOf(needed) === 'inline' ? this.#needed(needed) : [needed]));
  }
}

function key({ column, row }: CellRef): string {
  return `${column}/${row}`;
}

describe('any graph in any order of completion', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('dispatch', 'dispatch', 'finish', 'finish', 'finish', 'fail', 'complete', 'drop'),
    pick: fc.nat(),
    size: fc.integer({ min: 1, max: 12 }),
  });

  it('has in its frontier exactly the ready cells that are not taken, each once, and ends', () => {
    fc.assert(
      fc.property(anyGraph(), anyRows(40), fc.array(step, { maxLength: 60 }), (graph, range, steps) => {
        const rows = Array.from({ length: range.last - range.first + 1 }, (_, index) => range.first + index);
        const tracker = new CompletionTracker(graph, range);
        const naive = new NaiveTracker(graph, rows);
        const entered = new Set<string>();
        const enter = (added: readonly CellRef[]) => {
          for (const ref of added) {
            assert(!entered.has(key(ref)));
            entered.add(key(ref));
          }
        };
        enter(tracker.frontier());

        const complete = (column: string, chosen: readonly number[]) => {
          const before = tracker.frontier().map(key);
          const { added, removed } = tracker.markSlice(column, RowMask.of(range, chosen));
          const wanted = cells(column, chosen).filter((ref) => naive.isWanted(ref) && !naive.isLost(ref));
          for (const ref of wanted) naive.complete.add(key(ref));
          // A finished whole column leaves the frontier with all its cells.
          if (graph.strategyOf(column) === 'column')
            for (const row of rows) naive.taken.add(key(cell(column, row)));
          naive.offerGathered();
          enter(added);
          expectDelta(before, { added, removed });
        };
        const expectDelta = (
          before: readonly string[],
          delta: { added: readonly CellRef[]; removed: readonly CellRef[] },
        ) => {
          const after = new Set(before);
          for (const ref of delta.removed) assert(after.delete(key(ref)));
          for (const ref of delta.added) after.add(key(ref));
          assert.equal(tracker.frontier().map(key).sort().join(), [...after].sort().join());
        };
        const inFlight: { column: string; rows: readonly number[] }[] = [];

        const perform = ({ kind, pick, size }: Step) => {
          const ready = tracker.frontier();
          const first = ready[pick % Math.max(ready.length, 1)];
          if (kind === 'dispatch' && first !== undefined) {
            const sameColumn = ready.filter(({ column }) => column === first.column).map(({ row }) => row);
            const chosen = graph.gathers(first.column)
              ? sameColumn
              : sameColumn.filter((row) => row >= first.row).slice(0, size);
            tracker.markDispatched(first.column, RowMask.of(range, chosen));
            for (const row of chosen) naive.taken.add(key(cell(first.column, row)));
            inFlight.push({ column: first.column, rows: chosen });
          } else if (kind === 'finish') {
            const [slice] = inFlight.splice(pick % Math.max(inFlight.length, 1), 1);
            if (slice !== undefined) complete(slice.column, slice.rows);
          } else if (kind === 'fail') {
            const [slice] = inFlight.splice(pick % Math.max(inFlight.length, 1), 1);
            if (slice === undefined) return;
            const failed = slice.rows.slice(pick % slice.rows.length).slice(0, size);
            complete(
              slice.column,
              slice.rows.filter((row) => !failed.includes(row)),
            );
            const before = tracker.frontier().map(key);
            const delta = tracker.markFailed(slice.column, RowMask.of(range, failed));
            for (const row of failed) {
              if (!naive.complete.has(key(cell(slice.column, row))))
                naive.failed.add(key(cell(slice.column, row)));
              naive.dropped.add(row);
            }
            naive.offerGathered();
            enter(delta.added);
            expectDelta(before, delta);
          } else if (kind === 'complete') {
            const column = graph.storedColumns[pick % Math.max(graph.storedColumns.length, 1)];
            if (column === undefined || graph.gathers(column)) return;
            const start = pick % rows.length;
            complete(column, rows.slice(start, start + size));
          } else if (kind === 'drop') {
            const start = pick % rows.length;
            const chosen = rows.slice(start, start + Math.ceil(size / 4));
            const before = tracker.frontier().map(key);
            const delta = tracker.dropRows(RowMask.of(range, chosen));
            for (const row of chosen) naive.dropped.add(row);
            naive.offerGathered();
            enter(delta.added);
            expectDelta(before, delta);
          }
        };
        const check = () => {
          assert.equal(tracker.frontier().map(key).join(), naive.frontier().map(key).join());
          expect(tracker.isRowGroupComplete).toBe(naive.isComplete());
          expect(tracker.dropped().rows()).toEqual([...naive.dropped].sort((one, other) => one - other));
        };

        check();
        for (const one of steps) {
          perform(one);
          check();
        }
        for (const column of graph.storedColumns)
          if (graph.strategyOf(column) === 'root') complete(column, rows);
        while (inFlight.length > 0 || tracker.frontier().length > 0) {
          perform({ kind: 'dispatch', pick: 0, size: rows.length });
          perform({ kind: 'finish', pick: 0, size: 0 });
          check();
        }
        expect(tracker.isRowGroupComplete).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
