// Counts what a plan would make, and what is there: the read-only half of opening every row group.

import { graphColumns } from '../config/graph-columns.ts';
import type { ColumnCount } from '../generators/adopt-cells.ts';
import { adoptRowGroup } from '../generators/adopt-row-group.ts';
import { openRoots } from '../generators/roots.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import { groupCount, rowsOfGroup } from '../graph/row-groups.ts';
import { sizeOf } from '../graph/row-mask.ts';
import { isModelColumn, type Plan, type Settings } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { CellIndex, storedColumns } from '../store/gather.ts';
import { type Base, findGroup, isTrusted } from '../store/groups.ts';

export interface CellCounts {
  /** Model columns only, in the plan's order. */
  readonly columns: { readonly [column: string]: ColumnCount };
  /** Rows of the current output whose values change or are to be made again. */
  readonly changedRows: number;
  /** Hosts that kept cells came from. */
  readonly keptHosts: readonly string[];
}

const NOTHING: ColumnCount = { kept: 0, missing: 0, stale: 0, downstream: 0, retried: 0 };

export async function countCells(options: {
  /** Null before the dataset is made. */
  readonly dataset: DatasetStore | null;
  readonly plan: Plan;
  readonly planDigest: string;
  readonly settings: Settings;
}): Promise<CellCounts> {
  const { dataset, plan, planDigest, settings } = options;
  const shape = { rows: settings.rows, rowGroupSize: plan.rowGroupSize };
  const models = plan.columns.filter(isModelColumn).map(({ name }) => name);
  const columns: Record<string, ColumnCount> = Object.fromEntries(models.map((name) => [name, NOTHING]));
  const hosts = new Set<string>();
  let changedRows = 0;
  function add(column: string, more: Partial<ColumnCount>): void {
    const have = columns[column];
    if (have === undefined) return;
    columns[column] = {
      kept: have.kept + (more.kept ?? 0),
      missing: have.missing + (more.missing ?? 0),
      stale: have.stale + (more.stale ?? 0),
      downstream: have.downstream + (more.downstream ?? 0),
      retried: have.retried + (more.retried ?? 0),
    };
  }

  if (dataset === null) {
    for (const name of models) add(name, { missing: settings.rows });
    return { columns, changedRows, keptHosts: [] };
  }
  const { order } = ExecutionGraph.create(graphColumns(plan, settings));
  const index = await CellIndex.read(dataset, {
    columns: storedColumns(plan),
    rowGroupSize: plan.rowGroupSize,
  });
  const known = new Set(index.groups());
  const roots = await openRoots(plan, settings);
  for (let rowGroup = 0; rowGroup < groupCount(shape); rowGroup += 1) {
    const rows = rowsOfGroup(rowGroup, shape);
    if (!known.has(rowGroup)) {
      for (const name of models) add(name, { missing: sizeOf(rows) });
      continue;
    }
    const trusted = await findTrusted(dataset, { planDigest, rowGroup, rows });
    if (trusted !== undefined) {
      for (const name of models) add(name, { kept: trusted });
      continue;
    }
    const adoption = await adoptRowGroup({ dataset, plan, order, roots, rowGroup, rows, index });
    changedRows += adoption.changedRows;
    for (const [name, { count, chosen }] of adoption.columns) {
      add(name, count);
      for (const { host } of chosen.values()) if (host !== null) hosts.add(host);
    }
  }
  return { columns, changedRows, keptHosts: [...hosts].sort() };
}

/** The rows of a group that need not be opened, in place or in the changed plan's output. */
async function findTrusted(
  dataset: DatasetStore,
  {
    planDigest,
    rowGroup,
    rows,
  }: { planDigest: string; rowGroup: number; rows: { first: number; last: number } },
): Promise<number | undefined> {
  for (const base of ['place', 'next'] satisfies Base[]) {
    const group = await findGroup(dataset, { rowGroup, base });
    if (group !== undefined && isTrusted(group, { planDigest, rows })) return group.rowCount;
  }
  return undefined;
}

/** Sums over columns. `again` is what is asked about: existing cells to be made again or retried. */
export function sumCounts({ columns }: CellCounts): {
  kept: number;
  missing: number;
  again: number;
  calls: number;
} {
  const sum = { kept: 0, missing: 0, again: 0, calls: 0 };
  for (const count of Object.values(columns)) {
    const again = count.stale + count.downstream + count.retried;
    sum.kept += count.kept;
    sum.missing += count.missing;
    sum.again += again;
    sum.calls += count.missing + again;
  }
  return sum;
}
