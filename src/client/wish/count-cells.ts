// Counts what a plan would make, and what is there: the read-only half of opening the row groups that are not as the plan
// wants them. One group is in memory at a time, and of it the columns that an edit can have touched.

import { declarationOf } from '../../columns/kinds.ts';
import { graphColumns } from '../../config/graph-columns.ts';
import type { CellErrorKind } from '../../errors.ts';
import { ExecutionGraph } from '../../graph/execution-graph.ts';
import { groupCount, rowsOfGroup } from '../../graph/row-groups.ts';
import { sizeOf } from '../../graph/row-mask.ts';
import type { RowRange } from '../../graph/types.ts';
import type { LocalMedia } from '../../local-media.ts';
import type { Functions } from '../../modules/functions.ts';
import { findOwn, setOwn } from '../../own-keys.ts';
import { isMade, type Plan, type Settings } from '../../plan.ts';
import { type AdoptedRowGroup, adoptRowGroup } from '../../rows/adopt-row-group.ts';
import type { Want } from '../../rows/adoption.ts';
import { areAsRead } from '../../rows/file-reads.ts';
import { openRows } from '../../rows/open-rows.ts';
import type { SeedSource } from '../../seeds/seed-source.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import { CrashedFlights } from '../../store/flights.ts';
import { storedColumns } from '../../store/gather.ts';
import { findGroup, type GroupRecord, hasItsFiles, isTrusted } from '../../store/groups.ts';
import { findPublished, listEditions } from '../../store/published.ts';
import { listGroupsWithCells } from '../../store/usage.ts';

/** How many cells of one model column are there, and how many are to be made, and why. */
export interface ColumnCount extends Readonly<Record<Want, number>> {
  /** Those made from another input, which are kept, included. */
  readonly kept: number;
  readonly keptAsIs: number;
  /** Whether making a cell may cost money. */
  readonly costs: boolean;
}

export interface CellCounts {
  /** Of columns whose cells are made, in the plan's order. */
  readonly columns: { readonly [column: string]: ColumnCount };
  readonly changedSeedRows: number;
  /** Kept cells by column and by the host that they came from; those that were not read are not here. */
  readonly hosts: { readonly [column: string]: { readonly [host: string]: number } };
  /** Cells to be made that were in flight at two crashes: they are made one at a time. */
  readonly suspects: number;
  /** Rows that stay dropped: a cell of theirs crashed the worker. */
  readonly crashed: number;
  /** When the newest cell of the opened groups was made; null without one. */
  readonly newestAt: number | null;
  /** Rows that people see now. */
  readonly rowsInOutput: number;
  /** Every group that people see is as the plan wants it: nothing is to be made or written. */
  readonly isDone: boolean;
}

export interface CountOptions {
  /** Null before the dataset is made. */
  readonly dataset: DatasetStore | null;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly seedSource: SeedSource | null;
  /** Runs processors before the batch. */
  readonly functions: Functions;
  /** The folder of Data Designer's persona files. */
  readonly personaFolder: string;
  /** Reads all cells, of groups that are done too: where they came from is asked. */
  readonly readsAll: boolean;
  /** Told now and then how many of the row groups are counted. */
  readonly onProgress?: (done: number, groups: number) => void;
}

export const NO_COUNT: ColumnCount = {
  costs: true,
  kept: 0,
  keptAsIs: 0,
  missing: 0,
  lost: 0,
  stale: 0,
  downstream: 0,
  retried: 0,
};

export async function countCells(options: CountOptions): Promise<CellCounts> {
  const { dataset, plan, settings, readsAll, onProgress } = options;
  const flights = dataset === null ? new CrashedFlights() : await CrashedFlights.read(dataset);
  const counter = new Counter(options, flights);
  if (dataset === null) {
    counter.addMissing({ first: 0, last: settings.rows - 1 });
    return counter.counts;
  }
  const shape = { rows: settings.rows, rowGroupSize: plan.rowGroupSize };
  const { order } = ExecutionGraph.create(graphColumns(plan, settings));
  const withCells = new Set(await listGroupsWithCells(dataset, storedColumns(plan)));
  const opened = await openRows({ ...options, order, files: dataset.files });
  const { digests, local } = opened;
  const published = await findPublished(dataset);
  const editions = (await listEditions(dataset)).reverse().filter((epoch) => epoch !== published);
  const groups = groupCount(shape);
  for (let rowGroup = 0; rowGroup < groups; rowGroup += 1) {
    onProgress?.(rowGroup, groups);
    const rows = rowsOfGroup(rowGroup, shape);
    const digest = digests.groupDigest(rows);
    const output =
      published === undefined ? undefined : await findGroup(dataset, { epoch: published, rowGroup });
    counter.counts.rowsInOutput += output?.rowCount ?? 0;
    const isThere =
      output !== undefined && (await isWanted(dataset, output, { epoch: published!, digest, local }));
    if (!isThere) counter.counts.isDone = false;
    const since = digests.keeps(rows) ? editions.filter((epoch) => epoch > (published ?? 0)) : editions;
    const trusted = isThere
      ? output
      : await findTrusted(dataset, { rowGroup, digest, editions: since, local });
    if (trusted !== undefined && !readsAll) counter.addKept(trusted);
    else if (!withCells.has(rowGroup) && output === undefined) counter.addMissing(rows);
    else {
      const place = { ...opened, dataset, plan, rowGroup, rows };
      counter.addGroup(rows, await adoptRowGroup({ ...place, readsChangesOnly: !readsAll }));
    }
  }
  return counter.counts;
}

