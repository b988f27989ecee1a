// A walk: builds of one dataset that overlap in any way, with the modules of the store themselves over files in memory.
// People continue, extend, edit, undo and redo; the builds start, commit, try a commit again, finish twice, are stopped,
// killed at any step, or held there for as long as it likes and woken up. It is `reference/store-protocol.py` of the design,
// run against the code. After each step that changes a file a reader looks; at rest the sums are held against the calls.
//
//   W1. What people see has every file that its records name, byte for byte, and no row of it goes away, but for one that
//       a replaced build committed between its last look at the epochs and its record.
//   W2. Within an edition a value never changes, and no earlier edition comes back.
//   W3. No answer that became durable is lost.
//   W4. At rest the usage is that of all recorded calls, each once; the same command pays nothing and changes nothing.

import { createHash } from 'node:crypto';
import { redoCounterOf } from '../../src/cell-rules.ts';
import { digestOf } from '../../src/digest.ts';
import { FencedError, StoreError } from '../../src/errors.ts';
import type { PartName, RowRange } from '../../src/graph/types.ts';
import type { Plan, PlanColumn } from '../../src/plan.ts';
import { type GroupDigests, makeGroupDigests } from '../../src/rows/group-digests.ts';
import { costOf } from '../../src/store/call-usage.ts';
import { makeCellFolder } from '../../src/store/cell-files.ts';
import { commitRowGroup, type RowGroupContent } from '../../src/store/commit.ts';
import { DatasetStore, type EpochRecord } from '../../src/store/dataset-store.ts';
import { Edition } from '../../src/store/editions.ts';
import { MemoryWorld } from '../../src/store/files/memory.ts';
import type { StoreFiles } from '../../src/store/files/port.ts';
import { gatherRecords } from '../../src/store/gather.ts';
import {
  type Drop,
  findGroup,
  type GroupRecord,
  hasItsFiles,
  readOutputFile,
  rowsOfRanges,
} from '../../src/store/groups.ts';
import { parseNumbers } from '../../src/store/names.ts';
import { describeEdition } from '../../src/store/outputs.ts';
import { PartCache } from '../../src/store/part-cache.ts';
import { createPart } from '../../src/store/parts.ts';
import { findPublished } from '../../src/store/published.ts';
import { type CellRecord, identityOf } from '../../src/store/records.ts';
import { Store } from '../../src/store/store.ts';
import { readUsage } from '../../src/store/usage.ts';
import { cellRecord, startOf, textPlan } from '../unit/store/support.ts';
import { hooked } from './hooked-files.ts';
import { Actor, seeded, type WaitingStep } from './interleaving.ts';
import { readRows } from './read-output.ts';

const GROUP_SIZE = 2;
const COLUMNS = ['a', 'b'];
const MAX_ROWS = 8;
/** A mistake that keeps a build from ending shows as this. */
const MAX_STEPS = 100_000;

const SEEN_BY_READERS = new Set([
  'create',
  'replace',
  'publish',
  'publishIfAbsent',
  'link',
  'remove',
  'removeFolder',
]);

interface Wish {
  readonly rows: number;
  readonly plan: Plan;
}

/** What a walk can have go wrong by itself, besides what the code does. */
export interface WalkOptions {
  /** Changes what a process does to the files: a rule that is broken on purpose. */
  readonly breaking?: (files: StoreFiles) => StoreFiles;
}

export interface WalkResult {
  readonly steps: number;
  readonly kills: number;
  /** Times that a reader saw a row of a replaced build, which went and was made again. */
  readonly seenEarly: number;
  readonly paid: number;
}

/** Throws what does not hold. */
export async function walk(seed: number, options: WalkOptions = {}): Promise<WalkResult> {
  const builds = new OverlappingBuilds(seed, options);
  await builds.begin();
  return builds.run();
}

class OverlappingBuilds {
  readonly random: () => number;
  readonly world = new MemoryWorld();
  readonly options: WalkOptions;
  /** As a reader has it: no hooks. */
  dataset!: DatasetStore;
  readonly recorded = new Set<string>();
  paid = 0;
  clock = 1_000;
  #actors: Actor[] = [];
  #favourite: Actor | undefined;
  readonly #watch: Watch;
  #steps = 0;
  #kills = 0;
  newestEpoch = 0;

