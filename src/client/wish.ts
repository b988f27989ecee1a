// A wish: which dataset, under which plan, how many rows. From what was typed, the document and the store; made
// before any server is needed and before anything is written.
//
//   W1. The dataset's name is the target: the same command continues, extends or regenerates it.
//   W2. Seed and row group size belong to the dataset once it exists.
//   W3. What was answered about stale cells holds for a document until it changes. Redo rules stay in the plan: their
//       counters only rise, and only when the last redo of those cells is finished.

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import type { PreparedConfig } from '../config/prepare.ts';
import { planDigest as planDigestOf } from '../config/resolve.ts';
import { digestOf } from '../digest.ts';
import { RefusedError, StoreError } from '../errors.ts';
import {
  isModelColumn,
  type KeepRule,
  type Plan,
  type RedoRule,
  type RowRanges,
  type Settings,
} from '../plan.ts';
import type { DatasetAnswer, DatasetRecord, DatasetStore } from '../store/dataset-store.ts';
import { type Base, findGroup, listGroups } from '../store/groups.ts';
import { openStore, type Store, splitDatasetPath } from '../store/store.ts';
import { findNext } from '../store/swap.ts';
import { type CellCounts, countCells } from './count-cells.ts';
import { DEFAULT_STORE_FOLDER, findStore } from './find-dataset.ts';
import { prepareDocument } from './prepare-document.ts';

const DEFAULT_ROWS = 10;

export interface WishOptions {
  /** A document, or a dataset's folder. */
  readonly target: string;
  readonly rows?: number | 'all';
  readonly name?: string;
  /** The store's folder. */
  readonly out?: string;
  readonly cwd: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly isSimulated: boolean;
  /** Takes the next free name. */
  readonly isNew: boolean;
  /** `true` keeps every stale cell, names keep those of these columns. */
  readonly keep: boolean | readonly string[];
  readonly redo: readonly { readonly column: string; readonly rows: RowRanges }[];
}

export interface Wish {
  /** The store's folder and the dataset's name in it. */
  readonly directory: string;
  readonly name: string;
  /** Absolute path. */
  readonly document: string;
  readonly documentDigest: string;
  /** What `dataset.json` says; null for a dataset that is to be made. */
  readonly before: DatasetRecord | null;
  /** The plan of the current output; null when there is none. */
  readonly planBefore: Plan | null;
  readonly config: PreparedConfig;
  readonly plan: Plan;
  readonly planDigest: string;
  readonly settings: Settings;
  /** Where its output goes: beside the old one when an existing value or the schema changes. */
  readonly base: Base;
  readonly counts: CellCounts;
  readonly answer: DatasetAnswer | null;
}

/** A wish with the dataset it is carried out in. */
export interface AcceptedWish extends Wish {
  readonly store: Store;
  readonly dataset: DatasetStore;
}

/**
 * Looks only. Throws `ConfigError` with all that is wrong with the document, `RefusedError` for a wish that does not
 * fit the dataset, and `StoreError`.
 */
export async function openWish(options: WishOptions): Promise<Wish> {
  const { directory, name, dataset, document } = await findTarget(options);
  const before = dataset === null ? null : await dataset.read();
  const config = await prepareDocument({
    file: document,
    cwd: options.cwd,
    home: options.home,
    environment: options.environment,
    datasetName: name,
    isSimulated: options.isSimulated,
    rows: options.rows ?? before?.rows ?? DEFAULT_ROWS,
    recorded: before,
  });
  const documentDigest = digestOf(config.document.text);
  refuseOtherDocument({ options, before, directory, document, name });
  refuseFewerRows(config.settings, { before, name });
  refuseOtherGroupSize(config.plan, { before, name });
  const latest =
    dataset === null || before?.planDigest == null ? null : await dataset.readPlan(before.planDigest);
  const answer = answerOf(options, { before, documentDigest, plan: config.plan });
  const plan: Plan = {
    ...config.plan,
    keep: answer?.keep ?? [],
    redo: redoOf(options, { before, latest, plan: config.plan }),
  };
  const planDigest = planDigestOf(plan);
  const { settings } = config;
  const counts = await countCells({ dataset, plan, planDigest, settings });
  const planBefore = dataset === null ? null : await findCurrentPlan(dataset);
  const base = await baseOf({ dataset, plan, planDigest, planBefore, counts });
  return {
    directory,
    name,
    document,
    documentDigest,
    before,
    planBefore,
    config,
    plan,
    planDigest,
    settings,
    base,
    counts,
    answer,
  };
}

/** Makes the dataset if it is new, and opens it for building. */
export async function acceptWish(wish: Wish): Promise<AcceptedWish> {
  const store = await openStore(wish.directory, { access: 'build' });
  const document = relative(store.directory, wish.document);
  const dataset =
    (await store.findDataset(wish.name)) ??
    (await store.createDataset(wish.name, {
      seed: wish.plan.seed,
      rowGroupSize: wish.plan.rowGroupSize,
      rows: wish.settings.rows,
      document,
    }));
  return { ...wish, store, dataset };
}

interface Target {
  readonly directory: string;
  readonly name: string;
  readonly dataset: DatasetStore | null;
  /** Absolute path. */
  readonly document: string;
}

async function findTarget(options: WishOptions): Promise<Target> {
  const target = resolve(options.cwd, options.target);
  const isFolder = (await stat(target).catch(() => undefined))?.isDirectory() === true;
  if (isFolder) return findFolder(target, options);
  const directory = resolve(options.cwd, options.out ?? DEFAULT_STORE_FOLDER);
  const stem = `${basename(target, extname(target))}${options.isSimulated ? '-simulated' : ''}`;
  const store = await findStore(directory);
  const name = options.isNew ? await nextFreeName(directory, options.name ?? stem) : (options.name ?? stem);
  const dataset = (await store?.findDataset(name)) ?? null;
  return { directory, name, dataset, document: target };
}

