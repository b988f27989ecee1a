// Makes the roots, finds the cells that exist, and writes one base part a column with them. Safe to repeat: a base
// part is a copy, and nothing it was folded from is removed.

import { adoptRowGroup } from '../generators/adopt-row-group.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { OpenedRowGroup } from '../graph/types.ts';
import type { OpenRowGroupInput } from '../protocol.ts';
import { createPart } from '../store/parts.ts';
import type { Build } from './builds.ts';

export async function openRowGroupActivity(
  build: Build,
  { rowGroup, rows }: OpenRowGroupInput,
): Promise<OpenedRowGroup> {
  const adoption = await adoptRowGroup({ ...build, order: build.graph.order, rowGroup, rows });
  const dropped = RowMask.empty(rows);
  for (const row of adoption.dropped.keys()) dropped.set(row);
  const columns: Record<string, OpenedRowGroup['columns'][string]> = {};
  for (const [column, { chosen }] of adoption.columns) {
    const made = RowMask.empty(rows);
    const part = createPart(build.dataset, { column, rows, rowGroup, epoch: build.ref.epoch, kind: 'base' });
    try {
      await Promise.all(
        [...chosen].map(([row, record]) => {
          made.set(row);
          return part.append(record);
        }),
      );
    } finally {
      await part.close();
    }
    columns[column] = { made: made.toHex(), part: part.isEmpty ? null : part.name };
  }
  return { rows, dropped: dropped.toHex(), columns };
}
