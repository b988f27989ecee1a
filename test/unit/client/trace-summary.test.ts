import { expect, it } from 'vitest';
import { StartSummary, type TraceGraph } from '../../../src/client/look/trace-summary.ts';
import type { StoredTrace } from '../../../src/store/traces.ts';

const GRAPH: TraceGraph = {
  upstreamOf: (column) => (column === 'note' ? ['body'] : []),
  isInOrder: () => false,
};

/** A call of a row, or, without a row, the end of the slice. */
function trace(change: Partial<StoredTrace>): StoredTrace {
  return {
    ...{ start: 1, column: 'body', rowGroup: 0, firstRow: 0, lastRow: 1, row: null, dispatched: 1_000 },
    ...{ started: 1_100, permitAsked: null, permitAcquired: null, completed: 2_000 },
    ...{ status: 'ok', error: null, model: null, cells: 2, ...change },
  };
}

function call(row: number, [asked, acquired, done]: readonly [number, number, number], change = {}) {
  const times = { permitAsked: asked, permitAcquired: acquired, completed: done };
  return trace({ row, ...times, model: 'local/big', cells: 1, ...change });
}

function summaryOf(traces: readonly StoredTrace[]) {
  const summary = new StartSummary(1, GRAPH);
  for (const each of traces) summary.add(each);
  return summary.end();
}

it('adds up over cells how long they were queued, waited, called and did the rest', () => {
  const { at, tookMs, columns } = summaryOf([
    call(0, [1_150, 1_150, 1_450]),
    call(1, [1_150, 1_450, 1_950]),
    trace({}),
  ]);
  expect({ at, tookMs }).toEqual({ at: 1_000, tookMs: 1_000 });
  expect(columns).toEqual([
    {
      ...{ column: 'body', cells: 2, queuedMs: 200, waitingMs: 300, callingMs: 800, restMs: 100 },
      models: [
        {
          ...{ model: 'local/big', calls: 2, waitingMs: 300, callingMs: 800 },
          ...{ p50Ms: expect.closeTo(300, -1.5), p95Ms: expect.closeTo(500, -1.5) },
        },
      ],
    },
  ]);
});

it('counts a call for several cells once, and a slice that a crash cut off', () => {
  const { columns } = summaryOf([0, 1].map((row) => call(row, [1_100, 1_100, 1_200], { cells: 2 })));
  expect(columns[0]).toMatchObject({ cells: 2, callingMs: 200, models: [{ calls: 1 }] });
});

it('names the slice that ended last, after what it waited for', () => {
  const second = { column: 'note', dispatched: 2_050, started: 2_060, completed: 2_500 };
  const other = { firstRow: 2, lastRow: 3, completed: 2_040 };
  const { criticalPath } = summaryOf([
    call(1, [1_150, 1_450, 1_950]),
    trace({}),
    trace(other),
    call(0, [2_060, 2_060, 2_490], second),
    trace(second),
  ]);
  expect(criticalPath).toMatchObject([
    { column: 'body', rows: { first: 0, last: 1 }, lastRow: 1, heldMs: 0, fromMs: 0, untilMs: 1_000 },
    { column: 'note', rows: { first: 0, last: 1 }, lastRow: 0, heldMs: 50, queuedMs: 10, untilMs: 1_500 },
  ]);
});