  constructor(seed: number, options: WalkOptions) {
    this.random = seeded(seed);
    this.options = options;
    this.#watch = new Watch(this);
  }

  async begin(): Promise<void> {
    const store = new Store({ id: 'memory', access: 'build', files: this.world.files() });
    this.dataset = await store.createDataset('tickets', { seed: 'tickets', rowGroupSize: GROUP_SIZE });
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  choose<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  filesOf(actor: Actor): StoreFiles {
    const files = hooked(this.dataset.files, actor.before);
    return this.options.breaking?.(files) ?? files;
  }

  spawn(name: string, run: (actor: Actor) => Promise<void>, { isFirst = false } = {}): void {
    const actor = new Actor(name);
    if (isFirst) this.#actors.unshift(actor);
    else this.#actors.push(actor);
    actor.start(() => run(actor));
  }

  async run(): Promise<WalkResult> {
    let wish = await this.#wish({ rows: this.choose([2, 3, 4]), plan: planOf([0, 0], []) });
    const first = wish.plan;
    const count = 2 + Math.floor(this.random() * 5);
    for (let act = 0; act < count; act += 1) {
      wish = await this.#wish(this.#change(wish, first));
      const asked = wish;
      const build = new Build(this, asked, { isStopped: this.chance(0.2), isCalm: false });
      this.spawn(`build ${act}`, (actor) => build.run(actor));
      await this.#interleave(this.choose([5, 20, 60, 200, 2_000]));
      await this.#watch.holdsAnswers();
    }
    while (this.#actors.length > 0) await this.#step(this.#actors.at(-1)!);
    await this.#watch.holdsAnswers();
    if (this.chance(0.3)) await this.#damage();
    await this.#calmBuild(wish);
    const [rows, paid] = [await this.#watch.readWhole(wish), this.paid];
    await this.#watch.checkUsage();
    await this.#calmBuild(wish);
    equal(this.paid, paid, 'the same command pays again');
    equal(await this.#watch.readWhole(wish), rows, 'the same command changes a value');
    await this.#watch.checkUsage();
    await this.#watch.holdsAnswers();
    return { steps: this.#steps, kills: this.#kills, seenEarly: this.#watch.seenEarly, paid: this.paid };
  }

  #change({ rows, plan }: Wish, first: Plan): Wish {
    const column = this.choose([0, 1]);
    const redo = { column: COLUMNS[column]!, rows: null, counter: plan.redo.length + 1 };
    const row = Math.floor(this.random() * rows);
    switch (this.choose(['same', 'same', 'extend', 'edit', 'undo', 'redo'])) {
      case 'extend':
        return { rows: Math.min(MAX_ROWS, rows + 1 + Math.floor(this.random() * 3)), plan };
      case 'edit':
        return {
          rows,
          plan: { ...plan, columns: edited(plan.columns, column, 1 + Math.floor(this.random() * 3)) },
        };
      case 'undo':
        return { rows, plan: first };
      case 'redo':
        return {
          rows,
          plan: { ...plan, redo: [...plan.redo, { ...redo, rows: [{ first: row, last: row }] }] },
        };
      default:
        return { rows, plan };
    }
  }

  async #wish(wish: Wish): Promise<Wish> {
    await this.dataset.writePlan(digestOf(wish.plan), wish.plan);
    await this.dataset.writePlanDocument(digestOf(wish.plan), {});
    return wish;
  }

  /** One build runs for a while, the newest mostly; another one wakes up now and then, or dies. */
  async #interleave(budget: number): Promise<void> {
    for (let step = 0; step < budget && this.#actors.length > 0; step += 1) {
      if (this.chance(0.15) || this.#favourite === undefined || !this.#actors.includes(this.#favourite)) {
        this.#favourite = this.chance(0.6) ? this.#actors.at(-1)! : this.choose(this.#actors);
      }
      await this.#step(this.#favourite);
      if (!this.chance(0.004) || !this.#actors.includes(this.#favourite)) continue;
      this.#actors.splice(this.#actors.indexOf(this.#favourite), 1);
      this.#kills += 1;
    }
  }

  async #step(actor: Actor): Promise<void> {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) throw new Error(`"${actor.name}" does not come to an end`);
    const done = await actor.step((count) => Math.floor(this.random() * count));
    if (done !== undefined) await this.#took(done);
    if (actor.hasEnded) this.#actors.splice(this.#actors.indexOf(actor), 1);
  }

  async #took({ operation, path }: WaitingStep): Promise<void> {
    if (!SEEN_BY_READERS.has(operation)) return;
    const epoch = /^epochs\/(\d+)\.json$/.exec(path);
    if (epoch !== null) this.newestEpoch = Math.max(this.newestEpoch, Number(epoch[1]));
    const record = /^editions\/(\d+)\/groups\/(\d+)\.json$/.exec(path);
    if (record !== null && Number(record[1]) < this.newestEpoch) this.#watch.expectLate(Number(record[2]));
    if (/^(editions|published)\//.test(path)) await this.#watch.look();
  }

  /** Somebody removes a finished group by hand. */
  async #damage(): Promise<void> {
    const epoch = await findPublished(this.dataset);
    if (epoch === undefined) return;
    const folder = `editions/${String(epoch).padStart(6, '0')}`;
    const groups = parseNumbers(await this.dataset.files.list(`${folder}/groups`), '.json');
    if (groups.length === 0) return;
    const group = String(this.choose(groups)).padStart(5, '0');
    await this.dataset.files.remove(`${folder}/parquet-files/batch_${group}.parquet`);
    if (this.chance(0.5)) await this.dataset.files.remove(`${folder}/groups/${group}.json`);
    this.#watch.forget();
  }

  async #calmBuild(wish: Wish): Promise<void> {
    const build = new Build(this, wish, { isStopped: false, isCalm: true });
    this.spawn('calm build', (actor) => build.run(actor));
    while (this.#actors.length > 0) await this.#step(this.#actors.at(-1)!);
    equal(build.end, 'done', 'an undisturbed build ends');
  }
}

/** What readers see, and what must hold of it. */
class Watch {
  readonly #builds: OverlappingBuilds;
  readonly #late = new Set<number>();
  readonly #right = new Set<string>();
  #epoch = 0;
  #rows = new Map<number, string>();
  seenEarly = 0;
  #damaged: number | undefined;

