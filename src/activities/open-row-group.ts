// Makes the roots, finds the cells that exist, and writes one base part a column with them, with the conversations that
// an earlier start left open, and with the cells that crashed the worker. Cells that may turn out to be right once their
// upstream is made again go to a part of their own, which nobody names: a slice finds them there by their digest. Safe to
// repeat: these parts are copies, and nothing they were folded from is removed.

import { adoptRowGroup } from '../generators/adopt-row-group.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { OpenedRowGroup, PartName, RowRange } from '../graph/types.ts';
import type { OpenRowGroupInput } from '../protocol.ts';
import { openTurns } from '../store/open-turns.ts';
import { createPart } from '../store/parts.ts';
import { type CellRecord, isCrash } from '../store/records.ts';
import type { Build } from './builds.ts';

export async function openRowGroupActivity(
  build: Build,
  { rowGroup, rows }: OpenRowGroupInput,
): Promise<OpenedRowGroup> {
  const adoption = await adoptRowGroup({ ...build, order: build.graph.order, rowGroup, rows });
  const dropped = RowMask.empty(rows);
  for (const row of adoption.dropped.keys()) dropped.set(row);
  const columns: Record<string, OpenedRowGroup['columns'][string]> = {};
  for (const [column, { chosen, wanted }] of adoption.columns) {
    const made = RowMask.empty(rows);
    for (const row of chosen.keys()) made.set(row);
    const records = adoption.records.get(column) ?? [];
    const carried = [...openTurns(records), ...records.filter(isCrash)].filter(({ row }) => !chosen.has(row));
    const candidates = records.filter(
      ({ row, status }) => status === 'ok' && wanted.get(row) === 'downstream',
    );
    const place = { column, rows, rowGroup };
    columns[column] = {
      made: made.toHex(),
      part: await writePart(build, place, [...chosen.values(), ...carried]),
    };
    await writePart(build, place, candidates);
  }
  return { rows, dropped: dropped.toHex(), columns };
}

/** The part's name; null for no records. */
async function writePart(
  build: Build,
  place: { readonly column: string; readonly rows: RowRange; readonly rowGroup: number },
  records: readonly CellRecord[],
): Promise<PartName | null> {
  const part = createPart(build.dataset, { ...place, epoch: build.ref.epoch, kind: 'base' });
  try {
    await Promise.all(records.map((record) => part.append(record)));
  } finally {
    await part.close();
  }
  return part.isEmpty ? null : part.name;
}
