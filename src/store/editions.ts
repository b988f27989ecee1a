// Editions: the output as one start makes it, in `editions/<epoch>/`. Nobody else writes there, and nothing in it is ever
// replaced.
//
//   E1. A start first ends every earlier edition that nobody published, for good: `published/<k>` says "abandoned". So
//       none of them appears after people have seen a later one.
//   E2. It takes over the groups that are as its plan wants them, files and record, from whatever edition has them, the
//       newest first. Where its plan keeps cells, only from what people see and what was made since: before that, other
//       cells were kept. Abandoned editions are removed only after that.
//   E3. An edition is published as soon as no row that people see would go away: at once where nothing was there, or all
//       of it was taken over; else when the groups that were opened again are committed. Under another plan values
//       change: then it is published at the end of the build, with all of its groups. So it is, too, as long as what people
//       see has finished rows (finished-rows.ts) and it has none.
//   E4. What a published edition holds never changes, but that groups are added.
//   E5. Editions of builds that never ended are removed once two later ones have all of their rows.
//   E6. Whoever finds its edition abandoned is fenced, and makes no folder again.

import { FencedError } from '../errors.ts';
import { listCellColumns } from './cell-files.ts';
import type { DatasetStore } from './dataset-store.ts';
import { fail } from './fail.ts';
import { findFinishedRows } from './finished-rows.ts';
import {
  findGroup,
  formatGroup,
  type GroupRecord,
  groupPath,
  hasItsFiles,
  isTrusted,
  listGroups,
  rowsOfRanges,
} from './groups.ts';
import { editionFolder, isOfAllEditions, parseNumbers, publishedName } from './names.ts';
import { EDITION_FOLDERS, LINKED_FILES, LINKED_FOLDERS, LINKED_NAMES } from './outputs.ts';
import { findPublished, findVerdict, listEditions } from './published.ts';
import { recount } from './usage.ts';

/** Groups that are taken over at once: each is a handful of file operations that wait for the disk. */
const TAKEN_AT_ONCE = 32;

export interface EditionOptions {
  readonly epoch: number;
  readonly planDigest: string;
  /** How the plan wants a group, see `GroupRecord.digest`; undefined takes it as people see it. */
  readonly digestOf: (rowGroup: number) => string | undefined;
  /** Whether the files of users that a group was made from are what they were; they are by default. */
  readonly isAsRead?: (group: GroupRecord) => boolean;
  /** Whether the plan keeps cells of a group as people see them; it keeps none by default. */
  readonly keepsIn?: (rowGroup: number) => boolean;
}

export interface StartedEdition {
  /** The groups that have to be opened, ascending. */
  readonly open: readonly number[];
  readonly takenRows: number;
  readonly takenDrops: number;
}

/** The output of one start in the making. */
export class Edition {
  readonly epoch: number;
  readonly #dataset: DatasetStore;
  readonly #options: EditionOptions;
  #isPublished = false;
  /** Whether what people see, which stays as it is until this one is published, has finished rows. */
  #beforeIsFinished: boolean | undefined;
  /** Groups that need not be looked at again before it is published: no record changes. */
  readonly #held = new Set<number>();
  /** Those of its folders that are there. */
  readonly #folders = new Set<string>();

  constructor(dataset: DatasetStore, options: EditionOptions) {
    this.#dataset = dataset;
    this.#options = options;
    this.epoch = options.epoch;
  }

