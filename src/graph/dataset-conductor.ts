// Which row groups of a dataset are open: the same code under Temporal and in unit tests.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
//   running   groups are opened in order while the window has room
//   paused    open groups end and write nothing; they wait again and are opened anew once the build goes on
//   stopping  open groups write what they have, those that a pause had ended are opened once more for that, and no other
//             is opened; nothing changes that any more
//
//   D1. A group waits, is open or is done. One that ends incomplete waits again, in its place: early rows are made first,
//       whichever group ended first.
//   D2. At most `window` groups are open. A window that shrinks closes none.
//   D3. `next` gives a bounded number of groups; asked again, it gives those that the window still has room for.
//   D4. The rows of a group are counted at its end; what it cost, whenever it was open.
//   D5. A group that failed has met what no retry helps (a full disk, a newer build): the build stops and says so.
//   D6. A column in order is made by one group at a time, early groups first; a group hears of its turn by its limits.
//   D7. All that the next run of the parent needs is in `state`, as JSON; no group is open then.

import { findOwn, setOwn } from '../own-keys.ts';
import { InOrderPlaces } from './in-order-places.ts';
import { planSizes, rowsOfGroup, type SizeOptions, type Sizes } from './row-groups.ts';
import { addTotals, NO_TOTALS } from './totals.ts';
import type { ConductorLimits, Phase, RowGroupResult, RowRange, Totals } from './types.ts';

/** Groups started in one workflow task: the server buffers about 100 events for it, and each answers with some. */
const MAX_GROUPS_AT_ONCE = 48;

/** What openings are planned from. */
export interface DatasetPlan {
  /** What window and limits follow from, together with the caps of the limiters. */
  readonly sizing: Omit<SizeOptions, 'caps' | 'fixedCaps'>;
  /** What calls stand under, by key. */
  readonly limiters: { readonly [key: string]: PreparedLimiter };
  /** The columns in order. */
  readonly inOrder: readonly string[];
}

export type PreparedLimiter =
  /** Of a model: its aliases share its calls, under the lowest of their caps. */
  | { readonly kind: 'model'; readonly caps: { readonly [alias: string]: number } }
  /** Of what nobody steers: threads, a remote validator. */
  | { readonly kind: 'fixed'; readonly cap: number };

/** What `prepareDataset` found. */
export interface PreparedDataset extends DatasetPlan {
  /** Groups that are not trusted unopened, ascending, as ranges of group numbers, both included. */
  readonly groups: readonly RowRange[];
  /** Rows and drops of the groups that stay closed. */
  readonly trustedRows: number;
  readonly trustedDrops: number;
}

/** What `setLimits` changed: by alias. */
export interface LimitChanges {
  readonly maxParallelRequests: { readonly [alias: string]: number };
}

/** How far a build is, and how it is steered. */
interface DatasetStatus {
  readonly phase: Phase;
  /** Why it stops; null while nothing stopped it. */
  readonly reason: string | null;
  readonly doneGroups: number;
  /** Groups still to start. */
  readonly waiting: readonly RowRange[];
  readonly totals: Totals;
  readonly limits: LimitChanges;
}

export interface BuildProgress extends DatasetStatus {
  readonly openGroups: readonly number[];
}

/** What a run of the parent leaves to the next one. */
export interface DatasetState extends DatasetStatus {
  readonly plan: DatasetPlan;
}

/** A group to open. */
export interface GroupStart {
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly limits: ConductorLimits;
}

interface Planned {
  readonly plan: DatasetPlan;
  readonly sizes: Sizes;
  readonly places: InOrderPlaces;
}

const NOTHING_DONE: DatasetStatus = {
  phase: 'running',
  reason: null,
  doneGroups: 0,
  waiting: [],
  totals: NO_TOTALS,
  limits: { maxParallelRequests: {} },
};

/** Conducts a dataset until no group lacks anything. Methods throw `RangeError` for a wrong call. */
export class DatasetConductor {
  #status: DatasetStatus = NOTHING_DONE;
  /** Undefined until it is known what there is to open. */
  #planned: Planned | undefined;
  /** Each with the limits that it was last told of. */
  readonly #open = new Map<number, ConductorLimits['maxCells']>();
  /** Groups that ended incomplete and have not written what they have. The next run, which opens early groups first, need not know. */
  readonly #unwritten = new Set<number>();
  #isDraining = false;

