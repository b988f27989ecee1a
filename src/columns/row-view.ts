import { redoCounterOf } from '../cell-rules.ts';
import { columnDraws } from '../draws.ts';
import type { Plan, PlanColumn } from '../plan.ts';
import type { RowView, Values } from './maker.ts';

/** What the maker of a column sees of rows. */
export function openViews(plan: Plan, { name }: PlanColumn): (row: number, values: Values) => RowView {
  // The names of its uses are hashed once for a column.
  const uses = new Map<string | undefined, ReturnType<typeof columnDraws>>();
  function drawsOf(use: string | undefined) {
    const known = uses.get(use);
    if (known !== undefined) return known;
    const draws = columnDraws(use === undefined ? [plan.seed, name] : [plan.seed, name, use]);
    uses.set(use, draws);
    return draws;
  }
  return (row, values) => {
    const redo = redoCounterOf(plan, { column: name, row });
    return { row, values, redo, draw: (use) => drawsOf(use)(row, redo) };
  };
}
