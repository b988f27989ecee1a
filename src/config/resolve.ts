// From a valid config to what a build works from: the plan, with all that can change a value, and the settings.

import { digestOf } from '../digest.ts';
import {
  type ColumnType,
  type ModelSettings,
  type Parameter,
  PLAN_VERSION,
  type Plan,
  type PlanColumn,
  type PlanModel,
  type PlanSampler,
  type PlanSeedSource,
  type SamplerParams,
  type Settings,
} from '../plan.ts';
import type { Value } from '../values.ts';
import { typeOfColumn } from './column-types.ts';
import { settingsOfProvider } from './providers.ts';
import { needsOf } from './references.ts';
import type { ColumnConfig, SamplerColumn } from './schema/columns.ts';
import { DEFAULT_ROW_GROUP_SIZE, type SeedConfig } from './schema/document.ts';
import {
  DEFAULT_TIMEOUT_S,
  type ModelConfig,
  type ModelProvider,
  type ParameterConfig,
} from './schema/models.ts';
import { type DatasetConfig, ROW_ID_COLUMN } from './validate.ts';

export interface SeedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Rows of the source that have nothing in it. */
  readonly emptyCells: number;
}

/** What is known of the seed rows when a plan is made. */
export interface SeedSource {
  readonly columns: readonly SeedColumn[];
  readonly rowCount: number;
  /** Of the whole source's content, in row order. */
  readonly contentHash: string;
}

export interface ResolveOptions {
  readonly datasetName: string;
  readonly rows: number;
  /** Null without a `seed_config`. */
  readonly seedSource: SeedSource | null;
  /** Those in use, by name. */
  readonly providers: ReadonlyMap<string, ModelProvider>;
  /** What the dataset was created with; counts where the document says nothing. */
  readonly recorded: { readonly seed: string; readonly rowGroupSize: number } | null;
}

export interface Resolved {
  readonly plan: Plan;
  readonly settings: Settings;
}

/** Makes the plan of a valid config. Throws `RangeError` for one that was not validated. */
export function resolveConfig(config: DatasetConfig, options: ResolveOptions): Resolved {
  const { rowloom } = config;
  const { seedSource, recorded } = options;
  const used = modelsInUse(config);
  const providers = [...new Set(used.map(({ provider }) => provider))].map((name) =>
    providerOf(name, options),
  );
  const plan: Plan = {
    v: PLAN_VERSION,
    columns: planColumns(config, seedSource),
    models: byAlias(used, (model) => planModel(model, providerOf(model.provider, options))),
    seed: rowloom.seed ?? recorded?.seed ?? seedOfName(options.datasetName),
    rowGroupSize: rowloom.row_group_size ?? recorded?.rowGroupSize ?? DEFAULT_ROW_GROUP_SIZE,
    seedSource: config.seeds === null || seedSource === null ? null : planSeeds(config.seeds, seedSource),
    keep: [],
    redo: [],
  };
  const settings: Settings = {
    rows: options.rows,
    providers: providers.map(settingsOfProvider),
    models: byAlias(used, modelSettings),
    maxConcurrentRowGroups: rowloom.max_concurrent_row_groups,
    sliceSize: rowloom.slice_size,
    maxConversationRestarts: rowloom.max_conversation_restarts,
    maxConversationCorrectionSteps: rowloom.max_conversation_correction_steps,
    shutdownErrorRate: rowloom.shutdown_error_rate,
    shutdownErrorWindow: rowloom.shutdown_error_window,
    isEarlyShutdownDisabled: rowloom.disable_early_shutdown,
  };
  return { plan, settings };
}

const NAME_SEED_LENGTH = 4;

/** The seed of a dataset whose config has none. */
function seedOfName(datasetName: string): string {
  return digestOf(datasetName).slice(0, NAME_SEED_LENGTH);
}

/** The models that columns use, in the order of the document. */
function modelsInUse({ columns, models }: DatasetConfig): readonly ModelConfig[] {
  const aliases = new Set(columns.flatMap((column) => ('model_alias' in column ? [column.model_alias] : [])));
  return models.filter(({ alias }) => aliases.has(alias));
}

function providerOf(name: string, { providers }: ResolveOptions): ModelProvider {
  const provider = providers.get(name);
  if (provider === undefined) throw new RangeError(`Cannot make a plan: there is no provider "${name}"`);
  return provider;
}

function byAlias<Item>(
  models: readonly ModelConfig[],
  itemOf: (model: ModelConfig) => Item,
): { readonly [alias: string]: Item } {
  return Object.fromEntries(models.map((model) => [model.alias, itemOf(model)]));
}

function planModel(
  { model, inference_parameters: parameters }: ModelConfig,
  provider: ModelProvider,
): PlanModel {
  return {
    model,
    providerType: provider.provider_type,
    temperature: planParameter(parameters.temperature),
    topP: planParameter(parameters.top_p),
    maxTokens: parameters.max_tokens,
    extraBody: { ...provider.extra_body, ...parameters.extra_body },
  };
}

