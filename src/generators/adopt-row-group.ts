import type { RowRange } from '../graph/types.ts';
import type { Plan } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { type CellIndex, type Gathered, gatherRecords, storedColumns } from '../store/gather.ts';
import { findGroup } from '../store/groups.ts';
import { readingBase } from '../store/swap.ts';
import { type Adoption, adoptCells, type EarlierOutput } from './adopt-cells.ts';
import type { Roots } from './roots.ts';

/** Reads what the store has of a row group and finds the cells that exist under a plan. Writes nothing. */
export async function adoptRowGroup(place: {
  readonly dataset: DatasetStore;
  readonly plan: Plan;
  readonly order: readonly string[];
  readonly roots: Roots;
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly index?: CellIndex;
}): Promise<Adoption & Pick<Gathered, 'records'>> {
  const { dataset, plan, order, roots, rowGroup, rows, index } = place;
  const [{ records }, made, output] = await Promise.all([
    gatherRecords(dataset, { plan, rowGroup, rows, ...(index === undefined ? {} : { index }) }),
    roots.make(rows),
    readEarlierOutput(dataset, rowGroup),
  ]);
  return { ...(await adoptCells({ plan, order, rows, roots: made, records, output })), records };
}

async function readEarlierOutput(dataset: DatasetStore, rowGroup: number): Promise<EarlierOutput> {
  const [place, next] = await Promise.all([
    readingBase(dataset, 'groups').then((base) => findGroup(dataset, { rowGroup, base })),
    findGroup(dataset, { rowGroup, base: 'next' }),
  ]);
  return {
    rows: place?.rowsInFiles ?? [],
    columns: place === undefined ? [] : storedColumns(await dataset.readPlan(place.planDigest)),
    drops: [...(place?.drops ?? []), ...(next?.drops ?? [])],
  };
}
