// Counts what a plan would make, and what is there: the read-only half of opening every row group. One group is in
// memory at a time.

import { graphColumns } from '../config/graph-columns.ts';
import type { CellErrorKind } from '../errors.ts';
import type { Want } from '../generators/adopt-cells.ts';
import { adoptRowGroup } from '../generators/adopt-row-group.ts';
import { openRoots } from '../generators/roots.ts';
import type { SeedSource } from '../generators/seed-source.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import { groupCount, rowsOfGroup } from '../graph/row-groups.ts';
import { sizeOf } from '../graph/row-mask.ts';
import type { RowRange } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { includesRow, isModelColumn, type Plan, type RedoRule, type Settings } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { FolderFiles } from '../store/files/folder.ts';
import { CrashedFlights } from '../store/flights.ts';
import { CellIndex, storedColumns } from '../store/gather.ts';
import { findGroup, type GroupRecord, isTrusted } from '../store/groups.ts';
import { readingBase } from '../store/swap.ts';

/** How many cells of one model column are there, and how many are to be made, and why. */
export interface ColumnCount extends Readonly<Record<Want, number>> {
  /** Those made from another input, which are kept, included. */
  readonly kept: number;
  readonly keptAsIs: number;
}

export interface CellCounts {
  /** Model columns only, in the plan's order. */
  readonly columns: { readonly [column: string]: ColumnCount };
  /** Rows of the current output whose values change or are to be made again. */
  readonly changedRows: number;
  readonly changedSeedRows: number;
  /** Kept cells by column and by the host that they came from; those of unopened groups are not here. */
  readonly hosts: { readonly [column: string]: { readonly [host: string]: number } };
  /** Cells to be made that were in flight at two crashes: they are made one at a time. */
  readonly suspects: number;
  /** Rows that stay dropped: a cell of theirs crashed the worker. */
  readonly crashed: number;
  /** When the newest cell of the opened groups was made; null without one. */
  readonly newestAt: number | null;
  /** Rows in the files of the current output. */
  readonly rowsInPlace: number;
  /** The digest of the plan that they follow; null while there are none. */
  readonly planInPlace: string | null;
  /** Groups that are done in place. */
  readonly groupsInPlace: number;
  /** Every group is done in place: nothing is to be made or written. */
  readonly isDone: boolean;
  /** Those of the redo rules that were asked about whose cells are not all there. */
  readonly unfinishedRedos: readonly RedoRule[];
}

export interface CountOptions {
  /** Null before the dataset is made. */
  readonly dataset: DatasetStore | null;
  readonly plan: Plan;
  readonly planDigest: string;
  readonly settings: Settings;
  readonly seedSource: SeedSource | null;
  /** Opens groups that are done too. */
  readonly opensAll: boolean;
  /** Redo rules of the plan, and the rows that they were given for. */
  readonly redos: { readonly rules: readonly RedoRule[]; readonly rows: number };
}

export const NO_COUNT: ColumnCount = {
  kept: 0,
  keptAsIs: 0,
  missing: 0,
  lost: 0,
  stale: 0,
  downstream: 0,
  retried: 0,
};

export async function countCells(options: CountOptions): Promise<CellCounts> {
  const { dataset, plan, settings } = options;
  const flights = dataset === null ? new CrashedFlights() : await CrashedFlights.read(dataset);
  const counter = new Counter(options, flights);
  if (dataset === null) {
    counter.addMissing({ first: 0, last: settings.rows - 1 });
    return counter.result();
  }
  const shape = { rows: settings.rows, rowGroupSize: plan.rowGroupSize };
  const { order } = ExecutionGraph.create(graphColumns(plan, settings));
  const index = await CellIndex.read(dataset, { columns: storedColumns(plan), ...shape });
  const withCells = new Set(index.groups());
  const roots = await openRoots({ ...options, files: new FolderFiles(dataset.directory) });
  const base = await readingBase(dataset, 'groups');
  for (let rowGroup = 0; rowGroup < groupCount(shape); rowGroup += 1) {
    const rows = rowsOfGroup(rowGroup, shape);
    const [place, next] = await Promise.all([
      findGroup(dataset, { rowGroup, base }),
      findGroup(dataset, { rowGroup, base: 'next' }),
    ]);
    if (place !== undefined) counter.addPlace(place);
    const trusted = [place, next].find((group) => group !== undefined && isDone(group, rows, options));
    if (trusted === undefined || trusted !== place) counter.isDone = false;
    else counter.groupsInPlace += 1;
    if (trusted !== undefined && !options.opensAll) counter.addKept(trusted);
    else if (!withCells.has(rowGroup) && place === undefined) counter.addMissing(rows);
    else counter.addGroup(rows, await adoptRowGroup({ dataset, plan, order, roots, rowGroup, rows, index }));
  }
  return counter.result();
}

function isDone(group: GroupRecord, rows: RowRange, { planDigest }: CountOptions): boolean {
  return isTrusted(group, { planDigest, rows });
}

