// The typed way to write a document. A builder holds the same data, field by field, as the YAML that it writes.
//
//   const tickets = DatasetBuilder.create()
//     .provider({ name: 'offline', provider_type: 'simulated' })
//     .model({ alias: 'writer', model: 'made-up', provider: 'offline' })
//     .column('tier', { column_type: 'sampler', sampler_type: 'category', params: { values: ['free', 'pro'] } })
//     .column('body', {
//       column_type: 'llm-text',
//       model_alias: 'writer',
//       prompt: ({ tier }) => `Write as a ${tier} customer.`, // Write as a {{ tier }} customer.
//     });

import { stringify } from 'yaml';
import type { ColumnKind, InputOf } from '../columns/kinds.ts';
import type { Marked } from '../columns/marks.ts';
import type { ProcessorInput, UserProcessorInput } from '../processors/kinds.ts';
import type { ConstraintConfig } from './constraints.ts';
import type { RowloomSettings } from './schema/document.ts';
import type { ModelConfig, ModelProvider, Simulation } from './schema/models.ts';
import type { SeedConfig, SeedSourceInput } from './schema/seeds.ts';
import type { RemoteToolServer, ToolConfig } from './schema/tools.ts';

/** Prints itself as `{{ name }}`; its fields print as `{{ name.field }}`. */
export type Reference = { readonly [field: string]: Reference } & { toString(): string };

export type References<Known extends string> = { readonly [Name in Known]: Reference };

/** Jinja, or a function that writes it: the function can only name columns that were added before. */
export type Template<Known extends string> = string | ((columns: References<Known>) => string);

/** What a person writes, with marked fields tied to the columns and models that were added before. */
type Tied<Input, Known extends string, Alias extends string> = Input extends
  | Marked<'template'>
  | Marked<'prompt'>
  | Marked<'condition'>
  ? Template<Known>
  : Input extends Marked<'column'>
    ? Known
    : Input extends Marked<'model'>
      ? Alias
      : Input extends readonly (infer Item)[]
        ? readonly Tied<Item, Known, Alias>[]
        : Input extends object
          ? { [Field in keyof Input]: Tied<Input[Field], Known, Alias> }
          : Input;

/** A column of each kind, without its name. */
export type ColumnSpec<Known extends string, Alias extends string> = {
  [Kind in ColumnKind]: WithoutName<Tied<InputOf<Kind>, Known, Alias>>;
}[ColumnKind];

type WithoutName<Spec> = Spec extends unknown ? Omit<Spec, 'name'> : never;

export type ModelSpec<Alias extends string> = Omit<
  ModelConfig,
  'alias' | 'inference_parameters' | 'skip_health_check'
> & {
  readonly alias: Alias;
  readonly inference_parameters?: Partial<ModelConfig['inference_parameters']>;
  readonly skip_health_check?: boolean;
};

export type ProviderSpec = Pick<ModelProvider, 'name'> &
  Partial<Omit<ModelProvider, 'name' | 'simulation'>> & { readonly simulation?: Partial<Simulation> };

/** Where seed rows come from: a path of local files, with wildcards; any source of a document; or rows in memory. */
export type SeedOrigin =
  | { readonly path: string }
  | { readonly source: SeedSourceInput }
  | { readonly rows: readonly object[] };

export type SeedSpec<Column extends string> = SeedOrigin & {
  /** The columns of it that templates name. */
  readonly columns: readonly Column[];
  readonly sampling_strategy?: SeedConfig['sampling_strategy'];
  readonly selection_strategy?: SeedConfig['selection_strategy'];
};

export type ToolsSpec = Pick<ToolConfig, 'tool_alias' | 'providers'> & Partial<ToolConfig>;

export type McpProviderSpec = Pick<RemoteToolServer, 'name' | 'endpoint'> & Partial<RemoteToolServer>;

interface DocumentData {
  readonly seed_config?: object;
  readonly columns: readonly object[];
  readonly model_configs: readonly object[];
  readonly tool_configs?: readonly object[];
  readonly constraints?: readonly object[];
  readonly processors?: readonly object[];
  readonly rowloom: {
    readonly providers: readonly object[];
    readonly mcp_providers?: readonly object[];
    readonly processors?: readonly object[];
  };
}

const EMPTY: DocumentData = { columns: [], model_configs: [], rowloom: { providers: [] } };

/** A name that is not taken; for one that is, what the compiler says. */
export type FreshName<Name extends string, Taken extends string, What extends string> = Name extends Taken
  ? `There is a ${What} "${Name}" already: choose another name`
  : Name;

/** The models of a dataset that declares none. */
type DefaultAlias = `${'nvidia' | 'openai' | 'openrouter'}-${'text' | 'reasoning' | 'vision'}`;

/** Declares a dataset. Every method returns a new builder, so a shared prefix can be reused. */
export class DatasetBuilder<Known extends string = never, Alias extends string = DefaultAlias> {
  readonly #data: DocumentData;

