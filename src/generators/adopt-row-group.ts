import type { RowRange } from '../graph/types.ts';
import type { Plan } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { type CellIndex, gatherRecords } from '../store/gather.ts';
import { type Adoption, adoptCells } from './adopt-cells.ts';
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
}): Promise<Adoption> {
  const { dataset, plan, order, roots, rowGroup, rows, index } = place;
  const [gathered, made] = await Promise.all([
    gatherRecords(dataset, { plan, rowGroup, rows, ...(index === undefined ? {} : { index }) }),
    roots.make(rows),
  ]);
  return adoptCells({ plan, order, rows, roots: made, records: gathered.records });
}
