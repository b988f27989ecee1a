// What the store has of a row group: every record of its files, whatever slice, start or plan they come from.

import type { RowRange } from '../graph/types.ts';
import type { Plan } from '../plan.ts';
import { scanCellFile, withCellFiles } from './cell-files.ts';
import type { DatasetStore } from './dataset-store.ts';
import type { CellPlace } from './names.ts';
import { type CellRecord, identityOf, type StoredRecord } from './records.ts';

export interface GatherOptions {
  readonly columns: readonly string[];
  readonly rowGroup: number;
  /** All of the group by default. */
  readonly rows?: RowRange;
  /** The start that made the current output of the group: its cells are marked `chosen`. */
  readonly chosenBy?: number | undefined;
}

const ALL_ROWS: RowRange = { first: 0, last: Number.POSITIVE_INFINITY };

/** By column; ascending by row, then by age; copies of one record are one. Writes nothing. */
export async function gatherRecords(
  dataset: DatasetStore,
  { columns, rowGroup, rows, chosenBy }: GatherOptions,
): Promise<ReadonlyMap<string, readonly CellRecord[]>> {
  const records = new Map<string, readonly CellRecord[]>();
  for (const column of columns) {
    const found = await gatherColumn(dataset, { column, rowGroup }, rows);
    const cells = found.map((record) => asCell(record, chosenBy));
    records.set(column, cells);
  }
  return records;
}

/** The columns with cells in the store: all but inline ones. */
export function storedColumns(plan: Plan): string[] {
  return plan.columns.filter(({ strategy }) => strategy !== 'inline').map(({ name }) => name);
}

async function gatherColumn(
  dataset: DatasetStore,
  place: CellPlace,
  { first, last }: RowRange = ALL_ROWS,
): Promise<StoredRecord[]> {
  return withCellFiles(dataset, place, async (files) => {
    const records = new Map<string, StoredRecord>();
    for (const file of files) {
      await scanCellFile(dataset, file, (record) => {
        if (record.row < first || record.row > last) return;
        const identity = identityOf(record);
        const chosenBy = [...(records.get(identity)?.chosenBy ?? []), ...(record.chosenBy ?? [])];
        records.set(identity, chosenBy.length === 0 ? record : { ...record, chosenBy });
      });
    }
    return [...records]
      .sort(
        ([identity, left], [other, right]) =>
          left.row - right.row || left.at - right.at || (identity < other ? -1 : 1),
      )
      .map(([, record]) => record);
  });
}

function asCell({ chosenBy, ...cell }: StoredRecord, current: number | undefined): CellRecord {
  const isChosen = current !== undefined && chosenBy?.includes(current) === true;
  return isChosen ? { ...cell, chosen: true } : cell;
}
