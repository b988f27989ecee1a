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
import type { Dtype } from '../columns/expression/declare.ts';
import type { Trace } from '../columns/llm/declare-chat.ts';
import type { JudgeScore } from '../columns/llm-judge/declare.ts';
import type { ParamsOf, SamplerType } from '../columns/sampler/params.ts';
import type { Value } from '../values.ts';
import type { RowloomSettings, SeedConfig } from './schema/document.ts';
import type { ModelConfig, ModelProvider, Simulation } from './schema/models.ts';

/** Prints itself as `{{ name }}`; its fields print as `{{ name.field }}`. */
export type Reference = { readonly [field: string]: Reference } & { toString(): string };

export type References<Known extends string> = { readonly [Name in Known]: Reference };

/** Jinja, or a function that writes it: the function can only name columns that were added before. */
export type Template<Known extends string> = string | ((columns: References<Known>) => string);

/** Some fields may be left out: the document has defaults for them. */
type WithDefaults<Fields, Defaulted extends PropertyKey> = Omit<Fields, Defaulted> &
  Partial<Pick<Fields, Extract<keyof Fields, Defaulted>>>;

type ParameterDefaults =
  | 'sampler_type'
  | 'prefix'
  | 'short_form'
  | 'uppercase'
  | 'weights'
  | 'decimal_places'
  | 'unit';

type SamplerParamsSpec<Type extends SamplerType, Known extends string> = WithDefaults<
  Omit<ParamsOf<Type>, 'category'>,
  ParameterDefaults
> &
  (Type extends 'subcategory' ? { readonly category: Known } : unknown);

type SamplerSpec<Type extends SamplerType, Known extends string> = {
  readonly column_type: 'sampler';
  readonly sampler_type: Type;
  readonly conditional_params?: { readonly [condition: string]: SamplerParamsSpec<Type, Known> };
  readonly convert_to?: string;
} & (Type extends 'uuid'
  ? { readonly params?: SamplerParamsSpec<Type, Known> }
  : { readonly params: SamplerParamsSpec<Type, Known> });

interface Asked<Known extends string, Alias extends string> {
  readonly prompt: Template<Known>;
  readonly system_prompt?: Template<Known>;
  readonly model_alias: Alias;
  readonly with_trace?: Trace;
  readonly extract_reasoning_content?: boolean;
}

interface AnyColumn<Known extends string> {
  readonly drop?: boolean;
  readonly skip?: { readonly when: Template<Known>; readonly value?: Value };
  readonly propagate_skip?: boolean;
}

export type ColumnSpec<Known extends string, Alias extends string> = AnyColumn<Known> &
  (
    | { [Type in SamplerType]: SamplerSpec<Type, Known> }[SamplerType]
    | ({ readonly column_type: 'llm-text' } & Asked<Known, Alias>)
    | ({ readonly column_type: 'llm-structured'; readonly output_format: Value } & Asked<Known, Alias>)
    | ({ readonly column_type: 'llm-judge'; readonly scores: readonly JudgeScore[] } & Asked<Known, Alias>)
    | {
        readonly column_type: 'expression';
        readonly expr: Template<Known>;
        readonly dtype?: Dtype;
      }
  );

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

export interface SeedSpec<Column extends string> {
  /** A local csv, json, jsonl or parquet file; `*` stands for any characters of a name. */
  readonly path: string;
  /** The columns of it that templates name. */
  readonly columns: readonly Column[];
  readonly sampling_strategy?: SeedConfig['sampling_strategy'];
  readonly selection_strategy?: SeedConfig['selection_strategy'];
}

interface DocumentData {
  readonly seed_config?: object;
  readonly columns: readonly object[];
  readonly model_configs: readonly object[];
  readonly rowloom: { readonly providers: readonly object[] };
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

  /** Takes the rows of a local file as columns. */
  seeds<Column extends string>({
    path,
    columns: _,
    ...strategies
  }: SeedSpec<Column>): DatasetBuilder<Known | Column, Alias> {
    const seedConfig = { source: { seed_type: 'local', path }, ...strategies };
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

  /** Adds an endpoint. `api_key` is the name of an environment variable, never a key. */
  provider(spec: ProviderSpec): DatasetBuilder<Known, Alias> {
    const { rowloom } = this.#data;
    return new DatasetBuilder({
      ...this.#data,
      rowloom: { ...rowloom, providers: [...rowloom.providers, spec] },
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
