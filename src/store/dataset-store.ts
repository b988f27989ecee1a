// One dataset's folder: `dataset.json`, its plans, its starts.
//
//   D1. A folder without `dataset.json` is never written. `dataset.json` says what never changes; only a copy gets new ids.
//   D2. A start's file is created exclusively and whole; numbers have no gap, so "is there a newer one" is one look.
//   D3. A start of another dataset id came with a copied folder: its build is not ours, but what it was asked for holds.
//   D4. How a build ended, and that its process has let go of it, stand in files of their own: nothing is replaced that
//       another process may be writing.

import type { KeepRule, Plan, Settings } from '../plan.ts';
import { PLAN_VERSION } from '../plan.ts';
import { formatJson, parseJson, type Value } from '../values.ts';
import { findDocument, formatDocument } from './documents.ts';
import { fail } from './fail.ts';
import type { StoreFiles } from './files/port.ts';
import { epochName, parseNumbers } from './names.ts';

export const DATASET_VERSION = 2;
const EPOCH_VERSION = 2;

/** Files that another machine started and that are older were left by a crash: writing one takes seconds. */
const LEFTOVER_AGE_MS = 3_600_000;

/** Folders that every dataset has. A start makes again those that are gone, and nothing does while it goes on. */
export const DATASET_FOLDERS = ['epochs', 'plans', 'seeds', 'cells', 'editions', 'published'];

/** `dataset.json`. */
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
  /** Milliseconds since the epoch, UTC. */
  readonly createdAt: number;
}

/** `new` before the first start; `building` while the newest start has not ended with notice. */
export type DatasetState = 'new' | 'building' | 'complete' | 'incomplete';

/** What was answered about stale cells; it ends when the document changes. */
export interface DatasetAnswer {
  readonly documentDigest: string;
  readonly keep: readonly KeepRule[];
}

/** What a start was asked for. */
export interface StartWish {
  readonly rows: number;
  readonly planDigest: string;
  /** Path of the config document relative to the store's folder, or its address. */
  readonly document: string;
  /** Of what follows "?" in its address, which may be a key and is not kept; absent where nothing does. */
  readonly queryDigest?: string | undefined;
  /** Arguments of a document in Python; absent where it had none. */
  readonly scriptArgs?: readonly string[];
  readonly documentDigest: string;
  readonly answer: DatasetAnswer | null;
}

/** `epochs/000007.json`: one start. */
export interface EpochRecord extends StartWish {
  readonly v: typeof EPOCH_VERSION;
  readonly epoch: number;
  readonly datasetId: string;
  /** `run` and `prune` live as long as their process, `start` as its workflow. */
  readonly kind: 'run' | 'start' | 'prune';
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
  /** Milliseconds since the epoch, UTC. */
  readonly at: number;
  /** When its process let go of it; null while it may be at work. In a file of its own. */
  readonly endedAt: number | null;
}

/** `epochs/000007.end.json`: how its build ended. */
export interface EpochEnd {
  readonly v: typeof EPOCH_VERSION;
  readonly isComplete: boolean;
  /** Why it is incomplete, for people. */
  readonly reason: string | null;
  readonly at: number;
}

export class DatasetStore {
  readonly name: string;
  /** Its folder as people know it. */
  readonly directory: string;
  /** Rooted at its folder. */
  readonly files: StoreFiles;

  constructor(of: { readonly name: string; readonly files: StoreFiles }) {
    this.name = of.name;
    this.directory = of.files.place();
    this.files = of.files;
  }

  /** Where a file is, for people. */
  path(name: string): string {
    return this.files.place(name);
  }

  async makeFolders(): Promise<void> {
    for (const folder of DATASET_FOLDERS) await this.files.makeFolder(folder);
  }

  /** `dataset.json`. Throws `StoreError` if there is none or another Rowloom wrote it. */
  async read(): Promise<DatasetRecord> {
    return (await this.find()) ?? fail(`Cannot find a dataset in "${this.directory}"`);
  }

  async find(): Promise<DatasetRecord | undefined> {
    return findDocument(this.files, { path: 'dataset.json', version: DATASET_VERSION });
  }

  /** Keeps a plan under its digest. A plan that is there already is not written again. */
  async writePlan(planDigest: string, plan: Plan): Promise<void> {
    const name = `plans/${planDigest}.json`;
    if (await this.files.has(name)) return;
    await this.files.create(name, `${formatJson(plan as unknown as Value)}\n`);
  }

  /** Keeps the document that a plan was resolved from, all defaults filled in. */
  async writePlanDocument(planDigest: string, document: Value): Promise<void> {
    await this.files.replace(planDocumentName(planDigest), `${formatJson(document, 2)}\n`);
  }

  /** Throws `StoreError` if there is none. */
  async readPlanDocument(planDigest: string): Promise<Buffer> {
    const name = planDocumentName(planDigest);
    return (await this.files.find(name)) ?? fail(`Cannot read "${this.path(name)}": there is no such file`);
  }

  /** Throws `StoreError` if there is no such plan or a newer Rowloom wrote it. */
  async readPlan(planDigest: string): Promise<Plan> {
    const name = `plans/${planDigest}.json`;
    const plan =
      parsePlan(await this.files.find(name)) ??
      fail(`Cannot read "${this.path(name)}": it is damaged or gone`);
    if (plan.v > PLAN_VERSION) {
      fail(`Cannot use "${this.path(name)}": it was written by a newer Rowloom (format ${plan.v}): update`);
    }
    // Plans of version 2 know none.
    return { ...plan, processors: plan.processors ?? [] };
  }