function planParameter(parameter: ParameterConfig): Parameter | null {
  if (parameter === null || typeof parameter === 'number') return parameter;
  if (parameter.distribution_type === 'uniform') return { distribution: 'uniform', ...parameter.params };
  return { distribution: 'manual', ...parameter.params };
}

function modelSettings({ provider, inference_parameters, skip_health_check }: ModelConfig): ModelSettings {
  return {
    provider,
    maxParallelRequests: inference_parameters.max_parallel_requests,
    timeoutMs: (inference_parameters.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
    skipHealthCheck: skip_health_check,
  };
}

/** Seed columns first, then the document's; a hidden one where nothing else starts rows. */
function planColumns({ columns }: DatasetConfig, seedSource: SeedSource | null): readonly PlanColumn[] {
  const dropped = new Set(
    columns.filter(({ column_type, drop }) => column_type === 'seed-dataset' && drop).map(({ name }) => name),
  );
  const seeds = (seedSource?.columns ?? []).map(
    ({ name, type }): PlanColumn => ({
      kind: 'seed-dataset',
      name,
      drop: dropped.has(name),
      type,
      needs: [],
    }),
  );
  const made = columns.flatMap((column) =>
    column.column_type === 'seed-dataset' ? [] : [planColumn(column)],
  );
  const hasRoots = [...seeds, ...made].some(({ kind }) => kind === 'sampler' || kind === 'seed-dataset');
  return [...(hasRoots ? [] : [ROW_IDS]), ...seeds, ...made];
}

const ROW_IDS: PlanSampler = {
  kind: 'sampler',
  name: ROW_ID_COLUMN,
  drop: true,
  type: { kind: 'text' },
  needs: [],
  sampler: 'uuid',
  params: {},
  conditions: [],
  convertTo: null,
};

function planColumn(config: Exclude<ColumnConfig, { column_type: 'seed-dataset' }>): PlanColumn {
  const base = { name: config.name, drop: config.drop, type: typeOfColumn(config), needs: needsOf(config) };
  switch (config.column_type) {
    case 'sampler':
      return planSampler(config, base);
    case 'expression':
      return { ...base, kind: 'expression', expr: config.expr, dtype: config.dtype };
    default: {
      const asked = {
        ...base,
        prompt: config.prompt,
        systemPrompt: config.system_prompt?.trim() === '' ? null : config.system_prompt,
        alias: config.model_alias,
      };
      if (config.column_type === 'llm-text') return { ...asked, kind: 'llm-text' };
      if (config.column_type === 'llm-judge') return { ...asked, kind: 'llm-judge', scores: config.scores };
      return { ...asked, kind: 'llm-structured', schema: config.output_format };
    }
  }
}

type Base = Pick<PlanSampler, 'name' | 'drop' | 'type' | 'needs'>;

function planSampler(config: SamplerColumn, base: Base): PlanSampler {
  return {
    ...base,
    kind: 'sampler',
    sampler: config.sampler_type,
    params: planParams(config.params),
    conditions: Object.entries(config.conditional_params).map(([when, params]) => ({
      when,
      params: planParams(params),
    })),
    convertTo: config.convert_to,
  };
}

function planParams({ sampler_type: _, ...params }: SamplerColumn['params']): SamplerParams {
  const given: Readonly<Record<string, Value>> = params;
  const { decimal_places: places } = given;
  return typeof places === 'number' ? { ...given, decimal_places: BigInt(places) } : given;
}

function planSeeds(
  { sampling_strategy, selection_strategy }: SeedConfig,
  source: SeedSource,
): PlanSeedSource {
  return {
    contentHash: source.contentHash,
    sourceRows: source.rowCount,
    selection: selectRows(selection_strategy, source.rowCount),
    sampling: sampling_strategy,
  };
}

type Selection = SeedConfig['selection_strategy'];

/** Why a selection does not fit a source of so many rows. */
export function selectionProblem(
  selection: Selection,
  rows: number,
): { readonly field: 'end' | 'num_partitions'; readonly message: string } | null {
  const source = `the source has ${rows} ${rows === 1 ? 'row' : 'rows'}`;
  if (selection === null) return null;
  if ('start' in selection) {
    const { end } = selection;
    return end < rows ? null : { field: 'end', message: `is ${end}, and ${source}, numbered from 0` };
  }
  const { num_partitions: partitions } = selection;
  return partitions <= rows ? null : { field: 'num_partitions', message: `is ${partitions}, and ${source}` };
}

/** The rows that a selection takes of a source that it fits. The last partition takes the remainder. */
export function selectRows(
  selection: Selection,
  rows: number,
): { readonly first: number; readonly count: number } {
  if (selection === null) return { first: 0, count: rows };
  if ('start' in selection) {
    const { start, end } = selection;
    return { first: start, count: end - start + 1 };
  }
  const { index, num_partitions: partitions } = selection;
  const size = Math.floor(rows / partitions);
  const first = index * size;
  return { first, count: index === partitions - 1 ? rows - first : size };
}
