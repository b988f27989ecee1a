// The plan: what a build works from, and the settings it works under. Plain JSON data.
// A plan is digested whole (`plans/<digest>.json`): all that can change a value. Settings are all that cannot.

import { findOwn } from './own-keys.ts';
import type { Value } from './values.ts';

export const PLAN_VERSION = 3;

export type Strategy = 'root' | 'inline' | 'cell' | 'column';

/** The type of a column in the files, from the config and the whole seed source, never from a batch. */
export type ColumnType =
  | { readonly kind: 'text' | 'int' | 'float' | 'bool' }
  /** Anything without a struct form (anyOf, recursion, free maps): JSON text. */
  | { readonly kind: 'json' }
  | { readonly kind: 'list'; readonly item: ColumnType }
  | {
      readonly kind: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: ColumnType }[];
    };

/** A column of the output, with its type in the files. */
export interface OutputColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A column without cells of its own: it is read out of another one's, or a processor adds it. It may be dropped by itself. */
export interface SideEffect extends OutputColumn {
  readonly drop?: true;
}

/**
 * Whom the calls of a column may ask: `model` is an alias of the plan, `host` an HTTP service, asked `max` times at once
 * at most, `queue` a Temporal task queue of the user's, `tools` a server of tools, `threads` the worker threads of the
 * process.
 */
export type LimiterRef =
  | { readonly model: string }
  | { readonly host: string; readonly max: number }
  | { readonly queue: string }
  | { readonly tools: string }
  | { readonly threads: 'cpu' };

export interface PlanSkip {
  /** A template of one expression in braces. */
  readonly when: string;
  readonly value: Value;
  /** The columns that `when` alone names: whether those are skipped does not count for `propagateSkip`. */
  readonly reads: readonly string[];
}

/**
 * A column as a build works from it: what all kinds have, and the form that its kind gave it. A form is JSON in which no
 * order of keys counts: what is read in its order (schemas, scores, parameters of a request) stands in it as text.
 */
export interface PlanColumn<Kind extends string = string, Form = unknown> {
  readonly kind: Kind;
  readonly name: string;
  readonly strategy: Strategy;
  /** Left out of `parquet-files/`, and kept in `dropped-columns-parquet-files/`. */
  readonly drop: boolean;
  readonly type: ColumnType;
  /** The columns named by its templates and fields and by `skip.when`, in order of first mention. */
  readonly needs: readonly string[];
  /** Where `when` holds no cell is made, and it has `value`. */
  readonly skip: PlanSkip | null;
  /** Whether it is skipped too where a column that it needs is. */
  readonly propagateSkip: boolean;
  /** What becomes of the row when its cell fails for good. */
  readonly onError: 'drop' | 'null';
  /** Further columns that are read out of its cells; null where there is no cell. */
  readonly sideEffects: readonly SideEffect[];
  readonly limiters: readonly LimiterRef[];
  /** Its rows are made one at a time in their order, group after group. */
  readonly inOrder: boolean;
  readonly form: Form;
}

/** The hidden column that starts rows where nothing else does. */
export const ROW_ID_COLUMN = '_internal_row_id';

/** The columns of a plan that people know: all but the hidden one that starts rows where nothing else does. */
export function shownColumns({ columns }: Pick<Plan, 'columns'>): readonly PlanColumn[] {
  return columns.filter(({ name }) => name !== ROW_ID_COLUMN);
}

/** A column of the output, and whether it is left out of `parquet-files/`. */
type OutputPlace = OutputColumn & Pick<PlanColumn, 'drop'>;

/** The columns that are in cells, in the order of the output: side effects stand after what makes them, and are not dropped with it. */
export function cellColumns({ columns }: Pick<Plan, 'columns'>): readonly OutputPlace[] {
  return columns.flatMap(({ name, type, drop, sideEffects }) => [
    { name, type, drop },
    ...sideEffects.map((side) => ({ ...side, drop: side.drop === true })),
  ]);
}

/** All columns of the output in its order: those that processors add stand last. */
export function outputColumns(plan: Pick<Plan, 'columns' | 'processors'>): readonly OutputPlace[] {
  const added = plan.processors.flatMap(({ adds = [] }) => adds);
  return [...cellColumns(plan), ...added.map((column) => ({ ...column, drop: column.drop === true }))];
}

