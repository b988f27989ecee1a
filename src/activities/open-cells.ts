import { declarationOf, loadMaker } from '../columns/kinds.ts';
import type { OpenMaker } from '../columns/maker.ts';
import type { Plan, PlanColumn } from '../plan.ts';

/** What makes the cells of a column. */
export interface OpenCells {
  readonly maker: OpenMaker<unknown>;
  readonly readVersion: number;
}

/** Throws `TypeError` for a column that has no cells of its own. */
export async function openCells(plan: Plan, column: PlanColumn): Promise<OpenCells> {
  const maker = await loadMaker(column.kind);
  if (maker.shape !== 'cells') throw new TypeError(`Cannot make cells of column "${column.name}"`);
  return {
    maker: maker.open(column, { plan }),
    readVersion: declarationOf(column.kind).readVersion,
  };
}
