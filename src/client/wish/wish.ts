// A wish: which dataset, under which plan, how many rows. From what was typed, the document and the store; made
// before any server is needed and before anything is written.
//
//   W1. The dataset's name is the target: the same command continues, extends or regenerates it.
//   W2. The row group size belongs to the dataset once it exists, and so does its seed where the document has none.
//   W3. What was answered about stale cells holds until the document asks for something else, and is not asked again
//       while the build that it was given for is unfinished.
//   W4. Redo rules stay in the plan; a counter rises only when the last redo of those cells is published. A redo takes
//       its cells out of what is kept.
//   W5. Simulated answers have datasets of their own: `--simulate` works under NAME-simulated.

import { RefusedError, StoreError } from '../../errors.ts';
import { findOwn, setOwn } from '../../own-keys.ts';
import { personaFolder } from '../../personas/persona-file.ts';
import { aliasesOf, type KeepRule, type Plan, type RedoRule, type Settings } from '../../plan.ts';
import { planDigest as planDigestOf } from '../../rows/plan-digest.ts';
import type {
  DatasetAnswer,
  DatasetRecord,
  DatasetState,
  DatasetStore,
  EpochRecord,
} from '../../store/dataset-store.ts';
import { isPublishedByName } from '../../store/editions.ts';
import { hasFinishedRows } from '../../store/finished-rows.ts';
import { findPublished } from '../../store/published.ts';
import { openStore, type Store } from '../../store/store.ts';
import { functionsOf } from './bundled-functions.ts';
import { type CellCounts, type CountOptions, countCells, sumCounts } from './count-cells.ts';
import { expectedDollars, type Money, readMoney, spentBefore } from './money.ts';
import type { Openers } from './openers.ts';
import { type PreparedTarget, prepareTarget } from './prepare-target.ts';
import { checkRedos, ofProducers, type RedoWish, raiseRedos, withoutRedone } from './redo-rules.ts';
import { refuseFewerRows, refuseOtherGroupSize, refuseRealModels, refuseSpent } from './refusals.ts';
import { findTarget, type Target, type TargetOptions } from './target.ts';

/** Existing cells that are made again without asking. */
export const ASK_ABOVE_CELLS = 100;

export interface WishOptions extends TargetOptions {
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly rows?: number | 'all';
  /** A file of run settings, see `readRunConfig`. */
  readonly runConfig?: string;
  /** `true` keeps every stale cell, names keep those of these columns. */
  readonly keep: boolean | readonly string[];
  readonly redo: readonly RedoWish[];
  /** Asks before any existing cell is made again; else only above a number. */
  readonly asksAlways?: boolean;
  /** Has workers trace when each call and slice began, waited and ended: see `readTrace`. */
  readonly isTraced?: boolean;
  /** What opens the document and its seeds; by default each time anew. */
  readonly openers?: Openers;
  /** Told now and then how many row groups are counted: many take a while. */
  readonly onCounting?: CountOptions['onProgress'];
}

/** Its dataset is null while it is to be made. */
export interface Wish extends OpenedWish {
  /** Names what the document asks for, with its seed data: all of the plan but `keep` and `redo`. */
  readonly documentDigest: string;
  /** What was asked for last, and what came of it; null before the first start. */
  readonly before: (Pick<EpochRecord, 'rows'> & { readonly state: DatasetState }) | null;
  /** The newest start of this dataset. */
  readonly lastStart: EpochRecord | undefined;
  /** The plan of the current output; null when there is none. */
  readonly planBefore: Plan | null;
  readonly plan: Plan;
  readonly planDigest: string;
  readonly settings: Settings;
  /** Nothing where all is there. */
  readonly money: Money;
  /** There are rows under another plan: people see them until all of the new ones are there. */
  readonly replacesOutput: boolean;
  readonly counts: CellCounts;
  readonly answer: DatasetAnswer | null;
  /** All of it is there already. */
  readonly isDone: boolean;
  /** Null when there is nothing to ask. */
  readonly question: Question | null;
}

/** What a person has to agree to before the first call. */
export interface Question {
  /** Existing cells that would be made again or retried, at most. */
  readonly cells: number;
  /** What they may cost; null where nobody knows. */
  readonly dollars: number | null;
  /** Kept cells that came from other hosts than those that their columns ask now. */
  readonly foreign: readonly ForeignCells[];
}

export interface ForeignCells {
  readonly host: string;
  /** The host that is asked now. */
  readonly now: string;
  readonly cells: number;
}

/** A wish with the dataset it is carried out in. */
export interface AcceptedWish extends Wish {
  readonly store: Store;
  readonly dataset: DatasetStore;
}

