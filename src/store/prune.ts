// `prune`: frees what no version holds that is kept. It is a start that makes nothing.
//
//   R1. It looks first, writes nothing meanwhile, and prunes what it has seen or nothing: another start in between takes
//       the epoch that it means to take.
//   R2. Its edition is the output that people see, linked. Nothing is removed before that is published: from then on
//       nobody falls back on an edition before it.
//   R3. Of a row that is in the output go the accepted cells that no kept version holds, from another input. Failures,
//       the tries that led to them and open conversations stay, and all that a row has which was dropped.
//   R4. Settled files without those cells are written first, so that the records of the new edition cover them; those
//       that they fold go last, and after them the pictures that no cell names. What was paid for stands in their heads: no
//       sum changes.
//   R5. Plans stay, a few kB each: a start that takes one up again must not meet a prune that wakes up and removes it.

import { randomBytes } from 'node:crypto';
import { FencedError, RefusedError } from '../errors.ts';
import { listCellColumns } from './cell-files.ts';
import type { DatasetStore, EpochRecord } from './dataset-store.ts';
import { Edition } from './editions.ts';
import { fail } from './fail.ts';
import { finishedKey, takeFinishedRows } from './finished-rows.ts';
import { storedColumns } from './gather.ts';
import { hasItsFiles, listMakers, readGroups, rowsOfRanges } from './groups.ts';
import { cellFolder, editionFolder, IMAGES_FOLDER, isOfAllEditions } from './names.ts';
import { findPublished, listPublished, listVersions } from './published.ts';
import { countPruned, type SettleOptions, settleColumn } from './settled.ts';
import { ownBytes, readVersion, type VersionContent } from './versions.ts';

/** No output is being made while cells are looked at. */
const LOOKING = { epoch: 0, nonce: '', chosen: new Map(), failedRows: new Set<number>() };

/** What a prune would take away. */
export interface PruneView {
  /** The newest start: what was asked for last. */
  readonly asked: EpochRecord;
  /** The version that people see: the prune's own takes its place. */
  readonly published: number;
  /** Versions that go. Of their files only those are kept that other versions share. */
  readonly versions: readonly number[];
  /** The size of what only they have, and of seed rows. */
  readonly sizeBytes: number;
  /** Cells of old inputs: an undone edit would pay for that many again. */
  readonly cells: number;
  /** Where these and others that cost nothing are. */
  readonly columns: readonly Pick<SettleOptions, 'column' | 'rowGroup' | 'editions' | 'pruning'>[];
  /** Folders of seed rows. */
  readonly seeds: readonly string[];
  /** Pictures that no cell names that stays. */
  readonly pictures: readonly string[];
}

/**
 * Looks for what goes when the `keep` newest versions are kept. Throws `RefusedError` where the newest build is not
 * complete, and `StoreError`.
 */
export async function findPrunable(
  dataset: DatasetStore,
  { keep }: { readonly keep: number },
): Promise<PruneView> {
  const asked = await dataset.findLatestStart();
  const published = await findPublished(dataset);
  const end = asked === undefined ? undefined : await dataset.findEnd(asked.epoch);
  if (asked === undefined || published === undefined || end?.isComplete !== true) {
    const why = end?.reason === null || end === undefined ? '' : ` (${end.reason})`;
    throw new RefusedError(
      `Cannot prune "${dataset.name}": its newest build is not complete${why}. Complete it with the command that made it, then prune`,
    );
  }
  const versions = await listVersions(dataset);
  const starts = await Promise.all((await listPublished(dataset)).map((epoch) => dataset.readEpoch(epoch)));
  // What a killed prune was to take the place of is there twice.
  const doubles = starts.filter((_, index) => starts[index + 1]?.kind === 'prune').map(({ epoch }) => epoch);
  const kept = versions.filter((version) => !doubles.includes(version)).slice(-keep);
  const gone = versions.filter((version) => !kept.includes(version));
  const contents = (epochs: readonly number[]) =>
    Promise.all(epochs.map((epoch) => readVersion(dataset, epoch)));
  const ofKept = starts.filter(({ epoch }) => kept.includes(epoch));
  const plans = await Promise.all(ofKept.map(({ planDigest }) => dataset.readPlan(planDigest)));
  const inOutput = new Set(plans.flatMap(storedColumns));
  const columns: PruneView['columns'][number][] = [];
  let cells = 0;
  const named = new Set<string>();
  for await (const group of readGroups(dataset, published)) {
    // The edition of the prune is made of them.
    if (!(await hasItsFiles(dataset, group, published))) filesAreGone(dataset);
    const { rowGroup } = group;
    const editions = await listMakers(dataset, rowGroup, kept);
    const rows = new Set(rowsOfRanges(group.rowsInFiles));
    for (const column of await listCellColumns(dataset)) {
      const pruning = { rows, isInOutput: inOutput.has(column) };
      const found = await countPruned(dataset, { ...LOOKING, column, rowGroup, editions, pruning });
      cells += found.paid;
      for (const name of found.pictures) named.add(name);
      if (found.all > 0) columns.push({ column, rowGroup, editions, pruning });
    }
  }
  const read = new Set(plans.map(({ seedSource }) => seedSource?.contentHash));
  const seeds = (await dataset.files.list('seeds'))
    .filter((hash) => !read.has(hash))
    .map((hash) => `seeds/${hash}`);
  // What versions hold in their own folders is counted by them; pictures stand beside, and may be of no version.
  const pictures = (await listPictures(dataset)).filter((name) => !named.has(name));
  const beside = (await sizeOfFolders(dataset, seeds)) + (await sizeOf(dataset, pictures));
  return {
    asked,
    published,
    versions: gone,
    sizeBytes: ownBytes(withoutShared(await contents(gone)), withoutShared(await contents(kept))) + beside,
    cells,
    columns,
    seeds,
    pictures,
  };
}

