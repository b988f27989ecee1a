// What the rules of a plan say of one cell: whether it is kept, and how often it was to be made again.

import type { Plan, RowRanges } from './plan.ts';

/** The redo counter of a cell under a plan. */
export function redoCounterOf(
  plan: Plan,
  { column, row }: { readonly column: string; readonly row: number },
): number {
  let counter = 0;
  for (const rule of plan.redo) {
    if (rule.column === column && includesRow(rule.rows, row)) counter = Math.max(counter, rule.counter);
  }
  return counter;
}

/** Whether a plan keeps a cell whatever its digest. */
export function isKept(
  plan: Plan,
  { column, row }: { readonly column: string; readonly row: number },
): boolean {
  return plan.keep.some(
    (rule) => (rule.column === null || rule.column === column) && includesRow(rule.rows, row),
  );
}

export function includesRow(ranges: RowRanges, row: number): boolean {
  return ranges === null || ranges.some(({ first, last }) => first <= row && row <= last);
}