  private constructor(data: DocumentData) {
    this.#data = data;
  }

  static create(): DatasetBuilder {
    return new DatasetBuilder(EMPTY);
  }

  /** Adds a column. Templates and parents name only columns added before it, so a cycle does not type-check. */
  column<Name extends string>(
    name: FreshName<Name, Known, 'column'>,
    spec: ColumnSpec<Known, Alias>,
  ): DatasetBuilder<Known | Name, Alias> {
    const fields = Object.entries(spec).map(([field, value]) => [
      field,
      typeof value === 'function' ? value(references()) : value,
    ]);
    const column = { name, ...Object.fromEntries(fields) };
    return new DatasetBuilder({ ...this.#data, columns: [...this.#data.columns, column] });
  }

  /** Takes the rows of a source as columns. */
  seeds<Column extends string>(spec: SeedSpec<Column>): DatasetBuilder<Known | Column, Alias> {
    const { sampling_strategy, selection_strategy } = spec;
    const seedConfig = {
      source: sourceOf(spec),
      ...(sampling_strategy === undefined ? {} : { sampling_strategy }),
      ...(selection_strategy === undefined ? {} : { selection_strategy }),
    };
    return new DatasetBuilder({ ...this.#data, seed_config: seedConfig });
  }

  /** Adds a model that columns name by its alias. */
  model<Name extends string>(
    spec: Omit<ModelSpec<string>, 'alias'> & {
      readonly alias: FreshName<Name, Exclude<Alias, DefaultAlias>, 'model'>;
    },
  ): DatasetBuilder<Known, Exclude<Alias, DefaultAlias> | Name> {
    return new DatasetBuilder({ ...this.#data, model_configs: [...this.#data.model_configs, spec] });
  }

  /** Adds what is done with rows, after the processors of its sort that were added before. */
  processor(spec: ProcessorInput | UserProcessorInput): DatasetBuilder<Known, Alias> {
    const { processors = [], rowloom } = this.#data;
    if (!('stage' in spec)) return new DatasetBuilder({ ...this.#data, processors: [...processors, spec] });
    const own = [...(rowloom.processors ?? []), spec];
    return new DatasetBuilder({ ...this.#data, rowloom: { ...rowloom, processors: own } });
  }

  /** Says what the values of a sampler have to hold, against a number or another sampler. */
  constraint(
    spec: Pick<ConstraintConfig, 'operator'> & {
      readonly target_column: Known;
      readonly rhs: Known | number;
    },
  ): DatasetBuilder<Known, Alias> {
    const { constraints = [] } = this.#data;
    return new DatasetBuilder({ ...this.#data, constraints: [...constraints, spec] });
  }

  /** Adds an endpoint. `api_key` is the name of an environment variable, never a key. */
  provider(spec: ProviderSpec): DatasetBuilder<Known, Alias> {
    const { rowloom } = this.#data;
    return new DatasetBuilder({
      ...this.#data,
      rowloom: { ...rowloom, providers: [...rowloom.providers, spec] },
    });
  }

  /** Adds tools that columns name by `tool_alias`. */
  tools(spec: ToolsSpec): DatasetBuilder<Known, Alias> {
    const { tool_configs = [] } = this.#data;
    return new DatasetBuilder({ ...this.#data, tool_configs: [...tool_configs, spec] });
  }

  /** Adds an address where tools are served. `api_key` is the name of an environment variable, never a key. */
  mcpProvider(spec: McpProviderSpec): DatasetBuilder<Known, Alias> {
    const { rowloom } = this.#data;
    const { mcp_providers = [] } = rowloom;
    return new DatasetBuilder({
      ...this.#data,
      rowloom: { ...rowloom, mcp_providers: [...mcp_providers, spec] },
    });
  }

  /** Changes what is Rowloom's own: the seed, sizes, limits. */
  settings(settings: Partial<RowloomSettings>): DatasetBuilder<Known, Alias> {
    const { rowloom } = this.#data;
    return new DatasetBuilder({ ...this.#data, rowloom: { ...rowloom, ...settings } });
  }

  /** The document as a file holds it. */
  toYaml(): string {
    // Quoted: a text that looks like a number, such as 1_000, stays a text.
    return stringify(this.#data, {
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
      lineWidth: 0,
    });
  }
}

function references(): References<string> {
  return new Proxy({}, { get: (_, name) => reference(String(name)) }) as References<string>;
}

function reference(place: string): Reference {
  const print = () => `{{ ${place} }}`;
  return new Proxy({} as Reference, {
    get: (_, field) =>
      field === 'toString' || field === Symbol.toPrimitive ? print : reference(`${place}.${String(field)}`),
  });
}

function sourceOf(origin: SeedOrigin): SeedSourceInput {
  if ('source' in origin) return origin.source;
  if ('rows' in origin) return { seed_type: 'rows', rows: origin.rows };
  return { seed_type: 'local', path: origin.path };
}