function withoutShared(versions: readonly VersionContent[]): readonly VersionContent[] {
  return versions.map((version) => ({
    ...version,
    files: new Map([...version.files].filter(([file]) => !isOfAllEditions(file))),
  }));
}

async function listPictures({ files }: DatasetStore): Promise<readonly string[]> {
  const columns = await files.list(IMAGES_FOLDER);
  const folders = columns.map((column) => `${IMAGES_FOLDER}/${column}`);
  const found = await Promise.all(
    folders.map(async (folder) => (await files.list(folder)).map((name) => `${folder}/${name}`)),
  );
  return found.flat();
}

function filesAreGone({ name }: DatasetStore): never {
  return fail(`Cannot prune "${name}": files of its output are gone. Run the command that made it again`);
}

async function sizeOfFolders(dataset: DatasetStore, folders: readonly string[]): Promise<number> {
  const names = await Promise.all(
    folders.map(async (folder) => (await dataset.files.list(folder)).map((name) => `${folder}/${name}`)),
  );
  return sizeOf(dataset, names.flat());
}

async function sizeOf({ files }: DatasetStore, names: readonly string[]): Promise<number> {
  let size = 0;
  for (const name of names) size += (await files.findStat(name))?.sizeBytes ?? 0;
  return size;
}

/** Whether there is nothing to prune. */
export function isPruned({ versions, columns, seeds, pictures }: PruneView): boolean {
  return versions.length + columns.length + seeds.length + pictures.length === 0;
}

/**
 * Takes away what was seen, and returns how many bytes that freed. A crash leaves a whole dataset, and the next prune goes on. Throws `RefusedError` when
 * another start was faster, `FencedError` when one came later.
 */
export async function prune(
  dataset: DatasetStore,
  view: PruneView,
  owner: Pick<EpochRecord, 'host' | 'machine' | 'pid' | 'processStart'>,
): Promise<number> {
  const { v: _, epoch: newest, endedAt: __, ...asked } = view.asked;
  const { id } = await dataset.read();
  // Only this process tells whether it is at work: no Temporal server knows of it.
  const start = {
    ...asked,
    ...owner,
    kind: 'prune',
    datasetId: id,
    isEmbedded: true,
    at: Date.now(),
  } as const;
  const taken = await dataset.takeEpoch(newest, start);
  if (taken === undefined) {
    throw new RefusedError(`Cannot prune "${dataset.name}": a build of it has begun meanwhile`);
  }
  try {
    return await pruneAs(dataset, view, taken);
  } catch (error) {
    // What is missing then a newer start has removed.
    if (await dataset.hasNewerEpoch(taken.epoch)) throw new FencedError(taken.epoch);
    throw error;
  } finally {
    await dataset.leaveEpoch(taken.epoch);
  }
}

async function pruneAs(dataset: DatasetStore, view: PruneView, start: EpochRecord): Promise<number> {
  const { files } = dataset;
  const { epoch, planDigest, rows } = start;
  const edition = new Edition(dataset, { epoch, planDigest, digestOf: () => undefined });
  const nonce = randomBytes(8).toString('hex');
  const [folded, written]: [string[], string[]] = [[], []];
  for (const column of view.columns) {
    await edition.checkEpoch();
    // What a killed prune left: no start opens these groups.
    await dataset.sweepFolder(cellFolder(column));
    const settled = await settleColumn(dataset, { ...LOOKING, ...column, epoch, nonce });
    folded.push(...settled.folded);
    written.push(...settled.covers.slice(-1));
  }
  const { open } = await edition.start(Math.ceil(rows / (await dataset.read()).rowGroupSize));
  const plan = await dataset.readPlan(planDigest);
  if (plan.afterGeneration !== undefined) {
    const key = await finishedKey(dataset, epoch, plan);
    await takeFinishedRows(dataset, { from: view.published, to: epoch, key });
  }
  if (open.length > 0 || !(await edition.publish({ isFinished: false }))) filesAreGone(dataset);
  const freed = view.sizeBytes + (await sizeOf(dataset, folded)) - (await sizeOf(dataset, written));
  for (const folder of [...[...view.versions, view.published].map(editionFolder), ...view.seeds]) {
    await edition.checkEpoch();
    await files.removeFolder(folder);
  }
  // Last of all: as long as a cell is there that an undone edit would find, its pictures are, too.
  for (const name of [...folded, ...view.pictures]) {
    await edition.checkEpoch();
    await files.remove(name);
  }
  return Math.max(0, freed);
}