/** A group as the plan wants it, from whatever edition has it: a start takes it over as it is. */
async function findTrusted(
  dataset: DatasetStore,
  of: Pick<Wanted, 'digest' | 'local'> & { readonly rowGroup: number; readonly editions: readonly number[] },
): Promise<GroupRecord | undefined> {
  for (const epoch of of.editions) {
    const group = await findGroup(dataset, { epoch, rowGroup: of.rowGroup });
    if (group !== undefined && (await isWanted(dataset, group, { ...of, epoch }))) return group;
  }
  return undefined;
}

interface Wanted {
  readonly epoch: number;
  readonly digest: string;
  readonly local: LocalMedia;
}

async function isWanted(
  dataset: DatasetStore,
  group: GroupRecord,
  { epoch, digest, local }: Wanted,
): Promise<boolean> {
  const isAsWanted = isTrusted(group, digest) && areAsRead(group.reads, local);
  return isAsWanted && (await hasItsFiles(dataset, group, epoch));
}

type Mutable<Counts> = { -readonly [Key in keyof Counts]: Counts[Key] };

class Counter {
  readonly counts: Mutable<Omit<CellCounts, 'columns' | 'hosts'>> & {
    readonly columns: Record<string, Mutable<ColumnCount>>;
    readonly hosts: Record<string, Record<string, number>>;
  };
  readonly #flights: CrashedFlights;

  constructor({ dataset, plan }: CountOptions, flights: CrashedFlights) {
    this.#flights = flights;
    const made = plan.columns.filter(isMade);
    this.counts = {
      columns: Object.fromEntries(
        made.map(({ name, kind, form }) => [name, { ...NO_COUNT, costs: declarationOf(kind).costs(form) }]),
      ),
      changedSeedRows: 0,
      hosts: Object.fromEntries(made.map(({ name }) => [name, {}])),
      suspects: 0,
      crashed: 0,
      newestAt: null,
      rowsInOutput: 0,
      isDone: dataset !== null,
    };
  }

  addMissing(rows: RowRange): void {
    for (const [name, count] of Object.entries(this.counts.columns)) {
      count.missing += sizeOf(rows);
      this.#countSuspects(name, (row) => rows.first <= row && row <= rows.last);
    }
  }

  addKept({ rowCount, drops }: GroupRecord): void {
    for (const count of Object.values(this.counts.columns)) count.kept += rowCount;
    this.#countCrashed(drops);
  }

  addGroup(rows: RowRange, group: AdoptedRowGroup): void {
    const { counts } = this;
    counts.changedSeedRows += group.changedSeedRows;
    this.#countCrashed([...group.dropped.values()].map(({ error }) => error));
    for (const records of group.records.values()) {
      for (const { at } of records) if (at > (counts.newestAt ?? 0)) counts.newestAt = at;
    }
    for (const [name, count] of Object.entries(counts.columns)) {
      const adopted = group.columns.get(name);
      if (adopted === undefined) continue;
      const kept = [...adopted.chosen].filter(([row]) => !group.dropped.has(row));
      count.kept += group.unread.has(name) ? sizeOf(rows) : kept.length;
      count.keptAsIs += adopted.keptAsIs.size;
      for (const want of adopted.wanted.values()) count[want] += 1;
      this.#countSuspects(name, (row) => adopted.wanted.has(row));
      const hosts = findOwn(counts.hosts, name) ?? {};
      for (const [, { host }] of kept) {
        if (host !== null) setOwn(hosts, host, (findOwn(hosts, host) ?? 0) + 1);
      }
    }
  }

  #countSuspects(column: string, isWanted: (row: number) => boolean): void {
    this.counts.suspects += this.#flights.suspectRows(column).filter(isWanted).length;
  }

  #countCrashed(failures: readonly { readonly kind: CellErrorKind }[]): void {
    this.counts.crashed += failures.filter(({ kind }) => kind === 'CrashedWorker').length;
  }
}

/** Cells of all columns together that may cost money; those that do not are `computed`. */
export interface CountSums extends Pick<ColumnCount, 'kept' | 'keptAsIs' | 'missing' | 'retried'> {
  /** Existing cells that are made again: lost and stale ones, and those downstream of one. */
  readonly again: number;
  readonly calls: number;
  /** Cells to be made that cost nothing. */
  readonly computed: number;
}

export function sumCounts({ columns }: CellCounts): CountSums {
  const sum = { kept: 0, keptAsIs: 0, missing: 0, again: 0, retried: 0, calls: 0, computed: 0 };
  for (const count of Object.values(columns)) {
    const { kept, keptAsIs, missing, lost, stale, downstream, retried } = count;
    const made = missing + lost + stale + downstream + retried;
    if (!count.costs) {
      sum.computed += made;
      continue;
    }
    sum.kept += kept;
    sum.keptAsIs += keptAsIs;
    sum.missing += missing;
    sum.again += lost + stale + downstream;
    sum.retried += retried;
    sum.calls += made;
  }
  return sum;
}