  /** Throws `FencedError` once a newer start has taken the dataset over. */
  async checkEpoch(): Promise<void> {
    if (await this.#dataset.hasNewerEpoch(this.epoch)) throw new FencedError(this.epoch);
  }

  /** Makes the edition, with all that earlier ones have of its groups. Safe to repeat. Throws `FencedError`. */
  async start(groupCount: number): Promise<StartedEdition> {
    const { files } = this.#dataset;
    await refuseFoldersForLinks(this.#dataset);
    await this.#abandonEarlier();
    await this.checkEpoch();
    await files.makeFolder(editionFolder(this.epoch));
    for (const name of EDITION_FOLDERS) await this.#makeFolder(name);
    const editions = (await listEditions(this.#dataset)).filter((epoch) => epoch <= this.epoch).reverse();
    const columns = await listCellColumns(this.#dataset);
    const all = Array.from({ length: groupCount }, (_, rowGroup) => rowGroup);
    const taken = await this.#takeAll(all, { editions, columns });
    for (const folder of this.#folders) await files.syncFolder(folder);
    await this.#removeAbandoned(editions);
    await this.#takeDescriptions();
    const before = await findPublished(this.#dataset);
    const isSeen = await this.publish({ isFinished: false });
    // A second try of a start that was published already has nothing before it but itself.
    if (!isSeen || before === undefined || before === this.epoch) return taken;
    // A build that was replaced after its last look at the epochs may have committed a group since this one looked.
    const late = await this.#takeAll(taken.open, { editions: [before], columns });
    for (const epoch of editions) if (epoch < before) await this.#removeIfGoneOnWith(epoch);
    return {
      open: late.open,
      takenRows: taken.takenRows + late.takenRows,
      takenDrops: taken.takenDrops + late.takenDrops,
    };
  }

  /**
   * Publishes the edition if no row that people see would go away; finished, whatever goes away. True if people see it.
   * Throws `FencedError` where a newer start has abandoned it.
   */
  async publish({ isFinished }: { readonly isFinished: boolean }): Promise<boolean> {
    if (this.#isPublished) return true;
    if ((await findVerdict(this.#dataset, this.epoch)) === undefined) {
      if (!isFinished && !(await this.#hasAllOf(await findPublished(this.#dataset)))) return false;
      await this.#dataset.files.create(publishedName(this.epoch), 'published');
    }
    if ((await findVerdict(this.#dataset, this.epoch)) !== 'published') throw new FencedError(this.epoch);
    this.#isPublished = true;
    await pointAtPublished(this.#dataset);
    return true;
  }

  /** Under one plan what the edition before says of itself holds until the end of the build. */
  async #takeDescriptions(): Promise<void> {
    const before = await findPublished(this.#dataset);
    if (before === undefined || before === this.epoch || !(await this.#hasPlanOf(before))) return;
    for (const name of LINKED_FILES) {
      const path = `${editionFolder(before)}/${name}`;
      if (!(await this.#dataset.files.has(path))) continue;
      await this.#dataset.files.link(path, `${editionFolder(this.epoch)}/${name}`);
    }
    await this.#dataset.files.syncFolder(editionFolder(this.epoch));
  }

  async #hasPlanOf(epoch: number): Promise<boolean> {
    return (await this.#dataset.findEpoch(epoch))?.planDigest === this.#options.planDigest;
  }

  async #abandonEarlier(): Promise<void> {
    const ended = new Set(parseNumbers(await this.#dataset.files.list('published')));
    for (let epoch = 1; epoch < this.epoch; epoch += 1) {
      if (!ended.has(epoch)) await this.#dataset.files.create(publishedName(epoch), 'abandoned');
    }
  }

  async #hasAllOf(before: number | undefined): Promise<boolean> {
    if (before === undefined) return true;
    this.#beforeIsFinished ??= (await findFinishedRows(this.#dataset, before)) !== undefined;
    if (this.#beforeIsFinished && (await findFinishedRows(this.#dataset, this.epoch)) === undefined)
      return false;
    const hasItsPlan = await this.#hasPlanOf(before);
    for (const rowGroup of await listGroups(this.#dataset, before)) {
      if (this.#held.has(rowGroup)) continue;
      const rows = await this.#rowsOf(before, rowGroup);
      const own = new Set(hasItsPlan && rows.length > 0 ? await this.#rowsOf(this.epoch, rowGroup) : []);
      if (!rows.every((row) => own.has(row))) return false;
      this.#held.add(rowGroup);
    }
    return true;
  }

  async #rowsOf(epoch: number, rowGroup: number): Promise<readonly number[]> {
    const group = await findGroup(this.#dataset, { epoch, rowGroup });
    return rowsOfRanges(group?.rowsInFiles ?? []);
  }

  async #takeAll(
    groups: readonly number[],
    from: { readonly editions: readonly number[]; readonly columns: readonly string[] },
  ): Promise<StartedEdition> {
    const open: number[] = [];
    let [takenRows, takenDrops] = [0, 0];
    for (let first = 0; first < groups.length; first += TAKEN_AT_ONCE) {
      const some = groups.slice(first, first + TAKEN_AT_ONCE);
      const taken = await Promise.all(some.map((rowGroup) => this.#take(rowGroup, from)));
      for (const [index, group] of taken.entries()) {
        if (group === undefined) open.push(some[index]!);
        takenRows += group?.rowCount ?? 0;
        takenDrops += group?.drops.length ?? 0;
      }
    }
    return { open, takenRows, takenDrops };
  }

  /** Takes a group over from the first edition that has it as it is wanted; undefined if none has. */
  async #take(
    rowGroup: number,
    { editions, columns }: { readonly editions: readonly number[]; readonly columns: readonly string[] },
  ): Promise<GroupRecord | undefined> {
    const digest = this.#options.digestOf(rowGroup);
    const isKeeping = this.#options.keepsIn?.(rowGroup) === true;
    const since = isKeeping ? ((await findPublished(this.#dataset)) ?? 0) : 0;
    for (const epoch of editions) {
      if (epoch < since) break;
      const group = await findGroup(this.#dataset, { epoch, rowGroup });
      if (group === undefined || (digest !== undefined && !isTrusted(group, digest))) continue;
      if (this.#options.isAsRead?.(group) === false) continue;
      if (!(await hasItsFiles(this.#dataset, group, epoch))) continue;
      // An earlier try of this start took it.
      if (epoch === this.epoch) return group;
      if (await this.#link(group, epoch, columns)) return group;
    }
    return undefined;
  }

  async #makeFolder(name: string): Promise<void> {
    const folder = `${editionFolder(this.epoch)}/${name}`;
    if (this.#folders.has(folder)) return;
    await this.#dataset.files.makeFolder(folder);
    this.#folders.add(folder);
  }

  /** False if something of it went away meanwhile: a newer start removes what this one reads. */
  async #link(group: GroupRecord, from: number, columns: readonly string[]): Promise<boolean> {
    const { files } = this.#dataset;
    const [source, own] = [editionFolder(from), editionFolder(this.epoch)];
    const { rowGroup } = group;
    const record = groupPath({ epoch: this.epoch, rowGroup });
    try {
      for (const { name } of group.files) {
        if (isOfAllEditions(name)) continue;
        await this.#makeFolder(name.slice(0, name.lastIndexOf('/')));
        // Another file has the name: an earlier try of this start took the group from elsewhere, or commits it now.
        if (!(await files.link(`${source}/${name}`, `${own}/${name}`))) return false;
      }
      const recounted = await recount(this.#dataset, group, columns);
      if (recounted === group) await files.link(groupPath({ epoch: from, rowGroup }), record);
      else await files.create(record, formatGroup(recounted));
      return true;
    } catch (error) {
      if ((await findGroup(this.#dataset, { epoch: from, rowGroup })) !== undefined) throw error;
      return false;
    }
  }

  /**
   * Removes a published edition that was gone on with: a build that never ended, under this plan, whose rows all later ones
   * have. Else a build that is killed again and again would leave one each time.
   */
  async #removeIfGoneOnWith(epoch: number): Promise<void> {
    const isComplete = (await this.#dataset.findEnd(epoch))?.isComplete === true;
    if (isComplete || !(await this.#hasPlanOf(epoch))) return;
    await this.#dataset.files.removeFolder(editionFolder(epoch));
  }

  async #removeAbandoned(editions: readonly number[]): Promise<void> {
    for (const epoch of editions) {
      if (epoch === this.epoch || (await findVerdict(this.#dataset, epoch)) !== 'abandoned') continue;
      await this.#dataset.files.removeFolder(editionFolder(epoch));
    }
  }
}

/** A copy that followed links has folders where they were: they would be in the way only when all is paid for. */
async function refuseFoldersForLinks(dataset: DatasetStore): Promise<void> {
  const { files } = dataset;
  const names = ['current', ...LINKED_FOLDERS];
  for (const name of names) {
    if (!(await files.has(name)) || (await files.findPointer(name)) !== undefined) continue;
    fail(
      `Cannot build in "${dataset.directory}": "${name}" is no link there, as in a copy that followed links. Remove ${names.slice(0, -1).join(', ')} and ${names.at(-1)}: the rows are in editions, too`,
    );
  }
}

/**
 * Whether Data Designer's names lead to all of the published edition, or hold it, as in a copy that followed links. If not,
 * somebody has been in the folder: a start puts it right.
 */
export async function isPublishedByName(dataset: DatasetStore): Promise<boolean> {
  const { files } = dataset;
  const epoch = await findPublished(dataset);
  const current = await files.findPointer('current');
  if (epoch === undefined || (current !== undefined && current !== editionFolder(epoch))) return false;
  const found = await Promise.all(LINKED_NAMES.map((name) => files.has(name)));
  return found.every((isThere) => isThere);
}

/** Puts Data Designer's names where the published edition is. Whoever finds them elsewhere does. */
export async function pointAtPublished(dataset: DatasetStore): Promise<void> {
  const epoch = await findPublished(dataset);
  if (epoch === undefined) return;
  const { files } = dataset;
  if ((await files.findPointer('current')) !== editionFolder(epoch)) {
    await files.point('current', editionFolder(epoch));
  }
  for (const name of LINKED_NAMES) {
    if ((await files.findPointer(name)) !== `current/${name}`) await files.point(name, `current/${name}`);
  }
}