  /** The number of the newest start; 0 before the first. */
  async newestEpoch(): Promise<number> {
    return parseNumbers(await this.files.list('epochs'), '.json').at(-1) ?? 0;
  }

  /**
   * Takes the epoch after `newest`, the newest one that the caller has judged dead. Undefined if another start was
   * faster.
   */
  async takeEpoch(
    newest: number,
    start: Omit<EpochRecord, 'v' | 'epoch' | 'endedAt'>,
  ): Promise<EpochRecord | undefined> {
    const record = { v: EPOCH_VERSION, epoch: newest + 1, ...start } as const;
    await this.#checkNothingIsNewer(newest);
    const isOurs = await this.files.create(epochName(record.epoch), formatDocument(record));
    if (isOurs) await this.sweep();
    return isOurs ? { ...record, endedAt: null } : undefined;
  }

  /** In an edition that is there already, of other rows perhaps, a start would take its groups for its own. */
  async #checkNothingIsNewer(newest: number): Promise<void> {
    const listed = await Promise.all(['editions', 'published'].map((folder) => this.files.list(folder)));
    const epoch = Math.max(0, ...listed.flatMap((names) => parseNumbers(names)));
    // It is looked at after its output: another start may just have taken it.
    if (epoch <= newest || (await this.newestEpoch()) >= epoch) return;
    fail(
      `Cannot start build ${newest + 1} of "${this.name}": there is output of build ${epoch}, but "${this.path(epochName(epoch))}" is gone, as where an older copy was put back over newer files. Bring the file back, or remove what is newer than build ${newest} in "${this.path('editions')}" and "${this.path('published')}": the cells stay, and no call is repeated`,
    );
  }

  /** Removes the files that crashes left unpublished, but for those among a group's cells: opening it removes those. */
  async sweep(): Promise<void> {
    for (const folder of ['', 'epochs', 'plans', 'published']) await this.sweepFolder(folder);
    await this.sweepFolder('editions', { isDeep: true });
  }

  /** The same for one folder, or for all below it too. */
  async sweepFolder(folder: string, { isDeep = false } = {}): Promise<void> {
    await this.files.sweep(folder, { beforeMs: Date.now() - LEFTOVER_AGE_MS, isDeep });
  }

  async findEpoch(epoch: number): Promise<EpochRecord | undefined> {
    const place = { path: epochName(epoch), version: EPOCH_VERSION };
    const start = await findDocument<Omit<EpochRecord, 'endedAt'>>(this.files, place);
    if (start === undefined) return undefined;
    const left = await this.files.findStat(epochName(epoch, 'left'));
    return { ...start, endedAt: left?.modifiedMs ?? null };
  }

  async readEpoch(epoch: number): Promise<EpochRecord> {
    return (await this.findEpoch(epoch)) ?? fail(`Cannot find build ${epoch} of dataset "${this.name}"`);
  }

  /** The newest start, of the dataset that this one was copied from too: what was asked for last. */
  async findLatestStart(): Promise<EpochRecord | undefined> {
    return this.findEpoch(await this.newestEpoch());
  }

  /** The newest start of this dataset itself; undefined if there is none but those that came with a copied folder. */
  async findNewestStart(): Promise<EpochRecord | undefined> {
    const [{ id }, latest] = await Promise.all([this.read(), this.findLatestStart()]);
    return latest?.datasetId === id ? latest : undefined;
  }

  /** Notes how a build ended. */
  async endBuild(epoch: number, end: Omit<EpochEnd, 'v'>): Promise<void> {
    await this.files.replace(epochName(epoch, 'end'), formatDocument({ v: EPOCH_VERSION, ...end }));
  }

  /** How a build ended; of a prune, which makes nothing, the build before it. */
  async findEnd(epoch: number): Promise<EpochEnd | undefined> {
    const place = { path: epochName(epoch, 'end'), version: EPOCH_VERSION };
    const end = await findDocument<EpochEnd>(this.files, place);
    if (end !== undefined || (await this.findEpoch(epoch))?.kind !== 'prune') return end;
    return this.findEnd(epoch - 1);
  }

  /** How the newest start is, that of the dataset that this one was copied from too. */
  async findState(): Promise<DatasetState> {
    const epoch = await this.newestEpoch();
    return epoch === 0 ? 'new' : stateOf(await this.findEnd(epoch));
  }

  /** Notes that the process of a start has let go of it. */
  async leaveEpoch(epoch: number): Promise<void> {
    await this.files.create(epochName(epoch, 'left'), formatDocument({ v: EPOCH_VERSION }));
  }

  /** Whether another start has taken the dataset over. */
  async hasNewerEpoch(epoch: number): Promise<boolean> {
    return this.files.has(epochName(epoch + 1));
  }
}

/** How a start is that ended so, or has not ended with notice. */
export function stateOf(end: EpochEnd | undefined): DatasetState {
  if (end === undefined) return 'building';
  return end.isComplete ? 'complete' : 'incomplete';
}

function planDocumentName(planDigest: string): string {
  return `plans/${planDigest}.config.json`;
}

function parsePlan(bytes: Buffer | undefined): Plan | undefined {
  try {
    return bytes === undefined ? undefined : (parseJson(bytes.toString('utf8')) as unknown as Plan);
  } catch {
    return undefined;
  }
}
