// Small literal graphs, masks and cells for tests.

import { ExecutionGraph } from '../../src/graph/execution-graph.ts';
import { RowMask } from '../../src/graph/row-mask.ts';
import type { CellRef, GraphColumn, OpenedRowGroup, RowRange } from '../../src/graph/types.ts';

/** A column by its needs alone, or with all that differs from a cell column. */
export type ColumnSketch = readonly string[] | Partial<Omit<GraphColumn, 'name'>>;

/** A graph by names: a column without needs is a root, any other is made cell by cell. */
export function graphOf(sketches: { readonly [name: string]: ColumnSketch }): ExecutionGraph {
  return ExecutionGraph.create(
    Object.entries(sketches).map(([name, sketch]): GraphColumn => {
      const column: Partial<GraphColumn> = 'length' in sketch ? { needs: sketch } : sketch;
      const needs = column.needs ?? [];
      return { name, strategy: needs.length === 0 ? 'root' : 'cell', limiters: [], ...column, needs };
    }),
  );
}

export function cell(column: string, row = 0): CellRef {
  return { column, row };
}

export function cells(column: string, rows: readonly number[]): readonly CellRef[] {
  return rows.map((row) => cell(column, row));
}

/** What openRowGroup finds for `rows`: all root cells, and of other columns the cells in `made`. */
export function openedOf(
  graph: ExecutionGraph,
  options: {
    rows: RowRange;
    made?: { readonly [column: string]: readonly number[] };
    dropped?: readonly number[];
  },
): OpenedRowGroup {
  const { rows, made = {}, dropped = [] } = options;
  const columns = graph.storedColumns.map((name) => {
    const isRoot = graph.strategyOf(name) === 'root';
    const mask = isRoot ? RowMask.full(rows) : RowMask.of(rows, made[name] ?? []);
    return [name, { made: mask.toHex(), part: mask.isEmpty ? null : `${name}/base` }];
  });
  return { rows, dropped: RowMask.of(rows, dropped).toHex(), columns: Object.fromEntries(columns) };
}
