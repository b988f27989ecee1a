// The rows of a slice: the cells of the parts that the child named, and the inline columns over them.

import { CellError } from '../errors.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { SliceTask } from '../graph/types.ts';
import { partsSource } from '../rows/parts.ts';
import type { AssembledRow } from '../rows/row.ts';
import type { Build } from './build.ts';

/** Rows that an inline column or the condition of a skip fails in are in neither: they are dropped. */
export interface SliceRows {
  /** The rows that have what their cell is made from. For a whole column all of the group that do, else those to be made. */
  readonly ready: readonly AssembledRow[];
  readonly skipped: readonly number[];
}

export async function readSliceRows(build: Build, task: SliceTask): Promise<SliceRows> {
  const { assembler } = build;
  const column = build.columnOf(task.column);
  const mask = RowMask.fromHex(task.rows, task.mask);
  const isWhole = column.strategy === 'column';
  const rows = await assembler.assemble({
    rows: isWhole ? RowMask.full(task.rows).rows() : mask.rows(),
    columns: new Set([...Object.keys(task.parts), ...build.inlineUpstreamOf(task.column)]),
    source: partsSource({ parts: task.parts, read: build.readPart }),
  });
  const ready: AssembledRow[] = [];
  const skipped: number[] = [];
  for (const row of rows) {
    const isFailed = row.failure !== null;
    const skip = isFailed ? false : assembler.skips(column, row);
    if (isFailed || skip instanceof CellError) {
      if (mask.has(row.row)) build.calls.outcomes.failRow(row.row);
    } else if (skip === true) {
      if (mask.has(row.row)) skipped.push(row.row);
    } else if (column.needs.every((need) => Object.hasOwn(row.values, need))) ready.push(row);
    else if (mask.has(row.row)) {
      throw new Error(
        `Row ${row.row} has not all cells that column "${column.name}" needs in the named parts`,
      );
    }
  }
  return { ready, skipped };
}
