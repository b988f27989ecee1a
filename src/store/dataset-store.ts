// One dataset's folder: where its files are, `dataset.json`, its plans, its epochs.
//
//   D1. A folder without `dataset.json` is never written.
//   D2. An epoch's file is created exclusively and whole; numbers have no gap, so "is there a newer one" is one look.
//   D3. An epoch of another dataset id came with a copied folder: its build is not ours, only its number counts.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PartName, RowRange } from '../graph/types.ts';
import type { KeepRule, Plan, Settings } from '../plan.ts';
import { PLAN_VERSION } from '../plan.ts';
import { formatJson, parseJson, type Value } from '../values.ts';
import { findDocument, formatDocument, writeDocument } from './documents.ts';
import { type Files, fail } from './files.ts';
import type { Base } from './groups.ts';
import { columnFolder, epochName, parseCellFileName, parseEpochName } from './names.ts';

export const DATASET_VERSION = 1;
const EPOCH_VERSION = 1;

/** Files that another machine wrote beside their places and that are older were left by a crash: writing one takes seconds. */
const LEFTOVER_AGE_MS = 3_600_000;

/** `dataset.json`. Written by whoever holds the newest epoch, and by a client before it takes one. */
export interface DatasetRecord {
  readonly v: typeof DATASET_VERSION;
  readonly id: string;
  /** Of the store it was last opened in for building; another one means that the folder is a copy. */
  readonly storeId: string;
  /** The folder's name; another one means that the folder is a copy. */
  readonly name: string;
  /** The dataset's seed. */
  readonly seed: string;
  readonly rowGroupSize: number;
  /** Rows asked for. */
  readonly rows: number;
  /** Path of the config document relative to the store's folder. */
  readonly document: string | null;
  readonly documentDigest: string | null;
  /** The plan last built or being built; each group's record names the one its files follow. */
  readonly planDigest: string | null;
  readonly state: DatasetState;
  /** Why it is incomplete, for people. */
  readonly reason: string | null;
  /** What was answered about stale cells, for this document only. */
  readonly answer: DatasetAnswer | null;
  /** Milliseconds since the epoch, UTC. */
  readonly createdAt: number;
}

export type DatasetState = 'new' | 'building' | 'complete' | 'incomplete';

/** Ends when the document changes. */
export interface DatasetAnswer {
  readonly documentDigest: string;
  readonly keep: readonly KeepRule[];
}

/** `epochs/000007.json`: who builds. */
export interface EpochRecord {
  readonly v: typeof EPOCH_VERSION;
  readonly epoch: number;
  readonly datasetId: string;
  /** `run` lives as long as its process, `start` as its workflow. */
  readonly kind: 'run' | 'start';
  readonly host: string;
  /** Where `pid` counts: a boot and a PID namespace of `host`. */
  readonly machine: string;
  readonly pid: number;
  readonly processStart: string | null;
  readonly address: string;
  readonly namespace: string;
  /** Its Temporal server is one of a directory on `host`. */
  readonly isEmbedded: boolean;
  readonly workflowId: string;
  readonly settings: Settings;
  readonly rows: number;
  readonly planDigest: string;
  readonly base: Base;
  /** Milliseconds since the epoch, UTC. */
  readonly at: number;
  /** Set by a build that ended with notice. */
  readonly endedAt: number | null;
}

export class DatasetStore {
  readonly name: string;
  readonly directory: string;
  readonly files: Files;
  #updates: Promise<unknown> = Promise.resolve();

  constructor(of: { readonly name: string; readonly directory: string; readonly files: Files }) {
    this.name = of.name;
    this.directory = of.directory;
    this.files = of.files;
  }

  /** The path of a file below the dataset's folder. */
  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** `dataset.json`. Throws `StoreError` if there is none or a newer Rowloom wrote it. */
  async read(): Promise<DatasetRecord> {
    return (await this.find()) ?? fail(`Cannot find a dataset in "${this.directory}"`);
  }

  async find(): Promise<DatasetRecord | undefined> {
    return findDocument(this.files, { path: this.path('dataset.json'), version: DATASET_VERSION });
  }

