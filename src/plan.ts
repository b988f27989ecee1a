// The plan: what a build works from, and the settings it works under. Plain JSON data.
// A plan is digested whole (`plans/<digest>.json`): all that can change a value. Settings are all that cannot.

import type { JudgeScore, SamplerType } from './config/schema/columns.ts';
import { findOwn } from './own-keys.ts';
import { fitsInt64, type Value } from './values.ts';

export const PLAN_VERSION = 1;

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

interface ColumnBase {
  readonly name: string;
  readonly drop: boolean;
  readonly type: ColumnType;
  /** The columns named by its templates and fields, in order of first mention. */
  readonly needs: readonly string[];
}

export interface SamplerParams {
  readonly [field: string]: Value;
}

/** What samplers of numbers and categories can be converted to. */
export const CONVERSIONS = ['int', 'float', 'str'] as const;
export type Conversion = (typeof CONVERSIONS)[number];

/**
 * The one type that holds all values of a category: text as soon as one is text, float as soon as one is. Whole numbers
 * that no type of a file holds make text.
 */
export function labelKind(labels: readonly Value[]): 'text' | 'int' | 'float' {
  const isAny = (type: string) => labels.some((label) => typeof label === type);
  const isEach = (holds: (label: bigint) => boolean) =>
    labels.every((label) => typeof label !== 'bigint' || holds(label));
  if (isAny('string')) return 'text';
  if (isAny('number')) return isEach((label) => Number.isFinite(Number(label))) ? 'float' : 'text';
  return isEach(fitsInt64) ? 'int' : 'text';
}

/** The same for subcategories, whose whole numbers are floats too where floats hold them. */
export function subcategoryKind(labels: readonly Value[]): 'text' | 'int' | 'float' {
  const kind = labelKind(labels);
  return kind === 'int' && labels.every((label) => BigInt(Number(label)) === label) ? 'float' : kind;
}

export interface PlanSampler extends ColumnBase {
  readonly kind: 'sampler';
  readonly sampler: SamplerType;
  readonly params: SamplerParams;
  /** In the order of the document; where several hold the last one wins. */
  readonly conditions: readonly { readonly when: string; readonly params: SamplerParams }[];
  /** One of {@link CONVERSIONS}; for dates a format of `strftime`. */
  readonly convertTo: string | null;
}

export interface PlanSeed extends ColumnBase {
  readonly kind: 'seed-dataset';
}

export interface PlanExpression extends ColumnBase {
  readonly kind: 'expression';
  readonly expr: string;
  readonly dtype: 'str' | 'int' | 'float' | 'bool';
}

interface PlanModelColumn extends ColumnBase {
  readonly prompt: string;
  readonly systemPrompt: string | null;
  readonly alias: string;
}

export interface PlanText extends PlanModelColumn {
  readonly kind: 'llm-text';
}

export interface PlanStructured extends PlanModelColumn {
  readonly kind: 'llm-structured';
  /** The JSON Schema of `output_format`. */
  readonly schema: Value;
}

export interface PlanJudge extends PlanModelColumn {
  readonly kind: 'llm-judge';
  readonly scores: readonly JudgeScore[];
}

export type PlanColumn = PlanSampler | PlanSeed | PlanExpression | PlanText | PlanStructured | PlanJudge;
export type ModelColumn = PlanText | PlanStructured | PlanJudge;

export function strategyOf(column: PlanColumn): Strategy {
  switch (column.kind) {
    case 'sampler':
    case 'seed-dataset':
      return 'root';
    case 'expression':
      return 'inline';
    default:
      return 'cell';
  }
}

export function isModelColumn(column: PlanColumn): column is ModelColumn {
  return strategyOf(column) === 'cell';
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
  readonly providerType: 'openai' | 'simulated';
  readonly temperature: Parameter | null;
  readonly topP: Parameter | null;
  readonly maxTokens: number | null;
  /** Provider's and model's `extra_body` merged, the model's winning. */
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
  readonly type: 'openai' | 'simulated';
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

export interface ModelSettings {
  readonly provider: string;
  readonly maxParallelRequests: number;
  readonly timeoutMs: number;
  readonly skipHealthCheck: boolean;
}

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

/** The redo counter of a cell under a plan. */
export function redoCounterOf(
  plan: Plan,
  { column, row }: { readonly column: string; readonly row: number },
): number {
  let counter = 0;
  for (const rule of plan.redo) {
    if (rule.column === column && includesRow(rule.rows, row)) counter = Math.max(counter, rule.counter);
  }
  return counter;
}

/** Whether a plan keeps a cell whatever its digest. */
export function isKept(
  plan: Plan,
  { column, row }: { readonly column: string; readonly row: number },
): boolean {
  return plan.keep.some(
    (rule) => (rule.column === null || rule.column === column) && includesRow(rule.rows, row),
  );
}

export function includesRow(ranges: RowRanges, row: number): boolean {
  return ranges === null || ranges.some(({ first, last }) => first <= row && row <= last);
}