class Counter {
  isDone: boolean;
  groupsInPlace = 0;
  readonly #redos: CountOptions['redos'];
  readonly #flights: CrashedFlights;
  readonly #columns: Map<string, { -readonly [Key in keyof ColumnCount]: number }>;
  readonly #hosts: { readonly [column: string]: Record<string, number> };
  readonly #unfinished = new Set<RedoRule>();
  #changedRows = 0;
  #changedSeedRows = 0;
  #suspects = 0;
  #crashed = 0;
  #newestAt: number | null = null;
  #rowsInPlace = 0;
  #planInPlace: string | null = null;

  constructor({ dataset, plan, redos }: CountOptions, flights: CrashedFlights) {
    this.#flights = flights;
    this.isDone = dataset !== null;
    this.#redos = redos;
    const models = plan.columns.filter(isModelColumn).map(({ name }) => name);
    this.#columns = new Map(models.map((name) => [name, { ...NO_COUNT }]));
    this.#hosts = Object.fromEntries(models.map((name) => [name, {}]));
  }

  addPlace({ rowCount, planDigest }: GroupRecord): void {
    this.#rowsInPlace += rowCount;
    if (rowCount > 0) this.#planInPlace ??= planDigest;
  }

  addMissing(rows: RowRange): void {
    for (const [name, count] of this.#columns) {
      count.missing += sizeOf(rows);
      this.#countSuspects(name, (row) => rows.first <= row && row <= rows.last);
      this.#checkRedos(name, rows, () => true);
    }
  }

  addKept({ rowCount, drops }: GroupRecord): void {
    for (const count of this.#columns.values()) count.kept += rowCount;
    this.#countCrashed(drops);
  }

  addGroup(rows: RowRange, group: Awaited<ReturnType<typeof adoptRowGroup>>): void {
    this.#changedRows += group.changedRows;
    this.#changedSeedRows += group.changedSeedRows;
    this.#countCrashed([...group.dropped.values()].map(({ error }) => error));
    for (const records of group.records.values()) {
      for (const { at } of records) if (at > (this.#newestAt ?? 0)) this.#newestAt = at;
    }
    for (const [name, count] of this.#columns) {
      const adopted = group.columns.get(name);
      if (adopted === undefined) continue;
      const kept = [...adopted.chosen].filter(([row]) => !group.dropped.has(row));
      count.kept += kept.length;
      count.keptAsIs += adopted.keptAsIs.size;
      for (const want of adopted.wanted.values()) count[want] += 1;
      this.#countSuspects(name, (row) => adopted.wanted.has(row));
      const hosts = findOwn(this.#hosts, name) ?? {};
      for (const [, { host }] of kept) {
        if (host !== null) setOwn(hosts, host, (findOwn(hosts, host) ?? 0) + 1);
      }
      // A cell that failed has been made again as far as it could be.
      this.#checkRedos(name, rows, (row) => (adopted.wanted.get(row) ?? 'retried') !== 'retried');
    }
  }

  result(): CellCounts {
    return {
      columns: Object.fromEntries(this.#columns),
      changedRows: this.#changedRows,
      changedSeedRows: this.#changedSeedRows,
      hosts: this.#hosts,
      suspects: this.#suspects,
      crashed: this.#crashed,
      newestAt: this.#newestAt,
      rowsInPlace: this.#rowsInPlace,
      planInPlace: this.#planInPlace,
      groupsInPlace: this.groupsInPlace,
      isDone: this.isDone,
      unfinishedRedos: [...this.#unfinished],
    };
  }

  #countSuspects(column: string, isWanted: (row: number) => boolean): void {
    this.#suspects += this.#flights.suspectRows(column).filter(isWanted).length;
  }

  #countCrashed(failures: readonly { readonly kind: CellErrorKind }[]): void {
    this.#crashed += failures.filter(({ kind }) => kind === 'CrashedWorker').length;
  }

  #checkRedos(column: string, { first, last }: RowRange, isOpen: (row: number) => boolean): void {
    for (const rule of this.#redos.rules) {
      if (rule.column !== column || this.#unfinished.has(rule)) continue;
      for (let row = first; row <= Math.min(last, this.#redos.rows - 1); row += 1) {
        if (!isOpen(row) || !includesRow(rule.rows, row)) continue;
        this.#unfinished.add(rule);
        break;
      }
    }
  }
}

export interface CountSums {
  readonly kept: number;
  readonly keptAsIs: number;
  readonly missing: number;
  /** Existing cells that are made again: lost and stale ones, and those downstream of one. */
  readonly again: number;
  readonly retried: number;
  readonly calls: number;
}

/** Sums over columns. */
export function sumCounts({ columns }: CellCounts): CountSums {
  const sum = { kept: 0, keptAsIs: 0, missing: 0, again: 0, retried: 0, calls: 0 };
  for (const { kept, keptAsIs, missing, lost, stale, downstream, retried } of Object.values(columns)) {
    sum.kept += kept;
    sum.keptAsIs += keptAsIs;
    sum.missing += missing;
    sum.again += lost + stale + downstream;
    sum.retried += retried;
    sum.calls += missing + lost + stale + downstream + retried;
  }
  return sum;
}