/** The columns of the finished rows: what is left out stands in no row, what processors after generation add stands last. */
export function finishedColumns(
  plan: Pick<Plan, 'columns' | 'processors' | 'afterGeneration'>,
): readonly OutputColumn[] {
  const added = (plan.afterGeneration ?? []).flatMap(({ adds = [] }) => adds);
  return [...outputColumns(plan).filter(({ drop }) => !drop), ...added].map(({ name, type }) => ({
    name,
    type,
  }));
}

/** Finds the column that makes what a name stands for: that of this name, or the one that it is a side effect of. */
export function openProducers({ columns }: Pick<Plan, 'columns'>): (name: string) => string {
  const producers = new Map(
    columns.flatMap(({ name, sideEffects }) => sideEffects.map((side) => [side.name, name] as const)),
  );
  return (name) => producers.get(name) ?? name;
}

/** All of them, in the order in which they run. */
export function allProcessors(
  plan: Pick<Plan, 'beforeBatch' | 'processors' | 'afterGeneration'>,
): readonly PlanProcessor[] {
  return [...(plan.beforeBatch ?? []), ...plan.processors, ...(plan.afterGeneration ?? [])];
}

/** What changes rows before their cells are made, or what is written of them. They run in the order of their list. */
export interface PlanProcessor<Kind extends string = string, Form = unknown> {
  readonly kind: Kind;
  readonly name: string;
  /** Columns that it adds to the output. */
  readonly adds?: readonly SideEffect[];
  readonly form: Form;
}

/** The keys of limiters that are no models'; those of models are `modelKeyOf`. */
export function plainKeyOf(limiter: Exclude<LimiterRef, { readonly model: string }>): string {
  const [[kind, name]] = Object.entries(limiter) as [[string, string]];
  return `${kind}:${name}`;
}

/** The aliases of the models that a column asks. */
export function aliasesOf({ limiters }: Pick<PlanColumn, 'limiters'>): readonly string[] {
  return limiters.flatMap((limiter) => ('model' in limiter ? [limiter.model] : []));
}

/** Whether cells of a column are made one by one or together, kept, and made again when their inputs change. */
export function isMade({ strategy }: Pick<PlanColumn, 'strategy'>): boolean {
  return strategy === 'cell' || strategy === 'column';
}

/** A number, or a distribution drawn per cell. */
export type Parameter =
  | number
  | { readonly distribution: 'uniform'; readonly low: number; readonly high: number }
  | {
      readonly distribution: 'manual';
      readonly values: readonly number[];
      readonly weights: readonly number[] | null;
    };

export interface PlanModel {
  readonly model: string;
  /** A kind of provider: whose protocol its requests are written in. */
  readonly providerType: string;
  readonly temperature: Parameter | null;
  readonly topP: Parameter | null;
  readonly maxTokens: number | null;
  /** Provider's and model's `extra_body` merged, the provider's winning. */
  readonly extraBody: { readonly [key: string]: Value };
}

export interface PlanSeedSource {
  /** Hash of the whole source's content, in row order. */
  readonly contentHash: string;
  readonly sourceRows: number;
  /** Rows of the source that are selected: [first, first + count). */
  readonly selection: { readonly first: number; readonly count: number };
  readonly sampling: 'ordered' | 'shuffle';
}

/** Rows as ranges [first, last], ascending; `null` is all rows. */
export type RowRanges = readonly { readonly first: number; readonly last: number }[] | null;

/** Takes the cells of the current output whatever their digest; without a column all columns, roots too. */
export interface KeepRule {
  readonly column: string | null;
  readonly rows: RowRanges;
}

/** Makes cells again: their redo counter is the largest `counter` of the rules that name them, else 0. */
export interface RedoRule {
  readonly column: string;
  readonly rows: RowRanges;
  readonly counter: number;
}

export interface Plan {
  readonly v: typeof PLAN_VERSION;
  /** In the order of the output: seed columns, then the document's. */
  readonly columns: readonly PlanColumn[];
  /** What changes or drops rows before any of their cells is made; left out where there is nothing. */
  readonly beforeBatch?: readonly PlanProcessor[];
  /** What works on the rows of a group when they are written. */
  readonly processors: readonly PlanProcessor[];
  /** What works on all rows when every group is written; left out where there is nothing. */
  readonly afterGeneration?: readonly PlanProcessor[];
  /** Dropped columns are in no file; left out where they are kept in files of their own. */
  readonly preservesDropped?: false;
  /** The models in use, by alias. */
  readonly models: { readonly [alias: string]: PlanModel };
  /** The dataset's seed: any text. */
  readonly seed: string;
  readonly rowGroupSize: number;
  readonly seedSource: PlanSeedSource | null;
  readonly keep: readonly KeepRule[];
  readonly redo: readonly RedoRule[];
}