async function findFolder(folder: string, options: WishOptions): Promise<Target> {
  const { directory, name } = splitDatasetPath(folder);
  const dataset = (await (await findStore(directory))?.findDataset(name)) ?? null;
  if (dataset === null)
    throw new StoreError(`Cannot build in "${folder}": it holds no dataset (no dataset.json)`);
  if (options.out !== undefined || options.name !== undefined) {
    throw new RefusedError("Cannot use --out or --name with a dataset's folder: the folder says both");
  }
  const { document } = await dataset.read();
  const remembered = document === null ? undefined : resolve(directory, document);
  const isThere = remembered !== undefined && (await stat(remembered).catch(() => undefined)) !== undefined;
  return { directory, name, dataset, document: isThere ? remembered : dataset.path('builder_config.json') };
}

async function nextFreeName(directory: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if ((await stat(join(directory, candidate)).catch(() => undefined)) === undefined) return candidate;
  }
}

function refuseOtherDocument(of: {
  options: WishOptions;
  before: DatasetRecord | null;
  directory: string;
  document: string;
  name: string;
}): void {
  const remembered = of.before?.document;
  if (remembered == null || of.options.name !== undefined) return;
  const path = resolve(of.directory, remembered);
  if (path === of.document || !existsSync(path)) return;
  throw new RefusedError(
    `Cannot build "${of.name}" from "${of.options.target}": the dataset was made from "${path}". Type --name ${of.name} to mean it, or --new for another dataset`,
  );
}

function refuseFewerRows(
  { rows }: Settings,
  { before, name }: { before: DatasetRecord | null; name: string },
): void {
  if (before === null || rows >= before.rows) return;
  throw new RefusedError(
    `Cannot make "${name}" smaller: it has ${before.rows} rows and ${rows} were asked. Use --new for another dataset`,
  );
}

function refuseOtherGroupSize(
  { rowGroupSize }: Plan,
  { before, name }: { before: DatasetRecord | null; name: string },
): void {
  if (before === null || rowGroupSize === before.rowGroupSize) return;
  throw new RefusedError(
    `Cannot change row_group_size of "${name}" to ${rowGroupSize}: the dataset was made with ${before.rowGroupSize}. Use --new for another dataset`,
  );
}

function answerOf(
  options: WishOptions,
  { before, documentDigest, plan }: { before: DatasetRecord | null; documentDigest: string; plan: Plan },
): DatasetAnswer | null {
  const held = before?.answer?.documentDigest === documentDigest ? before.answer : null;
  if (options.keep === true) return { documentDigest, keep: [{ column: null, rows: null }] };
  if (options.keep === false) return held;
  const names = new Set(plan.columns.map(({ name }) => name));
  for (const column of options.keep) {
    if (!names.has(column))
      throw new RefusedError(`Cannot keep column "${column}": the document has no such column`);
  }
  const rules = options.keep.map((column): KeepRule => ({ column, rows: null }));
  const kept = held?.keep.filter((rule) => !rules.some(({ column }) => column === rule.column)) ?? [];
  return { documentDigest, keep: [...kept, ...rules] };
}

function redoOf(
  options: WishOptions,
  { before, latest, plan }: { before: DatasetRecord | null; latest: Plan | null; plan: Plan },
): readonly RedoRule[] {
  const models = new Set(plan.columns.filter(isModelColumn).map(({ name }) => name));
  const rules = (latest?.redo ?? []).filter(({ column }) => models.has(column));
  for (const { column, rows } of options.redo) {
    if (!models.has(column))
      throw new RefusedError(`Cannot redo column "${column}": no model column has that name`);
    const isPending =
      before?.state !== 'complete' &&
      rules.some((rule) => rule.column === column && JSON.stringify(rule.rows) === JSON.stringify(rows));
    if (isPending) continue;
    const highest = Math.max(
      0,
      ...rules.filter((rule) => rule.column === column).map(({ counter }) => counter),
    );
    rules.push({ column, rows, counter: highest + 1 });
  }
  return rules;
}

/** The plan that the files in place follow. */
async function findCurrentPlan(dataset: DatasetStore): Promise<Plan | null> {
  const [first] = await listGroups(dataset, 'place');
  if (first === undefined) return null;
  const group = await findGroup(dataset, { rowGroup: first, base: 'place' });
  return group === undefined ? null : dataset.readPlan(group.planDigest);
}

async function baseOf(of: {
  dataset: DatasetStore | null;
  plan: Plan;
  planDigest: string;
  planBefore: Plan | null;
  counts: CellCounts;
}): Promise<Base> {
  const { dataset, plan, planDigest, planBefore, counts } = of;
  if (dataset === null || planBefore === null) return 'place';
  if (planDigestOf(planBefore) === planDigest) return 'place';
  if ((await findNext(dataset)) === planDigest) return 'next';
  return counts.changedRows > 0 || outputOf(planBefore) !== outputOf(plan) ? 'next' : 'place';
}

/** What decides the files beside the cells: the output's columns and the expressions. */
function outputOf(plan: Plan): string {
  return JSON.stringify(
    plan.columns.map((column) => [
      column.name,
      column.drop,
      column.type,
      column.kind === 'expression' ? [column.expr, column.dtype] : null,
    ]),
  );
}
