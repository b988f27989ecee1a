import type { RowRange } from '../graph/types.ts';
import { findOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { gatherRecords, storedColumns } from '../store/gather.ts';
import { findGroup, type GroupRecord } from '../store/groups.ts';
import { findPublished, listEditions } from '../store/published.ts';
import type { CellRecord } from '../store/records.ts';
import { type Adoption, adoptCells, type EarlierOutput } from './adopt-cells.ts';
import type { GroupDigests } from './group-digests.ts';
import type { Roots } from './roots.ts';

export interface AdoptedRowGroup extends Adoption {
  readonly records: ReadonlyMap<string, readonly CellRecord[]>;
  /** Columns whose cells are all there and right, and were not read. */
  readonly unread: ReadonlySet<string>;
}

/** Reads what the store has of a row group and finds the cells that exist under a plan. Writes nothing. */
export async function adoptRowGroup(place: {
  readonly dataset: DatasetStore;
  readonly plan: Plan;
  readonly order: readonly string[];
  readonly roots: Roots;
  readonly digests: GroupDigests;
  readonly rowGroup: number;
  readonly rows: RowRange;
  /** Only what an edit can have touched, to count it. */
  readonly readsChangesOnly?: boolean;
}): Promise<AdoptedRowGroup> {
  const { dataset, plan, order, roots, digests, rowGroup, rows, readsChangesOnly = false } = place;
  const published = await findPublished(dataset);
  const group =
    published === undefined ? undefined : await findGroup(dataset, { epoch: published, rowGroup });
  const unchanged =
    group === undefined ? new Set<string>() : unchangedColumns(group, digests.definitions(rows));
  const read = readsChangesOnly && hasAllRows(group, rows) ? columnsToRead(plan, unchanged) : new Set(order);
  const [records, made, output] = await Promise.all([
    gatherRecords(dataset, {
      columns: storedColumns(plan).filter((column) => read.has(column)),
      rowGroup,
      rows,
      chosenBy: group?.epoch,
    }),
    roots.make(rows),
    readEarlierOutput(dataset, rowGroup, group),
  ]);
  const unread = new Set(order.filter((column) => !read.has(column)));
  const adoption = await adoptCells({ plan, order, rows, roots: made, records, output, unchanged, unread });
  return { ...adoption, records, unread };
}

function unchangedColumns(
  group: GroupRecord,
  definitions: { readonly [column: string]: string },
): ReadonlySet<string> {
  const names = Object.keys(definitions);
  return new Set(names.filter((name) => findOwn(group.definitions, name) === findOwn(definitions, name)));
}

function hasAllRows(group: GroupRecord | undefined, { first, last }: RowRange): boolean {
  return group?.rowsInFiles.some((range) => range.first <= first && last <= range.last) === true;
}

/**
 * The columns that changed and what they are made from: nothing else can have a cell that is to be made. What is above that
 * is as it was for the current output.
 */
function columnsToRead(plan: Plan, unchanged: ReadonlySet<string>): ReadonlySet<string> {
  const byName = new Map(plan.columns.map((column) => [column.name, column]));
  const read = new Set<string>();
  function addNeeds(name: string): void {
    for (const need of byName.get(name)?.needs ?? []) {
      read.add(need);
      if (byName.get(need)?.kind === 'expression') addNeeds(need);
    }
  }
  for (const { name } of plan.columns) {
    // A kept root is what it was, not what it would be made from today.
    const mayBeKept = plan.keep.some(({ column }) => column === null || column === name);
    if (unchanged.has(name) && !mayBeKept) continue;
    read.add(name);
    addNeeds(name);
  }
  return read;
}

/** What earlier builds put out of these rows. */
async function readEarlierOutput(
  dataset: DatasetStore,
  rowGroup: number,
  group: GroupRecord | undefined,
): Promise<EarlierOutput> {
  // A build that was to replace the output may have met failures before it ended.
  const newest = (await listEditions(dataset)).at(-1);
  const later = newest === undefined ? undefined : await findGroup(dataset, { epoch: newest, rowGroup });
  return {
    rows: group?.rowsInFiles ?? [],
    columns: group === undefined ? [] : storedColumns(await dataset.readPlan(group.planDigest)),
    drops: [...(group?.drops ?? []), ...(later?.drops ?? [])],
  };
}
