// Where the cells of a row group are: the part found at opening, and the parts that slices wrote since.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.

import { findOwn } from '../own-keys.ts';
import type { ExecutionGraph } from './execution-graph.ts';
import { sliceCount } from './row-groups.ts';
import type { RowMask } from './row-mask.ts';
import type { OpenedRowGroup, PartName, RowRange } from './types.ts';

export type PartNames = { readonly [column: string]: readonly PartName[] };

interface Part {
  readonly part: PartName;
  /** The cells that readers find in it. */
  readonly made: RowMask;
}

interface ColumnParts {
  readonly sliceRows: number;
  readonly base: Part | null;
  /** Parts with cells of each slice of this run, by slice number. */
  readonly bySlice: Part[][];
  /** The part found at opening, then every part of this run in order of arrival. */
  readonly all: PartName[];
}

export interface GroupPartsOptions {
  readonly graph: ExecutionGraph;
  readonly opened: OpenedRowGroup;
  /** The cells of the base parts that count: a column made as a whole may have been found in pieces, and is made again. */
  readonly adopted: (column: string) => RowMask;
  readonly sliceRowsOf: (column: string) => number;
}

export class GroupParts {
  readonly #rows: RowRange;
  readonly #graph: ExecutionGraph;
  /** Stored columns, in graph order. */
  readonly #columns = new Map<string, ColumnParts>();

  constructor({ graph, opened, adopted, sliceRowsOf }: GroupPartsOptions) {
    this.#rows = opened.rows;
    this.#graph = graph;
    for (const column of graph.storedColumns) {
      const { part } = findOwn(opened.columns, column)!;
      const sliceRows = sliceRowsOf(column);
      this.#columns.set(column, {
        sliceRows,
        base: part === null ? null : { part, made: adopted(column) },
        bySlice: Array.from({ length: sliceCount(this.#rows, sliceRows) }, () => []),
        all: part === null ? [] : [part],
      });
    }
  }

  /** Takes a part of this run. */
  add(column: string, { part, made }: Part): void {
    const { all, bySlice, sliceRows } = this.#columns.get(column)!;
    all.push(part);
    if (!made.isEmpty) bySlice[this.#sliceNumber(made.range.first, sliceRows)]!.push({ part, made });
  }

  /**
   * Every part of every stored column, those that hold failed cells alone too: the base part, then in order of arrival.
   * Where several hold a cell the last one counts.
   */
  all(): PartNames {
    return Object.fromEntries([...this.#columns].map(([column, { all }]) => [column, [...all]]));
  }

  /** The parts of every stored column that `column` needs, those only that hold cells of `rows`. */
  for(column: string, rows: RowRange): PartNames {
    const parts = this.#graph.storedUpstreamOf(column).map((needed): [string, readonly PartName[]] => {
      const { base, bySlice, sliceRows } = this.#columns.get(needed)!;
      const from = this.#sliceNumber(rows.first, sliceRows);
      const slices = bySlice.slice(from, this.#sliceNumber(rows.last, sliceRows) + 1).flat();
      const parts = base === null ? slices : [base, ...slices];
      return [needed, parts.flatMap(({ part, made }) => (made.slice(rows).isEmpty ? [] : part))];
    });
    return Object.fromEntries(parts);
  }

  #sliceNumber(row: number, sliceRows: number): number {
    return Math.floor((row - this.#rows.first) / sliceRows);
  }
}