export interface ProviderSettings {
  readonly name: string;
  /** A kind of provider. */
  readonly type: string;
  /** Null where answers are made in the process. */
  readonly endpoint: string | null;
  /** The name of an environment variable, never a key. */
  readonly apiKeyVariable: string | null;
  /** Values may hold `${ENV}` references; resolved where the call is made. */
  readonly headers: { readonly [name: string]: string };
  /** For `simulated`: how it behaves. */
  readonly simulation: SimulationSettings | null;
}

export interface SimulationSettings {
  readonly latencyMs: number;
  /** Lognormal jitter: p99 = this × median; 1 is none. */
  readonly jitter: number;
  /** Shares of calls, 0..1. */
  readonly errorRate: number;
  readonly busyRate: number;
}

/** The tools that a column's model may call, as far as they change what it answers. */
export interface ToolUse {
  /** Their servers by name, in the order in which their tools are shown to the model. */
  readonly servers: readonly string[];
  /** Names of tools, sorted; left out where all are allowed. */
  readonly allowed?: readonly string[];
  /** Answers that may ask for tools, in one conversation. */
  readonly maxTurns: number;
}

/** A server of tools in use. */
export interface ToolServerSettings {
  readonly name: string;
  /** Null for one in the files of the user whose process asks it: what those say stays there. */
  readonly remote: {
    readonly type: 'sse' | 'streamable_http';
    readonly endpoint: string;
    /** The name of an environment variable, never a key. */
    readonly apiKeyVariable: string | null;
  } | null;
}

export interface ToolSettings {
  readonly servers: readonly ToolServerSettings[];
  /** Those that columns name; the time is that of one call. */
  readonly aliases: { readonly [alias: string]: { readonly use: ToolUse; readonly timeoutMs: number } };
}

export interface ModelSettings {
  readonly provider: string;
  readonly maxParallelRequests: number;
  readonly timeoutMs: number;
  readonly skipHealthCheck: boolean;
}

/** What a model costs, in dollars per million tokens; of its input what the provider has in its cache. */
export type ModelPrice = { readonly [tokens in 'input' | 'cachedInput' | 'output' | 'reasoning']: number };

/** What a build works under: nothing here changes a value. Kept in the epoch's file. */
export interface Settings {
  readonly rows: number;
  readonly providers: readonly ProviderSettings[];
  /** By alias, the same keys as `Plan.models`. */
  readonly models: { readonly [alias: string]: ModelSettings };
  readonly maxConcurrentRowGroups: number | null;
  readonly sliceSize: number | null;
  readonly maxConversationRestarts: number;
  readonly maxConversationCorrectionSteps: number;
  readonly shutdownErrorRate: number;
  readonly shutdownErrorWindow: number;
  readonly isEarlyShutdownDisabled: boolean;
  /** Left out where no column uses tools, and where models are simulated: then none is called. */
  readonly tools?: ToolSettings;
  /** The columns whose first failed cell ends the build. */
  readonly endsAtFailuresOf?: readonly string[];
  /** By what the provider calls the model. */
  readonly prices?: { readonly [model: string]: ModelPrice };
  readonly maxCostUsd?: number;
  readonly maxTokens?: number;
  /** What the dataset had cost when this build began, where there is a cap; tokens in and out. */
  readonly spentBefore?: { readonly dollars: number; readonly tokens: number };
  /** Workers write into `traces/` when each call and slice began, waited and ended. */
  readonly isTraced?: true;
}

/**
 * Which limiter an alias's calls stand under: `provider/model`, the provider's name percent-encoded, so that one key is
 * one model of one provider. Throws `RangeError` for an alias that the plan has not.
 */
export function modelKeyOf(
  alias: string,
  { plan, settings }: { readonly plan: Pick<Plan, 'models'>; readonly settings: Pick<Settings, 'models'> },
): string {
  const model = findOwn(plan.models, alias)?.model;
  const provider = findOwn(settings.models, alias)?.provider;
  if (model === undefined || provider === undefined) {
    throw new RangeError(`Cannot ask model "${alias}": the plan has none of that alias`);
  }
  return `${encodeURIComponent(provider)}/${model}`;
}
