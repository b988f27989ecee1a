// From a valid config to what a build works from: the plan, with all that can change a value, and the settings.

import type { ColumnConfig, Facts } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import type { SamplerConfigOf } from '../columns/sampler/samplers.ts';
import { typeWithSkip } from '../columns/skip-type.ts';
import { digestOf } from '../digest.ts';
import { findOwn } from '../own-keys.ts';
import {
  aliasesOf,
  cellColumns,
  type ModelSettings,
  type OutputColumn,
  type Parameter,
  PLAN_VERSION,
  type Plan,
  type PlanColumn,
  type PlanModel,
  type PlanProcessor,
  type PlanSeedSource,
  ROW_ID_COLUMN,
  type Settings,
  type ToolSettings,
} from '../plan.ts';
import { kindOf, processorOf } from '../processors/kinds.ts';
import { comparedWith, constraintsByTarget } from './constraints.ts';
import { droppedColumns } from './processors.ts';
import { settingsOfProvider } from './providers.ts';
import { needsOf } from './references.ts';
import { DEFAULT_ROW_GROUP_SIZE, type RowloomSettings } from './schema/document.ts';
import {
  DEFAULT_TIMEOUT_S,
  type ModelConfig,
  type ModelProvider,
  type ParameterConfig,
} from './schema/models.ts';
import type { SeedConfig } from './schema/seeds.ts';
import { toolUseOf } from './tools.ts';
import type { DatasetConfig } from './validate.ts';

export interface SeedColumn extends OutputColumn {
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
  /** The hashes of the bundles of the modules that the columns name, by the path in the document. */
  readonly modules: Facts['modules'];
  /** The persona files that the columns name. */
  readonly personas: Facts['personas'];
  /** Null where none is to be called. */
  readonly tools: ToolSettings | null;
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
  const columns = planColumns(config, {
    seeds: seedSource,
    modules: options.modules,
    personas: options.personas,
    constraints: constraintsByTarget(config.constraints),
    tools: new Map(config.tools.map((tools) => [tools.tool_alias, toolUseOf(tools)])),
  }).map((column) => ({ ...column, onError: onErrorOf(column, rowloom) }));
  const aliases = new Set(columns.flatMap(aliasesOf));
  // In the order of the document.
  const used = config.models.filter(({ alias }) => aliases.has(alias));
  const providers = [...new Set(used.map(({ provider }) => provider))].map((name) =>
    providerOf(name, options),
  );
  const plan: Plan = {
    v: PLAN_VERSION,
    columns,
    ...planProcessors(config, { columns, modules: options.modules }),
    ...(rowloom.preserve_dropped_columns ? {} : { preservesDropped: false }),
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
    ...(options.tools === null ? {} : { tools: options.tools }),
    ...spendingSettings(rowloom),
    ...failingSettings(rowloom),
  };
  return { plan, settings };
}

/** What becomes of rows whose cell failed. A build that ends for it drops them first: the next one tries again. */
function onErrorOf({ name, onError }: PlanColumn, { on_error }: RowloomSettings): PlanColumn['onError'] {
  if (!Object.hasOwn(on_error, name)) return onError;
  // YAML reads `null` without quotes as null.
  const wanted = findOwn(on_error, name) ?? 'null';
  return wanted === 'fail' ? 'drop' : wanted;
}

function failingSettings({ on_error }: RowloomSettings): Pick<Settings, 'endsAtFailuresOf'> {
  const names = Object.entries(on_error).flatMap(([name, word]) => (word === 'fail' ? [name] : []));
  return names.length === 0 ? {} : { endsAtFailuresOf: names };
}

function spendingSettings({
  prices,
  max_cost_usd,
  max_tokens,
}: RowloomSettings): Pick<Settings, 'prices' | 'maxCostUsd' | 'maxTokens'> {
  const priced = Object.entries(prices).map(([model, { input, output, cached_input, reasoning }]) => [
    model,
    { input, output, cachedInput: cached_input ?? input, reasoning: reasoning ?? output },
  ]);
  return {
    ...(priced.length === 0 ? {} : { prices: Object.fromEntries(priced) }),
    ...(max_cost_usd === null ? {} : { maxCostUsd: max_cost_usd }),
    ...(max_tokens === null ? {} : { maxTokens: max_tokens }),
  };
}

const NAME_SEED_LENGTH = 4;

