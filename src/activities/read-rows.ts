// The values that a slice's rows have: the cells of the parts that the child named, and the inline columns over them.

import { CellError } from '../errors.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { SliceTask } from '../graph/types.ts';
import { setOwn } from '../own-keys.ts';
import type { RowValues } from '../rows/generator.ts';
import type { Value } from '../values.ts';
import type { Build } from './build.ts';

/** By row. A row without values is one that an inline column cannot be made for: it is dropped. */
export async function readSliceRows(build: Build, task: SliceTask): Promise<ReadonlyMap<number, RowValues>> {
  const rows = new Map<number, Record<string, Value>>(
    RowMask.fromHex(task.rows, task.mask)
      .rows()
      .map((row) => [row, {}]),
  );
  for (const [column, parts] of Object.entries(task.parts)) {
    for (const part of parts) {
      const { accepted } = await build.readPart(part);
      for (const [row, values] of rows) {
        const record = accepted.get(row);
        if (record !== undefined) setOwn(values, column, record.value);
      }
    }
  }
  const needed = build.inlineUpstreamOf(task.column);
  for (const [row, values] of rows) {
    for (const column of Object.keys(task.parts)) {
      if (!Object.hasOwn(values, column))
        throw new Error(`Row ${row} has no cell of column "${column}" in the named parts`);
    }
    try {
      for (const column of needed) setOwn(values, column, build.inline.evaluate(column, row, values));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      rows.delete(row);
      build.calls.outcomes.failRow(row);
    }
  }
  return rows;
}
