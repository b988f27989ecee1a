// Opens the makers of a plan's columns: what reads and computes cells works with those, whatever their kinds.

import type { PlanColumn } from '../plan.ts';
import type { Value } from '../values.ts';
import { loadMaker } from './kinds.ts';
import type { Maker, Opening, OpenMaker, OpenRoots, RootMaker, RowView } from './maker.ts';

export interface OpenCells {
  readonly column: PlanColumn;
  readonly shape: 'cells';
  readonly maker: OpenMaker<unknown>;
}

export type OpenColumn =
  | { readonly column: PlanColumn; readonly shape: 'root' }
  | {
      readonly column: PlanColumn;
      readonly shape: 'inline';
      readonly compute: (row: RowView) => Value;
    }
  | OpenCells;

/** What the cells of root columns are taken from beside the plan. */
export type RootSources = Pick<Parameters<RootMaker<PlanColumn>['open']>[1], 'seeds' | 'personaFolder'>;

export interface OpenColumns {
  /** In graph order. */
  readonly columns: readonly OpenColumn[];
  /** Opens the makers of the root columns, each for all columns of its kind. */
  openRoots(of: RootSources): readonly OpenRoots[];
}

/** `order` has the names of the plan's columns, each after those that it needs. */
export async function openColumns({
  plan,
  order,
  local,
}: Opening & { readonly order: readonly string[] }): Promise<OpenColumns> {
  const byName = new Map(plan.columns.map((column) => [column.name, column]));
  const ordered = order.map((name) => byName.get(name)!);
  const makers = new Map<string, Maker<PlanColumn>>();
  for (const { kind } of ordered) if (!makers.has(kind)) makers.set(kind, await loadMaker(kind));
  const columns = ordered.map((column): OpenColumn => {
    const maker = makers.get(column.kind)!;
    if (maker.shape === 'root') return { column, shape: 'root' };
    return maker.shape === 'inline'
      ? { column, shape: 'inline', compute: maker.open(column, { plan }) }
      : { column, shape: 'cells', maker: maker.open(column, { plan, local }) };
  });
  const rootMakers = [...makers].filter(
    (entry): entry is [string, RootMaker<PlanColumn>] => entry[1].shape === 'root',
  );
  return {
    columns,
    openRoots: (sources) =>
      rootMakers.map(([kind, maker]) => {
        const own = ordered.filter((column) => column.kind === kind);
        return maker.open(own, { plan, ...sources });
      }),
  };
}