  /** Changes fields of `dataset.json`; one change at a time in this process. */
  async update(change: Partial<Omit<DatasetRecord, 'v'>>): Promise<DatasetRecord> {
    const update = this.#updates.then(async () => {
      const document = { ...(await this.read()), ...change };
      await writeDocument(this.files, { path: this.path('dataset.json'), document });
      return document;
    });
    this.#updates = update.catch(() => undefined);
    return update;
  }

  /** Keeps a plan under its digest. A plan that is there already is not written again. */
  async writePlan(planDigest: string, plan: Plan): Promise<void> {
    const path = this.path('plans', `${planDigest}.json`);
    if ((await this.files.findStat(path)) !== undefined) return;
    await this.files.write(path, `${formatJson(plan as unknown as Value)}\n`);
  }

  /** Keeps the document that a plan was resolved from, all defaults filled in. */
  async writePlanDocument(planDigest: string, document: Value): Promise<void> {
    await this.files.write(this.planDocumentPath(planDigest), `${formatJson(document, 2)}\n`);
  }

  planDocumentPath(planDigest: string): string {
    return this.path('plans', `${planDigest}.config.json`);
  }

  /** Throws `StoreError` if there is no such plan or a newer Rowloom wrote it. */
  async readPlan(planDigest: string): Promise<Plan> {
    const path = this.path('plans', `${planDigest}.json`);
    const plan = parsePlan(await this.files.read(path)) ?? fail(`Cannot read "${path}": it is damaged`);
    if (plan.v > PLAN_VERSION) {
      fail(`Cannot use "${path}": it was written by a newer Rowloom (format ${plan.v}): update`);
    }
    return plan;
  }

  /** The number of the newest start; 0 before the first. */
  async newestEpoch(): Promise<number> {
    const numbers = (await this.files.list(this.path('epochs'))).map((name) => parseEpochName(name) ?? 0);
    return numbers.reduce((newest, number) => Math.max(newest, number), 0);
  }

  /**
   * Takes the epoch after `newest`, the newest one that the caller has judged dead. Undefined if another start was
   * faster.
   */
  async takeEpoch(
    newest: number,
    start: Omit<EpochRecord, 'v' | 'epoch' | 'endedAt'>,
  ): Promise<EpochRecord | undefined> {
    const record: EpochRecord = { v: EPOCH_VERSION, epoch: newest + 1, ...start, endedAt: null };
    const isOurs = await this.files.createWhole(this.#epochPath(record.epoch), formatDocument(record));
    if (isOurs) await this.sweep();
    return isOurs ? record : undefined;
  }

  /** Removes the files that crashes left beside their places. */
  async sweep(): Promise<void> {
    await this.files.sweep(this.directory, Date.now() - LEFTOVER_AGE_MS);
  }

  async findEpoch(epoch: number): Promise<EpochRecord | undefined> {
    return findDocument(this.files, { path: this.#epochPath(epoch), version: EPOCH_VERSION });
  }

  async readEpoch(epoch: number): Promise<EpochRecord> {
    return (await this.findEpoch(epoch)) ?? fail(`Cannot find build ${epoch} of dataset "${this.name}"`);
  }

  /** The newest start of this dataset; undefined if there is none but those that came with a copied folder. */
  async findNewestStart(): Promise<EpochRecord | undefined> {
    const [{ id }, record] = await Promise.all([this.read(), this.findEpoch(await this.newestEpoch())]);
    return record?.datasetId === id ? record : undefined;
  }

  /** Notes that a build ended with notice. */
  async endEpoch(epoch: number, at: number): Promise<void> {
    const document: EpochRecord = { ...(await this.readEpoch(epoch)), endedAt: at };
    await writeDocument(this.files, { path: this.#epochPath(epoch), document });
  }

  /** One look at the disk; cheap enough before every call. */
  hasNewerEpoch(epoch: number): boolean {
    return existsSync(this.#epochPath(epoch + 1));
  }

  /** The parts of a column that hold rows of a range, whoever wrote them; in the order of their names. */
  async listSliceParts(column: string, rows: RowRange): Promise<PartName[]> {
    const folder = `cells/${columnFolder(column)}`;
    return (await this.files.list(this.path(folder)))
      .filter((name) => {
        const file = parseCellFileName(name);
        return file?.kind === 'part' && file.rows.first <= rows.last && rows.first <= file.rows.last;
      })
      .sort()
      .map((name) => `${folder}/${name}`);
  }

  #epochPath(epoch: number): string {
    return this.path('epochs', epochName(epoch));
  }
}

function parsePlan(bytes: Buffer): Plan | undefined {
  try {
    return parseJson(bytes.toString('utf8')) as unknown as Plan;
  } catch {
    return undefined;
  }
}