  /** Goes on from what the run before left; without it the dataset has to be prepared. */
  constructor(state?: DatasetState) {
    if (state === undefined) return;
    const { plan, ...status } = state;
    this.#status = status;
    this.#setPlan(plan);
  }

  /** Takes what was found before anything was opened. */
  prepare({ groups, trustedRows, trustedDrops, sizing, limiters, inOrder }: PreparedDataset): void {
    if (this.#planned !== undefined) throw new RangeError('Cannot prepare a dataset twice');
    const totals = { ...NO_TOTALS, rows: trustedRows, dropped: trustedDrops };
    this.#change({ waiting: groups, totals });
    this.#setPlan({ sizing, limiters, inOrder });
  }

  /** The groups to open now, marked as open. */
  next(): readonly GroupStart[] {
    const { plan, sizes, places } = this.#whenPrepared();
    const starts: GroupStart[] = [];
    while (this.#open.size < sizes.window && starts.length < MAX_GROUPS_AT_ONCE) {
      const rowGroup = this.#takeNext();
      if (rowGroup === undefined) break;
      this.#unwritten.delete(rowGroup);
      places.open(rowGroup);
      const limits = { ...sizes.limits, maxCells: this.#maxCellsOf(rowGroup) };
      this.#open.set(rowGroup, limits.maxCells);
      starts.push({ rowGroup, rows: rowsOfGroup(rowGroup, plan.sizing), limits });
    }
    return starts;
  }

  /** Takes it that an open group has all its rows of these columns in order: the next one may make them. */
  passOn(rowGroup: number, columns: readonly string[]): void {
    this.#whenPrepared().places.passOn(rowGroup, columns);
  }

  /** What an open group has to be told of its limits; undefined where nothing changed since it was. */
  takeNews(rowGroup: number): ConductorLimits['maxCells'] | undefined {
    const maxCells = this.#maxCellsOf(rowGroup);
    if (JSON.stringify(this.#open.get(rowGroup)) === JSON.stringify(maxCells)) return undefined;
    this.#open.set(rowGroup, maxCells);
    return maxCells;
  }

  /** Takes the result of a group that `next` gave. */
  finished({ rowGroup, isComplete, totals: more }: RowGroupResult): void {
    this.#close(rowGroup);
    const { totals, doneGroups } = this.#status;
    this.#change({ totals: addTotals(totals, isComplete ? more : { ...NO_TOTALS, columns: more.columns }) });
    if (isComplete) this.#change({ doneGroups: doneGroups + 1 });
    else {
      this.#putBack(rowGroup);
      if (this.phase !== 'stopping') this.#unwritten.add(rowGroup);
    }
  }

  /** Takes it that a group that `next` gave has failed. Returns whether that changed the phase. */
  failed(rowGroup: number, why: string): boolean {
    this.#close(rowGroup);
    this.#putBack(rowGroup);
    return this.stop(why);
  }

  /** The first reason counts. Returns whether that changed the phase. */
  stop(why: string): boolean {
    this.#change({ reason: this.#status.reason ?? why });
    return this.#changePhase('stopping');
  }

  /** Returns whether that changed the phase. */
  pause(): boolean {
    return this.#changePhase('paused');
  }

  /** Returns whether that changed the phase. */
  unpause(): boolean {
    return this.#changePhase('running');
  }

  /** Changes the window, and the limits of groups to come. */
  setLimits({ maxParallelRequests }: LimitChanges): void {
    const { plan } = this.#whenPrepared();
    const before = this.#status.limits.maxParallelRequests;
    this.#change({ limits: { maxParallelRequests: { ...before, ...maxParallelRequests } } });
    this.#setPlan(plan);
  }

  /** Throws what people read where nothing can be changed any more. */
  checkSteering(): void {
    if (this.phase !== 'stopping') return;
    throw new RangeError(`Cannot change how the build goes on: it is stopping · ${this.#status.reason}`);
  }

  /** Throws what people read of limits that cannot be set. */
  checkLimits({ maxParallelRequests }: LimitChanges): void {
    this.checkSteering();
    if (this.#planned === undefined) {
      throw new RangeError('Cannot change limits now: the build is being prepared');
    }
    const known = Object.values(this.#planned.plan.limiters).flatMap((limiter) =>
      limiter.kind === 'model' ? Object.keys(limiter.caps) : [],
    );
    for (const [alias, max] of Object.entries(maxParallelRequests)) {
      if (!known.includes(alias)) {
        const names = known.map((name) => `"${name}"`).join(', ');
        throw new RangeError(
          `Cannot change the limit of the model "${alias}": the build uses ${names || 'none'}`,
        );
      }
      if (!Number.isInteger(max) || max < 1) {
        throw new RangeError(
          `Cannot change the limit of the model "${alias}" to ${max}: it is a whole number from 1`,
        );
      }
    }
  }

  /** Opens nothing more in this run: the next one goes on. */
  drain(): void {
    this.#isDraining = true;
  }

  get phase(): Phase {
    return this.#status.phase;
  }

  /** The rows that were asked for. */
  get rows(): number {
    return this.#whenPrepared().plan.sizing.rows;
  }

  /** Whether no group is open and none will be. */
  get isDone(): boolean {
    const isStopped = this.phase === 'stopping' && this.#unwritten.size === 0;
    return this.#open.size === 0 && (isStopped || this.isComplete);
  }

  /** Whether no group lacks anything. */
  get isComplete(): boolean {
    return this.#open.size === 0 && this.#status.waiting.length === 0;
  }

  /** Whether the next run has to go on: this one is drained, and nobody paused or stopped it. */
  get isDrained(): boolean {
    return this.#isDraining && this.#open.size === 0 && this.phase === 'running' && !this.isComplete;
  }

  progress(): BuildProgress {
    return { ...this.#status, openGroups: [...this.#open.keys()] };
  }

  /** What the next run goes on from. Throws while groups are open: it would not know of them. */
  state(): DatasetState {
    const { plan } = this.#whenPrepared();
    if (this.#open.size > 0)
      throw new RangeError(`Cannot go on later: ${this.#open.size} row groups are open`);
    return { ...this.#status, plan };
  }

  #change(changes: Partial<DatasetStatus>): void {
    this.#status = { ...this.#status, ...changes };
  }

  #changePhase(phase: Phase): boolean {
    if (this.phase === 'stopping' || this.phase === phase) return false;
    this.#change({ phase });
    return true;
  }

  #whenPrepared() {
    if (this.#planned === undefined) throw new RangeError('Cannot conduct a dataset that is not prepared');
    return this.#planned;
  }

  #setPlan(plan: DatasetPlan): void {
    const { maxParallelRequests } = this.#status.limits;
    const caps: Record<string, number> = {};
    const fixedCaps: Record<string, number> = {};
    for (const [key, limiter] of Object.entries(plan.limiters)) {
      if (limiter.kind === 'fixed') setOwn(fixedCaps, key, limiter.cap);
      else {
        const set = Object.entries(limiter.caps).map(
          ([alias, cap]) => findOwn(maxParallelRequests, alias) ?? cap,
        );
        setOwn(caps, key, Math.min(...set));
      }
    }
    const places = this.#planned?.places ?? new InOrderPlaces(plan.inOrder);
    this.#planned = { plan, sizes: planSizes({ ...plan.sizing, caps, fixedCaps }), places };
  }

  #maxCellsOf(rowGroup: number): ConductorLimits['maxCells'] {
    const { sizes, places } = this.#whenPrepared();
    return { ...sizes.limits.maxCells, ...places.maxCellsOf(rowGroup) };
  }

  #takeNext(): number | undefined {
    if (this.phase === 'stopping') return this.#takeUnwritten();
    const [range, ...rest] = this.#status.waiting;
    if (range === undefined || this.phase !== 'running' || this.#isDraining) return undefined;
    const { first, last } = range;
    this.#change({ waiting: first === last ? rest : [{ first: first + 1, last }, ...rest] });
    return first;
  }

  #takeUnwritten(): number | undefined {
    const [rowGroup] = this.#unwritten;
    // They were put back one by one.
    this.#change({ waiting: this.#status.waiting.filter(({ first }) => first !== rowGroup) });
    return rowGroup;
  }

  #putBack(rowGroup: number): void {
    const range = { first: rowGroup, last: rowGroup };
    const waiting = [...this.#status.waiting, range].sort((one, other) => one.first - other.first);
    this.#change({ waiting });
  }

  #close(rowGroup: number): void {
    if (!this.#open.delete(rowGroup))
      throw new RangeError(`Cannot end row group ${rowGroup}: it is not open`);
    this.#whenPrepared().places.close(rowGroup);
  }
}