/** What a wish is decided from. */
interface OpenedWish extends Target, PreparedTarget {
  readonly options: WishOptions;
  readonly record: DatasetRecord | null;
  /** The newest start, of the dataset that this one was copied from too. */
  readonly latestStart: EpochRecord | undefined;
  readonly latestState: DatasetState;
  /** Its plan. */
  readonly latest: Plan | null;
  /** The plan of what people see; null where there is nothing to see. */
  readonly published: Plan | null;
}

/**
 * Looks only. Throws `ConfigError` with all that is wrong with the document, `RefusedError` for a wish that does not
 * fit the dataset, and `StoreError`.
 */
export async function openWish(options: WishOptions): Promise<Wish> {
  const opened = await open(options);
  return decide(opened, opened.options.keep);
}

/** The newest start of the dataset, and the digest of what the document asks for. Counts no cell. Throws as {@link openWish}. */
export async function compareToLatest(
  options: WishOptions,
): Promise<Pick<Wish, 'latestStart' | 'documentDigest'>> {
  const { latestStart, config } = await open(options);
  return { latestStart, documentDigest: planDigestOf(config.plan) };
}

async function open(options: WishOptions): Promise<OpenedWish> {
  const target = await findTarget(options);
  const { dataset, name } = target;
  const record = (await dataset?.read()) ?? null;
  const latestStart = await dataset?.findLatestStart();
  const { config, seedSource } = await prepareTarget(target, {
    openers: options.openers,
    cwd: options.cwd,
    home: options.home,
    environment: options.environment,
    isSimulated: options.isSimulated,
    runConfig: options.runConfig,
    rows: options.rows ?? null,
    rowsBefore: latestStart?.rows ?? null,
    recorded: record,
  });
  if (record !== null) refuseOtherGroupSize(config.plan, record, name);
  if (latestStart !== undefined) refuseFewerRows(config.settings, latestStart, name);
  const planOf = async (start: EpochRecord | undefined) =>
    start === undefined || dataset === null ? null : dataset.readPlan(start.planDigest);
  const latest = await planOf(latestStart);
  refuseRealModels({ latest, plan: config.plan, name });
  const { keep, redo } = ofProducers(options, config.plan);
  checkRedos(redo, { plan: config.plan, before: latestStart, name });
  const epoch = dataset === null ? undefined : await findPublished(dataset);
  const published = await planOf(epoch === undefined ? undefined : await dataset?.findEpoch(epoch));
  const latestState = (await dataset?.findState()) ?? 'new';
  return {
    ...target,
    options: { ...options, keep, redo },
    config,
    seedSource,
    record,
    latestStart,
    latestState,
    latest,
    published,
  };
}

/** The same wish with all stale cells kept. */
export function keepStale(wish: Wish): Promise<Wish> {
  return decide(wish, true);
}

async function decide(opened: OpenedWish, keep: WishOptions['keep']): Promise<Wish> {
  const { dataset, options, config, seedSource } = opened;
  const { record, latestStart, latestState, latest, published } = opened;
  const asked: Settings = { ...config.settings, ...(options.isTraced === true && { isTraced: true }) };
  const documentDigest = planDigestOf(config.plan);
  const held = latestStart?.answer?.documentDigest === documentDigest ? latestStart.answer.keep : [];
  const plan = planWith(opened, { keep, held });
  const planDigest = planDigestOf(plan);
  const hosts = hostsByColumn(plan, asked);
  const hostsBefore =
    latest === null || latestStart === undefined ? {} : hostsByColumn(latest, latestStart.settings);
  const isElsewhere = Object.entries(hosts).some(
    ([column, host]) => (findOwn(hostsBefore, column) ?? host) !== host,
  );
  const counts = await countCells({
    ...{
      dataset,
      plan,
      settings: asked,
      seedSource,
      readsAll: isElsewhere,
      personaFolder: personaFolder(options),
    },
    functions: functionsOf(config.modules),
    ...(options.onCounting === undefined ? {} : { onProgress: options.onCounting }),
  });
  const planBefore = counts.rowsInOutput > 0 ? published : null;
  const isSamePlan = latestStart?.planDigest === planDigest;
  const isDone =
    counts.isDone &&
    isSamePlan &&
    latestState === 'complete' &&
    counts.rowsInOutput > 0 &&
    latestStart.rows === asked.rows &&
    dataset !== null &&
    (await isPublishedByName(dataset)) &&
    (plan.afterGeneration === undefined || (await hasFinishedRows(dataset, await findPublished(dataset))));
  // A start of nothing does not read all that was ever paid.
  const money = await readMoney(isDone ? null : dataset, asked);
  const settings = { ...asked, ...spentBefore(asked, money) };
  if (!isDone && sumCounts(counts).calls > 0) refuseSpent(settings, money, opened.name);
  return {
    ...opened,
    documentDigest,
    before: latestStart === undefined ? null : { rows: latestStart.rows, state: latestState },
    lastStart: latestStart?.datasetId === record?.id && !opened.isCopy ? latestStart : undefined,
    planBefore,
    plan,
    planDigest,
    settings,
    money,
    replacesOutput: planBefore !== null && planDigestOf(planBefore) !== planDigest,
    counts,
    answer: plan.keep.length === 0 ? null : { documentDigest, keep: plan.keep },
    isDone,
    question: isDone
      ? null
      : questionOf({
          counts,
          money,
          asksAbove: options.asksAlways === true ? 0 : ASK_ABOVE_CELLS,
          // The build that it was asked for is not finished.
          isAgreed: options.asksAlways !== true && isSamePlan && latestState !== 'complete',
          foreign: isElsewhere ? foreignCells(counts, hosts) : [],
        }),
  };
}

