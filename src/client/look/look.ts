// `list`, `status` and `failures`: what there is to see of datasets, from the store alone, without a server
// and without a write, while a build goes on too.

import { dirname } from 'node:path';
import { RowloomError } from '../../errors.ts';
import { spentOf } from '../../models/prices.ts';
import { findOwn } from '../../own-keys.ts';
import { addUsage, type Cost, costOf, NO_MODEL } from '../../store/call-usage.ts';
import type { DatasetStore, EpochRecord } from '../../store/dataset-store.ts';
import type { Failure } from '../../store/failures.ts';
import { livenessOf } from '../../store/liveness.ts';
import { findFailures, type Summary, summarize } from '../../store/look.ts';
import { openStore } from '../../store/store.ts';
import { type DatasetPlace, findDataset } from '../wish/find-dataset.ts';
import { pricesOf } from '../wish/money.ts';
import { type StorePlace, storeFolder } from '../wish/store-folder.ts';
import { documentOf } from '../wish/target.ts';

export interface DatasetStatus {
  readonly name: string;
  /** Absolute path. */
  readonly folder: string;
  /**
   * `building`: its build is alive, or nobody can tell from here (`lastStart.isLive` is null).
   * `interrupted`: its build died without notice; the same command goes on.
   */
  readonly state: 'new' | 'building' | 'interrupted' | 'incomplete' | 'complete';
  /** Why it is incomplete, for people. */
  readonly reason: string | null;
  /** Rows in `parquet-files/`. */
  readonly rows: number;
  readonly rowsAsked: number;
  readonly dropped: number;
  readonly rowGroups: Summary['groups'];
  /** The stored columns in the order of the plan, then those that it no longer has and that cost something. */
  readonly columns: readonly ColumnStatus[];
  /** All models that were ever asked, those that the plan no longer has too. */
  readonly models: readonly ModelStatus[];
  readonly costUsd: number;
  /** The models whose price nobody knows: not in `costUsd`. */
  readonly unpriced: readonly string[];
  readonly sizeBytes: number;
  readonly seed: string;
  /** Absolute path. */
  readonly document: string | null;
  readonly lastStart: StartStatus | null;
  /** Milliseconds since the epoch, UTC. */
  readonly createdAt: number;
}

/** Calls, tokens, and dollars as far as prices are known. */
interface CostStatus extends Cost {
  readonly costUsd: number;
}

export interface ColumnStatus extends CostStatus {
  readonly name: string;
  /** Null for a column that the plan no longer has. */
  readonly cells: number | null;
}

export interface ModelStatus extends CostStatus {
  /** `provider/model`. */
  readonly model: string;
}

/** The newest start; times in milliseconds since the epoch, UTC. */
export interface StartStatus extends Pick<EpochRecord, 'epoch' | 'kind' | 'host' | 'pid' | 'at' | 'endedAt'> {
  /** Its rows take the place of an output that is there. */
  readonly replacesOutput: boolean;
  /** Null where only its server knows. */
  readonly isLive: boolean | null;
}

/** A dataset that cannot be read: damaged, or of a newer Rowloom. */
export interface UnreadableDataset {
  readonly name: string;
  readonly problem: string;
}

/** The datasets of a store, by name. Throws `StoreError` where there is no store. */
export async function listDatasets(place: StorePlace): Promise<(DatasetStatus | UnreadableDataset)[]> {
  const store = await openStore(storeFolder(place), { access: 'look' });
  const found: (DatasetStatus | UnreadableDataset)[] = [];
  for (const name of await store.listDatasets()) {
    try {
      found.push(await statusOf(await store.openDataset(name)));
    } catch (error) {
      if (!(error instanceof RowloomError)) throw error;
      found.push({ name, problem: error.message });
    }
  }
  return found;
}

/** Throws `StoreError` where there is no such dataset. */
export async function readStatus(place: DatasetPlace): Promise<DatasetStatus> {
  return statusOf(await findDataset(place));
}

async function statusOf(dataset: DatasetStore): Promise<DatasetStatus> {
  const summary = await summarize(dataset);
  const { record, asked, rowCount, dropped, groups, cells, usage, sizeBytes } = summary;
  const start = ownStart(summary);
  const prices = await pricesOf(dataset, usage, asked?.settings);
  const spent = spentOf(Object.values(usage), prices);
  const gone = Object.keys(usage).filter((column) => !Object.hasOwn(cells, column));
  return {
    name: dataset.name,
    folder: dataset.directory,
    state: stateOf(summary),
    reason: summary.reason,
    rows: rowCount,
    rowsAsked: asked?.rows ?? 0,
    dropped,
    rowGroups: groups,
    columns: [...Object.keys(cells), ...gone].map((name) => ({
      name,
      cells: findOwn(cells, name) ?? null,
      ...costOf(findOwn(usage, name) ?? {}),
      costUsd: spentOf([findOwn(usage, name) ?? {}], prices).dollars,
    })),
    costUsd: spent.dollars,
    unpriced: spent.unpriced,
    models: Object.entries(addUsage(Object.values(usage)))
      .filter(([model]) => model !== NO_MODEL)
      .map(([model, cost]) => ({ model, ...cost, costUsd: spentOf([{ [model]: cost }], prices).dollars })),
    sizeBytes,
    seed: record.seed,
    document: asked === undefined ? null : documentOf(asked, dirname(dataset.directory)),
    lastStart: start === undefined ? null : startStatus(start, summary),
    createdAt: record.createdAt,
  };
}

/** The newest start of this dataset itself: not one that came with a copied folder. */
function ownStart({ record, asked }: Summary): EpochRecord | undefined {
  return asked?.datasetId === record.id ? asked : undefined;
}

function stateOf(summary: Summary): DatasetStatus['state'] {
  const start = ownStart(summary);
  const isLive = start === undefined ? false : livenessOf(start);
  if (isLive === true) return 'building';
  if (summary.state !== 'building') return summary.state;
  return isLive === undefined ? 'building' : 'interrupted';
}

function startStatus(start: EpochRecord, { published, rowCount }: Summary): StartStatus {
  const { epoch, kind, host, pid, at, endedAt } = start;
  const replacesOutput = rowCount > 0 && published !== epoch;
  return { epoch, kind, host, pid, at, endedAt, replacesOutput, isLive: livenessOf(start) ?? null };
}

/** The failures there are, one row group in memory at a time. Throws `StoreError`. */
export async function* listFailures(place: DatasetPlace): AsyncGenerator<Failure> {
  const dataset = await findDataset(place);
  yield* findFailures(dataset);
}
