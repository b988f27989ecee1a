// Makes the roots, finds the cells that exist, and writes one base part a column with them and with the conversations
// that an earlier start left open. Safe to repeat: a base part is a copy, and nothing it was folded from is removed.

import { adoptRowGroup } from '../generators/adopt-row-group.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { OpenedRowGroup } from '../graph/types.ts';
import type { OpenRowGroupInput } from '../protocol.ts';
import { openTurns } from '../store/open-turns.ts';
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
    for (const row of chosen.keys()) made.set(row);
    const turns = openTurns(adoption.records.get(column) ?? []).filter(({ row }) => !chosen.has(row));
    const part = createPart(build.dataset, { column, rows, rowGroup, epoch: build.ref.epoch, kind: 'base' });
    try {
      await Promise.all([...chosen.values(), ...turns].map((record) => part.append(record)));
    } finally {
      await part.close();
    }
    columns[column] = { made: made.toHex(), part: part.isEmpty ? null : part.name };
  }
  return { rows, dropped: dropped.toHex(), columns };
}
