import { findOwn, setOwn } from '../own-keys.ts';
import type { ColumnTotals, Totals } from './types.ts';

type ByColumn = Readonly<Record<string, ColumnTotals>>;

export const NO_TOTALS: Totals = { rows: 0, dropped: 0, columns: {} };

export function addColumnTotals(left: ByColumn, right: ByColumn): ByColumn {
  const sum: Record<string, ColumnTotals> = { ...left };
  for (const [column, more] of Object.entries(right)) {
    const have = findOwn(sum, column);
    setOwn(
      sum,
      column,
      have === undefined
        ? more
        : {
            made: have.made + more.made,
            failed: have.failed + more.failed,
            calls: have.calls + more.calls,
            failedCalls: have.failedCalls + more.failedCalls,
            promptTokens: have.promptTokens + more.promptTokens,
            completionTokens: have.completionTokens + more.completionTokens,
          },
    );
  }
  return sum;
}

export function addTotals(left: Totals, right: Totals): Totals {
  return {
    rows: left.rows + right.rows,
    dropped: left.dropped + right.dropped,
    columns: addColumnTotals(left.columns, right.columns),
  };
}

type Cost = Pick<ColumnTotals, 'calls' | 'failedCalls' | 'promptTokens' | 'completionTokens'>;

/** Calls and tokens together, of columns or whatever else has its own. */
export function sumCosts(costs: Readonly<Record<string, Cost>> | ArrayLike<Cost>): Cost {
  const sum = { calls: 0, failedCalls: 0, promptTokens: 0, completionTokens: 0 };
  for (const cost of Object.values(costs)) {
    sum.calls += cost.calls;
    sum.failedCalls += cost.failedCalls;
    sum.promptTokens += cost.promptTokens;
    sum.completionTokens += cost.completionTokens;
  }
  return sum;
}