  constructor(builds: OverlappingBuilds) {
    this.#builds = builds;
  }

  expectLate(rowGroup: number): void {
    for (let row = 0; row < GROUP_SIZE; row += 1) this.#late.add(rowGroup * GROUP_SIZE + row);
  }

  /** After somebody has removed files by hand. */
  forget(): void {
    this.#rows = new Map();
    this.#damaged = this.#epoch;
  }

  async look(): Promise<void> {
    const { dataset } = this.#builds;
    const epoch = (await findPublished(dataset)) ?? 0;
    if (epoch === this.#damaged) return;
    if (epoch < this.#epoch) throw new Error(`Edition ${epoch} came back after ${this.#epoch}`);
    const rows = new Map<number, string>();
    const groups = await this.#groupsOf(epoch);
    for (const group of groups) {
      for (const row of rowsOfRanges(group.rowsInFiles))
        rows.set(row, group.files.map(({ sha256 }) => sha256).join());
    }
    const dropped = new Set(groups.flatMap(({ drops }) => drops.map(({ row }) => row)));
    const gone = [...this.#rows.keys()].filter((row) => !rows.has(row) && !dropped.has(row));
    const lost = gone.filter((row) => !this.#late.has(row));
    if (lost.length > 0) throw new Error(`Rows ${lost} went away with edition ${epoch} after ${this.#epoch}`);
    if (gone.length > 0) this.seenEarly += 1;
    if (epoch === this.#epoch) {
      for (const [row, file] of this.#rows)
        equal(rows.get(row), file, `row ${row} changed within edition ${epoch}`);
    }
    this.#epoch = epoch;
    this.#rows = rows;
  }

  async #groupsOf(epoch: number): Promise<GroupRecord[]> {
    if (epoch === 0) return [];
    const { dataset } = this.#builds;
    const folder = `editions/${String(epoch).padStart(6, '0')}`;
    const groups: GroupRecord[] = [];
    for (const rowGroup of parseNumbers(await dataset.files.list(`${folder}/groups`), '.json')) {
      const group = (await findGroup(dataset, { epoch, rowGroup }))!;
      for (const { name, sha256 } of group.files) {
        const stat = await dataset.files.findStat(`${folder}/${name}`);
        const known = `${stat?.identity} ${stat?.sizeBytes} ${sha256}`;
        if (this.#right.has(known)) continue;
        const bytes = (await dataset.files.find(`${folder}/${name}`)) ?? Buffer.alloc(0);
        const found = createHash('sha256').update(bytes).digest('hex');
        equal(found, sha256, `"${name}" of edition ${epoch} is what its record says`);
        this.#right.add(known);
      }
      groups.push(group);
    }
    return groups;
  }

  /** The rows that were asked for, each with the values that the plan leads to. */
  async readWhole({ rows, plan }: Wish): Promise<readonly string[]> {
    await this.look();
    const { dataset } = this.#builds;
    const found: string[] = [];
    for await (const { a, b } of readRows(dataset)) found.push(`${a} | ${b}`);
    equal(found.length, rows, 'all rows are there');
    for (const [row, text] of found.entries()) {
      const [a, b] = COLUMNS.map((column) => `${nameOf(plan, column, row)} #\\d+`);
      const expected = new RegExp(`^(${a}) \\| ${b} \\(\\1\\)$`);
      if (!expected.test(text)) throw new Error(`Row ${row} is ${text}: not made by the last plan`);
    }
    return found;
  }

  async holdsAnswers(): Promise<void> {
    const { dataset, recorded } = this.#builds;
    const held = new Set<string>();
    for (let rowGroup = 0; rowGroup * GROUP_SIZE < MAX_ROWS; rowGroup += 1) {
      const rows = rowsOf(rowGroup, MAX_ROWS);
      const found = await gatherRecords(dataset, { columns: COLUMNS, rowGroup, rows, chosenBy: undefined });
      for (const record of [...found.values()].flat()) {
        if (record.status === 'ok') for (const { id } of record.calls) held.add(id);
      }
    }
    const lost = [...recorded].filter((id) => id.startsWith('ok ') && !held.has(id.slice(3)));
    equal(lost, [], 'every answer that was durable is there');
  }

  async checkUsage(): Promise<void> {
    const usage = await readUsage(this.#builds.dataset);
    const { calls } = costOf(...Object.values(usage));
    equal(calls, this.#builds.recorded.size, 'the usage is that of all recorded calls');
  }
}

interface BuildOptions {
  /** Stopped before its end: what is complete is committed. */
  readonly isStopped: boolean;
  /** Nothing fails, nothing is tried twice. */
  readonly isCalm: boolean;
}

/** One start, to the end of its wish. */
class Build {
  readonly #builds: OverlappingBuilds;
  readonly #wish: Wish;
  readonly #options: BuildOptions;
  readonly #digests: GroupDigests;
  #epoch = 0;
  end: 'runs' | 'refused' | 'done' | 'stopped' | 'fenced' = 'runs';

  constructor(builds: OverlappingBuilds, wish: Wish, options: BuildOptions) {
    this.#builds = builds;
    this.#wish = wish;
    this.#options = options;
    this.#digests = makeGroupDigests({ plan: wish.plan, order: COLUMNS, seedKeyOf: () => '' });
  }

  async run(actor: Actor): Promise<void> {
    const start = await this.#take(this.#datasetOf(actor));
    if (start === undefined) {
      this.end = 'refused';
      return;
    }
    this.#epoch = start.epoch;
    this.end = await this.#unlessFenced(async () => {
      const edition = this.#editionOf(actor);
      const { open } = await edition.start(Math.ceil(this.#wish.rows / GROUP_SIZE));
      for (const rowGroup of this.#shuffled(open)) {
        const isStopped = this.#options.isStopped && this.#builds.chance(0.2);
        await this.#group(actor, edition, { rowGroup, isComplete: !isStopped });
        if (!isStopped) continue;
        await this.#finish(actor, edition, { isComplete: false });
        return 'stopped';
      }
      if (this.#tries(0.2))
        this.#again((other) => this.#finish(other, this.#editionOf(other), { isComplete: true }));
      await this.#finish(actor, edition, { isComplete: true });
      return 'done';
    });
  }

  /** What is asked for is held against what the newest start asked for, and holds only if no other comes between. */
  async #take(dataset: DatasetStore): Promise<EpochRecord | undefined> {
    const { rows, plan } = this.#wish;
    for (;;) {
      const newest = await dataset.newestEpoch();
      if (newest > 0 && (await dataset.readEpoch(newest)).rows > rows) return undefined;
      const taken = await dataset.takeEpoch(newest, startOf({ rows, planDigest: digestOf(plan) }));
      if (taken !== undefined) return taken;
    }
  }

  async #group(
    actor: Actor,
    edition: Edition,
    { rowGroup, isComplete }: { readonly rowGroup: number; readonly isComplete: boolean },
  ): Promise<void> {
    const dataset = this.#datasetOf(actor);
    const rows = rowsOf(rowGroup, this.#wish.rows);
    const parts = await this.#makeCells(actor, edition, { rowGroup, isComplete });
    const commit = async (by: Actor, into: Edition): Promise<void> => {
      const store = this.#datasetOf(by);
      await commitRowGroup(store, into, {
        plan: this.#wish.plan,
        planDigest: digestOf(this.#wish.plan),
        rowGroup,
        rows,
        isComplete,
        digest: this.#digests.groupDigest(rows),
        definitions: this.#digests.definitions(rows),
        readContent: () => readContent(store, { rows, parts, isComplete }),
      });
      await into.publish({ isFinished: false });
    };
    // A second attempt, in the same process or in another one; some wake up long after the first has ended.
    const again = () => this.#again((other) => commit(other, this.#editionOf(other)));
    if (this.#tries(0.2)) again();
    const attempts = [commit(actor, edition), ...(this.#tries(0.2) ? [commit(actor, edition)] : [])];
    await Promise.all(attempts);
    if (this.#tries(0.2)) await commit(actor, this.#editionOf(actor));
    if (this.#tries(0.2)) again();
    if (isComplete)
      equal(
        (await findGroup(dataset, { epoch: this.#epoch, rowGroup }))?.isComplete ?? true,
        true,
        'committed',
      );
  }

  /** Opens the group, and makes the cells that are not there. The parts that hold its cells, by column. */
  async #makeCells(
    actor: Actor,
    edition: Edition,
    { rowGroup, isComplete }: { readonly rowGroup: number; readonly isComplete: boolean },
  ): Promise<ReadonlyMap<string, PartName[]>> {
    const dataset = this.#datasetOf(actor);
    const rows = rowsOf(rowGroup, this.#wish.rows);
    const published = await findPublished(dataset);
    const current =
      published === undefined ? undefined : await findGroup(dataset, { epoch: published, rowGroup });
    const found = await gatherRecords(dataset, {
      columns: COLUMNS,
      rowGroup,
      rows,
      chosenBy: current?.epoch,
    });
    const cells = new Map<number, string>();
    const parts = new Map<string, PartName[]>();
    for (const column of COLUMNS) {
      await makeCellFolder(dataset, { column, rowGroup });
      const place = { column, rows, rowGroup, epoch: this.#epoch };
      const base = createPart(dataset, { ...place, kind: 'base' });
      const slice = createPart(dataset, place);
      for (let row = rows.first; row <= rows.last; row += 1) {
        const above = column === 'a' ? '' : cells.get(row);
        if (above === undefined) continue;
        const digest = digestOf([nameOf(this.#wish.plan, column, row), above]);
        const right = found
          .get(column)!
          .filter((record) => record.row === row && record.status === 'ok' && record.in === digest);
        const chosen = right.find((record) => record.chosen === true) ?? right[0];
        if (chosen !== undefined) {
          cells.set(row, `${column === 'a' ? chosen.value : ''}`);
          await base.append(chosen);
          continue;
        }
        // A stopped build leaves the rest.
        if (!isComplete && this.#builds.chance(0.5)) continue;
        await edition.checkEpoch();
        const record = await this.#call(actor, { column, row, digest, above, id: slice.nextCallId() });
        await slice.append(record);
        this.#builds.recorded.add(tokenOf(record));
        if (record.status === 'ok') cells.set(row, String(record.value));
        if (this.#tries(0.15)) this.#straggle({ column, row, rowGroup, digest, above });
      }
      await base.close();
      await slice.close();
      parts.set(
        column,
        [base, slice].filter(({ isEmpty }) => !isEmpty).map(({ name }) => name),
      );
    }
    return parts;
  }

  /** A call is made; whoever is killed here has lost it. */
  async #call(
    actor: Actor,
    of: {
      readonly column: string;
      readonly row: number;
      readonly digest: string;
      readonly above: string;
      readonly id: string;
    },
  ): Promise<CellRecord> {
    const { column, row, digest, above, id } = of;
    this.#builds.paid += 1;
    this.#builds.clock += 1;
    const [at, paid] = [this.#builds.clock, this.#builds.paid];
    await actor.pause('call');
    const calls = [{ id, promptTokens: 1, completionTokens: 1, status: 200, ms: 1 }];
    if (this.#tries(0.1)) {
      const error = { kind: 'UnusableAnswer', message: 'No JSON' } as const;
      return cellRecord({ row, in: digest, at, calls, status: 'failed', value: null, error });
    }
    const name = nameOf(this.#wish.plan, column, row);
    const value = above === '' ? `${name} #${paid}` : `${name} #${paid} (${above})`;
    return cellRecord({ row, in: digest, at, calls, value });
  }

  /** The call of a worker that was thought lost: its answer comes some day. */
  #straggle(cell: {
    readonly column: string;
    readonly row: number;
    readonly rowGroup: number;
    readonly digest: string;
    readonly above: string;
  }): void {
    this.#again(async (actor) => {
      const { column, row, rowGroup } = cell;
      const rows = { first: row, last: row };
      const part = createPart(this.#datasetOf(actor), { column, rows, rowGroup, epoch: this.#epoch });
      const record = await this.#call(actor, { ...cell, id: part.nextCallId() });
      await part.append(record);
      this.#builds.recorded.add(tokenOf(record));
      await part.close();
    });
  }

  /** What `finishDataset` does. */
  async #finish(
    actor: Actor,
    edition: Edition,
    { isComplete }: { readonly isComplete: boolean },
  ): Promise<void> {
    const dataset = this.#datasetOf(actor);
    const [epoch, { rows, plan }] = [this.#epoch, this.#wish];
    for (let rowGroup = 0; isComplete && rowGroup * GROUP_SIZE < rows; rowGroup += 1) {
      const group = await findGroup(dataset, { epoch, rowGroup });
      if (group === undefined || !group.isComplete || !(await hasItsFiles(dataset, group, epoch))) {
        throw new StoreError(`Group ${rowGroup} of edition ${epoch} is damaged`);
      }
      equal(
        group.digest,
        this.#digests.groupDigest(rowsOf(rowGroup, rows)),
        'the group is what was asked for',
      );
      for (const file of group.files) await readOutputFile(dataset, epoch, file);
    }
    await describeEdition(dataset, { epoch, plan, planDigest: digestOf(plan), rows });
    await edition.publish({ isFinished: isComplete });
    await edition.checkEpoch();
    await dataset.endBuild(epoch, { isComplete, reason: null, at: 1 });
  }

  #again(run: (actor: Actor) => Promise<void>): void {
    const name = `attempt in epoch ${this.#epoch}`;
    this.#builds.spawn(name, (actor) => this.#unlessFenced(() => run(actor)).then(() => undefined), {
      isFirst: true,
    });
  }

  /** Whatever goes wrong in a build that was replaced is because it was. */
  async #unlessFenced<Result>(run: () => Promise<Result>): Promise<Result | 'fenced'> {
    try {
      return await run();
    } catch (error) {
      const isReplaced = this.#builds.newestEpoch > this.#epoch;
      if (error instanceof FencedError || (error instanceof StoreError && isReplaced)) return 'fenced';
      throw error;
    }
  }

  #tries(share: number): boolean {
    return !this.#options.isCalm && this.#builds.chance(share);
  }

  #datasetOf(actor: Actor): DatasetStore {
    return new DatasetStore({ name: 'tickets', files: this.#builds.filesOf(actor) });
  }

  #editionOf(actor: Actor): Edition {
    const digestOfGroup = (rowGroup: number) => this.#digests.groupDigest(rowsOf(rowGroup, this.#wish.rows));
    const options = { epoch: this.#epoch, planDigest: digestOf(this.#wish.plan), digestOf: digestOfGroup };
    return new Edition(this.#datasetOf(actor), options);
  }

  #shuffled(groups: readonly number[]): readonly number[] {
    return groups
      .map((group) => ({ group, place: this.#builds.random() }))
      .sort((left, right) => left.place - right.place)
      .map(({ group }) => group);
  }
}

/** What a commit reads from the parts that it was told of. */
async function readContent(
  dataset: DatasetStore,
  of: {
    readonly rows: RowRange;
    readonly parts: ReadonlyMap<string, readonly PartName[]>;
    readonly isComplete: boolean;
  },
): Promise<RowGroupContent> {
  const cache = new PartCache(1_000_000);
  const cells = new Map<string, Map<number, CellRecord>>();
  for (const [column, names] of of.parts) {
    const made = new Map<number, CellRecord>();
    for (const name of names)
      for (const [row, cell] of (await cache.read(dataset, name)).accepted) made.set(row, cell);
    cells.set(column, made);
  }
  const completeRows: number[] = [];
  const drops: Drop[] = [];
  for (let row = of.rows.first; row <= of.rows.last; row += 1) {
    const column = COLUMNS.find((name) => !cells.get(name)?.has(row));
    if (column === undefined) completeRows.push(row);
    else if (of.isComplete) drops.push({ row, column, kind: 'UnusableAnswer', message: 'No JSON' });
  }
  return {
    completeRows,
    drops,
    valuesOf: (column) => completeRows.map((row) => cells.get(column)?.get(row)?.value ?? null),
    chosen: new Map(
      [...cells].map(([column, made]) => [
        column,
        new Map([...made].map(([row, cell]) => [row, identityOf(cell)])),
      ]),
    ),
  };
}

function planOf(prompts: readonly number[], redo: Plan['redo']): Plan {
  const plan = textPlan(COLUMNS);
  const columns = plan.columns.map((column, index) => ({
    ...column,
    needs: index === 0 ? [] : [COLUMNS[index - 1]!],
    prompt: String(prompts[index]),
  }));
  const model = {
    model: 'm',
    providerType: 'simulated',
    temperature: null,
    topP: null,
    maxTokens: null,
  } as const;
  const models = { writer: { ...model, extraBody: {} } };
  return { ...plan, columns: columns as PlanColumn[], models, rowGroupSize: GROUP_SIZE, redo };
}

function edited(columns: readonly PlanColumn[], index: number, prompt: number): readonly PlanColumn[] {
  return columns.map((column, at) =>
    at === index ? ({ ...column, prompt: String(prompt) } as PlanColumn) : column,
  );
}

/** How the value of a cell begins: all that it is made from, but for the value above it. */
function nameOf(plan: Plan, column: string, row: number): string {
  const { prompt } = plan.columns.find(({ name }) => name === column) as { readonly prompt?: string };
  return `${column}${row} p${prompt} r${redoCounterOf(plan, { column, row })}`;
}

function tokenOf({ status, calls }: CellRecord): string {
  return `${status} ${calls[0]?.id}`;
}

function rowsOf(rowGroup: number, rows: number): RowRange {
  return { first: rowGroup * GROUP_SIZE, last: Math.min(rows, (rowGroup + 1) * GROUP_SIZE) - 1 };
}

function equal(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`Not so: ${what}: ${left} is not ${right}`);
}