/** The plan of the document, with what is kept and what is made again. */
function planWith(
  { options, config, latest, published }: OpenedWish,
  { keep, held }: { readonly keep: WishOptions['keep']; readonly held: readonly KeepRule[] },
): Plan {
  const isThere = ({ column }: RedoRule) => config.plan.columns.some(({ name }) => name === column);
  const redo = (latest?.redo ?? []).filter(isThere);
  const plan: Plan = { ...config.plan, keep: keepRules(keep, { held, plan: config.plan }), redo };
  if (options.redo.length === 0) return plan;
  // An answer that keeps all keeps what a redo would make again, too.
  const kept = keep === true && options.keep !== true ? plan.keep : withoutRedone(plan, options.redo);
  return {
    ...plan,
    keep: kept,
    redo: raiseRedos(redo, { asked: options.redo, published: published?.redo ?? [] }),
  };
}

/** Makes the dataset if it is new, and opens it for building. Throws `StoreError`. */
export async function acceptWish(wish: Wish): Promise<AcceptedWish> {
  const store = await openStore(wish.directory, { access: 'build' });
  const { seed, rowGroupSize } = wish.plan;
  const found = await store.findDataset(wish.name);
  if (found !== undefined) {
    await found.makeFolders();
    return { ...wish, store, dataset: found };
  }
  try {
    return { ...wish, store, dataset: await store.createDataset(wish.name, { seed, rowGroupSize }) };
  } catch (error) {
    // Another command may have made it in the meantime; the epoch decides which of the two builds.
    const made = await store.findDataset(wish.name);
    if (!(error instanceof StoreError) || made === undefined) throw error;
    return { ...wish, store, dataset: made };
  }
}

function keepRules(
  keep: WishOptions['keep'],
  { held, plan }: { held: readonly KeepRule[]; plan: Plan },
): readonly KeepRule[] {
  if (keep === true) return [{ column: null, rows: null }];
  if (keep === false) return held;
  for (const column of keep) {
    if (!plan.columns.some(({ name }) => name === column)) {
      throw new RefusedError(`Cannot keep column "${column}": the document has no such column`);
    }
  }
  const rules = keep.map((column): KeepRule => ({ column, rows: null }));
  return [...held.filter(({ column }) => column === null || !keep.includes(column)), ...rules];
}

function questionOf(of: {
  counts: CellCounts;
  money: Money;
  asksAbove: number;
  isAgreed: boolean;
  foreign: readonly ForeignCells[];
}): Question | null {
  const { again, retried } = sumCounts(of.counts);
  const cells = retried + (of.isAgreed ? 0 : again);
  const isAsked = cells > of.asksAbove;
  if (!isAsked) return of.foreign.length > 0 ? { cells: 0, dollars: null, foreign: of.foreign } : null;
  const dollars = expectedDollars(of.counts, of.money, ({ lost, stale, downstream, retried }) =>
    of.isAgreed ? retried : lost + stale + downstream + retried,
  );
  return { cells, dollars, foreign: of.foreign };
}

function foreignCells(counts: CellCounts, hosts: Readonly<Record<string, string>>): readonly ForeignCells[] {
  const found = new Map<string, ForeignCells>();
  for (const [column, byHost] of Object.entries(counts.hosts)) {
    const now = findOwn(hosts, column);
    for (const [host, cells] of Object.entries(byHost)) {
      if (now === undefined || host === now) continue;
      const key = JSON.stringify([host, now]);
      found.set(key, { host, now, cells: cells + (found.get(key)?.cells ?? 0) });
    }
  }
  return [...found.values()];
}

/** The host that each model column asks; a simulated one has none. */
function hostsByColumn(
  plan: Plan,
  { models, providers }: Pick<Settings, 'models' | 'providers'>,
): { readonly [column: string]: string } {
  const hosts: Record<string, string> = {};
  for (const column of plan.columns) {
    const [alias] = aliasesOf(column);
    if (alias === undefined) continue;
    const provider = providers.find(({ name }) => name === findOwn(models, alias)?.provider);
    if (provider === undefined || provider.endpoint === null) continue;
    setOwn(hosts, column.name, new URL(provider.endpoint).host);
  }
  return hosts;
}