/** The seed of a dataset whose config has none. */
function seedOfName(datasetName: string): string {
  return digestOf(datasetName).slice(0, NAME_SEED_LENGTH);
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
  const common = { model, providerType: provider.provider_type };
  const extraBody = { ...parameters.extra_body, ...provider.extra_body };
  if ('encoding_format' in parameters) {
    const { encoding_format, dimensions } = parameters;
    const fields = { encoding_format, ...(dimensions === null ? {} : { dimensions: BigInt(dimensions) }) };
    return {
      ...common,
      temperature: null,
      topP: null,
      maxTokens: null,
      extraBody: { ...fields, ...extraBody },
    };
  }
  if (!('temperature' in parameters))
    return { ...common, temperature: null, topP: null, maxTokens: null, extraBody };
  return {
    ...common,
    temperature: planParameter(parameters.temperature),
    topP: planParameter(parameters.top_p),
    maxTokens: parameters.max_tokens,
    extraBody,
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

function planProcessors(
  { processors }: DatasetConfig,
  { columns, modules }: Pick<Plan, 'columns'> & Pick<Facts, 'modules'>,
): Pick<Plan, 'beforeBatch' | 'processors' | 'afterGeneration'> {
  const planned = processors.flatMap((config) => {
    const { stage, form: formOf, adds } = processorOf(kindOf(config));
    const form = formOf(config, { modules });
    const added = adds?.(config).map(({ name, type }) => ({ name, type })) ?? [];
    return form === null ? [] : [{ stage, kind: kindOf(config), name: config.name, form, added }];
  });
  // What is added after generation was not there yet when columns were taken out.
  const dropped = droppedColumns(processors, [
    ...cellColumns({ columns }).map(({ name }) => name),
    ...planned.flatMap(({ stage, added }) =>
      stage === 'afterGeneration' ? [] : added.map(({ name }) => name),
    ),
  ]);
  const ofStage = (of: (typeof planned)[number]['stage']) =>
    planned
      .filter(({ stage }) => stage === of)
      .map(({ kind, name, form, added }): PlanProcessor => {
        const adds = added.map((column) =>
          dropped.has(column.name) ? { ...column, drop: true as const } : column,
        );
        return { kind, name, ...(adds.length > 0 ? { adds } : {}), form };
      });
  const [beforeBatch, afterGeneration] = [ofStage('beforeBatch'), ofStage('afterGeneration')];
  return {
    ...(beforeBatch.length > 0 ? { beforeBatch } : {}),
    processors: ofStage(undefined),
    ...(afterGeneration.length > 0 ? { afterGeneration } : {}),
  };
}

/** Seed columns first, then the document's; a hidden one where nothing else starts rows. */
function planColumns({ columns, processors }: DatasetConfig, facts: Facts): readonly PlanColumn[] {
  const isSeed = ({ column_type }: ColumnConfig) => column_type === 'seed-dataset';
  const declared = new Map(columns.filter(isSeed).map((column) => [column.name, column]));
  const seeds = (facts.seeds?.columns ?? []).map(({ name }) =>
    planColumn(declared.get(name) ?? { ...SEED, name }, facts),
  );
  const made = columns.filter((column) => !isSeed(column)).map((column) => planColumn(column, facts));
  const all = [...seeds, ...made];
  const starts = all.some(({ strategy }) => strategy === 'root');
  const dropped = droppedColumns(
    processors,
    cellColumns({ columns: all }).map(({ name }) => name),
  );
  const planned = all.map(
    (column): PlanColumn => ({
      ...column,
      drop: column.drop || dropped.has(column.name),
      sideEffects: column.sideEffects.map((side) =>
        dropped.has(side.name) ? { ...side, drop: true } : side,
      ),
    }),
  );
  return [...(starts ? [] : [planColumn(ROW_IDS, facts)]), ...planned];
}

const SEED = { column_type: 'seed-dataset', drop: false, skip: null, propagate_skip: true };

const ROW_IDS: SamplerConfigOf<'uuid'> = {
  ...{ name: ROW_ID_COLUMN, column_type: 'sampler', drop: true, skip: null, propagate_skip: true },
  ...{ sampler_type: 'uuid', conditional_params: {}, convert_to: null },
  params: { sampler_type: 'uuid', prefix: null, short_form: false, uppercase: false },
};

function planColumn(config: ColumnConfig, facts: Facts): PlanColumn {
  const declaration = declarationOf(config.column_type);
  const form = declaration.form(config, facts);
  const { needs, whenOnly } = needsOf(config);
  return {
    kind: declaration.kind,
    name: config.name,
    strategy: declaration.strategy(form),
    drop: config.drop,
    type: typeWithSkip(declaration.type(config, facts), config.skip),
    needs: [...new Set([...needs, ...comparedWith(facts.constraints, config.name)])],
    skip: config.skip === null ? null : { ...config.skip, reads: whenOnly },
    propagateSkip: config.propagate_skip,
    onError: declaration.onError,
    sideEffects: declaration.sideEffects?.(config) ?? [],
    limiters: declaration.limiters(form),
    inOrder: declaration.inOrder?.(form) ?? false,
    form,
  };
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
