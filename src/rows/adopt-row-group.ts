import type { RowRange } from '../graph/types.ts';
import type { LocalMedia } from '../local-media.ts';
import { findOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import { listCellFiles } from '../store/cell-files.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { gatherRecords, storedColumns } from '../store/gather.ts';
import { failuresOf, findGroup, type GroupRecord } from '../store/groups.ts';
import { imageFolder, isOfAllEditions } from '../store/names.ts';
import { findPublished, listEditions } from '../store/published.ts';
import type { CellRecord } from '../store/records.ts';
import { picturesIn } from '../turns.ts';
import { type AdoptInput, adoptCells } from './adopt.ts';
import type { Adoption, EarlierOutput } from './adoption.ts';
import type { Assembler } from './assemble.ts';
import { areAsRead } from './file-reads.ts';
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
  readonly assembler: Assembler;
  readonly roots: Roots;
  readonly digests: GroupDigests;
  readonly local: LocalMedia;
  readonly rowGroup: number;
  readonly rows: RowRange;
  /** Only what an edit can have touched, to count it. */
  readonly readsChangesOnly?: boolean;
  /** See `AdoptInput`. */
  readonly lost?: AdoptInput['lost'];
  /** Fires when nobody waits for it. */
  readonly signal?: AbortSignal;
}): Promise<AdoptedRowGroup> {
  const { dataset, plan, assembler, roots, digests, local, rowGroup, rows } = place;
  const { readsChangesOnly = false, lost, signal } = place;
  const order = assembler.columns.map(({ column }) => column.name);
  const published = await findPublished(dataset);
  const group =
    published === undefined ? undefined : await findGroup(dataset, { epoch: published, rowGroup });
  const unchanged =
    group === undefined ? new Set<string>() : unchangedColumns(group, digests.definitions(rows), local);
  const read =
    readsChangesOnly && group !== undefined && hasAllRows(group, rows)
      ? columnsToRead({ plan, assembler, unchanged, gone: await columnsWithoutFiles(dataset, plan, group) })
      : new Set(order);
  const [gathered, made, output] = await Promise.all([
    gatherRecords(dataset, {
      columns: storedColumns(plan).filter((column) => read.has(column)),
      rowGroup,
      rows,
      chosenBy: group?.epoch,
    }),
    roots.make(rows, signal),
    readEarlierOutput(dataset, rowGroup, group),
  ]);
  const records = await withoutLostPictures(dataset, gathered);
  const unread = new Set(order.filter((column) => !read.has(column)));
  const adoption = await adoptCells({
    plan,
    assembler,
    rows,
    roots: made,
    records,
    output,
    unchanged,
    unread,
    ...(lost === undefined ? {} : { lost }),
  });
  return { ...adoption, records, unread };
}

/** An accepted cell whose picture is gone from the folder is none: it is made again, as lost ones are. */
async function withoutLostPictures(
  { files }: DatasetStore,
  gathered: ReadonlyMap<string, readonly CellRecord[]>,
): Promise<ReadonlyMap<string, readonly CellRecord[]>> {
  const isThere = async ({ turns }: CellRecord) => {
    const pictures = picturesIn(turns);
    const stats = await Promise.all(pictures.map(({ name }) => files.findStat(name)));
    return stats.every((stat, index) => stat?.sizeBytes === pictures[index]!.sizeBytes);
  };
  const kept = new Map<string, readonly CellRecord[]>();
  for (const [column, records] of gathered) {
    const isPictures = records.some(({ turns }) => picturesIn(turns).length > 0);
    if (!isPictures) kept.set(column, records);
    else {
      const found = await Promise.all(records.map(isThere));
      kept.set(
        column,
        records.filter((_, index) => found[index]),
      );
    }
  }
  return kept;
}

function unchangedColumns(
  group: GroupRecord,
  definitions: { readonly [column: string]: string },
  local: LocalMedia,
): ReadonlySet<string> {
  const isUnchanged = (name: string) =>
    findOwn(group.definitions, name) === findOwn(definitions, name) && areAsRead(group.reads, local, name);
  return new Set(Object.keys(definitions).filter(isUnchanged));
}

function hasAllRows(group: GroupRecord, { first, last }: RowRange): boolean {
  return group.rowsInFiles.some((range) => range.first <= first && last <= range.last);
}

/** The columns whose settled file or pictures are gone since the group was committed, or were folded into another one. */
async function columnsWithoutFiles(
  dataset: DatasetStore,
  plan: Plan,
  { rowGroup, covers, files: outputs }: GroupRecord,
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  const withoutPicture = new Set<string>();
  for (const { name, sizeBytes } of outputs.filter(({ name }) => isOfAllEditions(name))) {
    const stat = await dataset.files.findStat(name);
    if (stat?.sizeBytes !== sizeBytes) withoutPicture.add(name.slice(0, name.lastIndexOf('/')));
  }
  for (const column of storedColumns(plan)) {
    // The last one that a record covers holds what was in the others, most of which are folded away by now.
    const settled = findOwn(covers, column)?.at(-1);
    const files = await listCellFiles(dataset, { column, rowGroup });
    const isWhole = files.some(({ name }) => name === settled) && !withoutPicture.has(imageFolder(column));
    if (!isWhole) gone.add(column);
  }
  return gone;
}

/**
 * The columns that changed or are gone, those below them, and what they are made from: nothing else can have a cell that
 * is to be made. What is above that is as it was for the current output.
 */
function columnsToRead(of: {
  readonly plan: Plan;
  readonly assembler: Assembler;
  readonly unchanged: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}): ReadonlySet<string> {
  const { plan, assembler, unchanged, gone } = of;
  const columns = new Map(assembler.columns.map((open) => [open.column.name, open]));
  const needsOf = (name: string) => columns.get(name)!.column.needs.map((need) => assembler.producerOf(need));
  const touched = new Set<string>();
  const read = new Set<string>();
  function addNeeds(name: string): void {
    for (const need of needsOf(name)) {
      read.add(need);
      if (columns.get(need)?.shape === 'inline') addNeeds(need);
    }
  }
  for (const name of columns.keys()) {
    // A kept root is what it was, not what it would be made from today.
    const mayBeKept = plan.keep.some(({ column }) => column === null || column === name);
    const isBelow = needsOf(name).some((need) => touched.has(need));
    if (unchanged.has(name) && !gone.has(name) && !mayBeKept && !isBelow) continue;
    touched.add(name);
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
    drops: [group, later].flatMap((found) => (found === undefined ? [] : failuresOf(found))),
  };
}
