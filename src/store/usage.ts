// What was paid for. A group's record says what the files of cells that it covers had cost; files that came later are
// counted from the files themselves. So the sums survive whatever the cells survive.

import { addUsage, type CallUsage, isPaid, mergeUsage } from './call-usage.ts';
import { listCellColumns, listCellFiles, readFileUsage, withCellFiles } from './cell-files.ts';
import type { DatasetStore } from './dataset-store.ts';
import { findGroup, type GroupRecord } from './groups.ts';
import { columnFolder, parseNumbers } from './names.ts';
import { listEditions } from './published.ts';

export type GroupUsage = Pick<GroupRecord, 'covers' | 'usage'>;

/** What all calls cost whose records are in a group's files of cells, and which of these files nobody appends to any more. */
export async function countGroup(
  dataset: DatasetStore,
  rowGroup: number,
  columns: readonly string[],
): Promise<GroupUsage> {
  const counted = columns.map(async (column) => {
    const found = await withCellFiles(dataset, { column, rowGroup }, async (files) => {
      const usage = new Map<string, CallUsage>();
      const covers: string[] = [];
      for (const file of files) {
        const read = await readFileUsage(dataset, file);
        mergeUsage(usage, read.usage);
        if (read.isEnded) covers.push(file.name);
      }
      return { covers, usage: addUsage(usage.values()) };
    });
    return [column, found] as const;
  });
  const found = (await Promise.all(counted)).filter(
    ([, { covers, usage }]) => covers.length > 0 || isPaid(usage),
  );
  return {
    covers: Object.fromEntries(found.map(([column, { covers }]) => [column, covers])),
    usage: Object.fromEntries(
      found.filter(([, { usage }]) => isPaid(usage)).map(([column, { usage }]) => [column, usage]),
    ),
  };
}

/** The record, with what was paid since by builds that never committed the group: they leave files of cells. */
export async function recount(
  dataset: DatasetStore,
  group: GroupRecord,
  columns: readonly string[],
): Promise<GroupRecord> {
  const { rowGroup } = group;
  const covered = new Set(Object.values(group.covers).flat());
  const listed = await Promise.all(columns.map((column) => listCellFiles(dataset, { column, rowGroup })));
  const isCovered = listed.flat().every(({ name }) => covered.has(name));
  return isCovered ? group : { ...group, ...(await countGroup(dataset, rowGroup, columns)) };
}

/** What is known already of the groups of an edition: their records need not be read again. */
export interface KnownGroups {
  readonly epoch: number | undefined;
  readonly groups: ReadonlyMap<number, GroupRecord>;
}

/** All that was paid for, by column, those that the plan no longer has too. */
export async function readUsage(
  dataset: DatasetStore,
  known: KnownGroups = { epoch: undefined, groups: new Map() },
): Promise<{ readonly [column: string]: CallUsage }> {
  const columns = await listCellColumns(dataset);
  const editions = (await listEditions(dataset)).reverse();
  const newest = await dataset.newestEpoch();
  const sums = new Map<string, CallUsage>();
  for (const rowGroup of await listGroupsWithCells(dataset, columns)) {
    const found = await findNewestRecord(dataset, rowGroup, { editions, known });
    // What the newest build has committed is all counted; others may have been at work since a record was made.
    const isCounted = found !== undefined && found.epoch === newest && found.group.isComplete;
    const { usage } = isCounted
      ? found.group
      : found === undefined
        ? await countGroup(dataset, rowGroup, columns)
        : await recount(dataset, found.group, columns);
    for (const [column, cost] of Object.entries(usage)) {
      sums.set(column, addUsage([sums.get(column) ?? {}, cost]));
    }
  }
  return Object.fromEntries([...sums].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The numbers of the groups that have files of cells of some columns, ascending. */
export async function listGroupsWithCells(
  dataset: DatasetStore,
  columns: readonly string[],
): Promise<number[]> {
  const groups = new Set<number>();
  for (const column of columns) {
    const names = await dataset.files.list(`cells/${columnFolder(column)}`);
    for (const rowGroup of parseNumbers(names)) groups.add(rowGroup);
  }
  return [...groups].sort((left, right) => left - right);
}

async function findNewestRecord(
  dataset: DatasetStore,
  rowGroup: number,
  { editions, known }: { readonly editions: readonly number[]; readonly known: KnownGroups },
): Promise<{ readonly epoch: number; readonly group: GroupRecord } | undefined> {
  for (const epoch of editions) {
    const group =
      epoch === known.epoch ? known.groups.get(rowGroup) : await findGroup(dataset, { epoch, rowGroup });
    if (group !== undefined) return { epoch, group };
  }
  return undefined;
}
