// `sampler`: values that are drawn, each by the dataset's seed, its column and its row.

import type { z } from 'zod';
import type { ColumnType, PlanColumn } from '../../plan.ts';
import { columnFields, type Declaration, skipFields } from '../declaration.ts';
import { filledText, map, oneOf } from '../fields.ts';
import { conditions } from '../marks.ts';
import { checkSampler } from './check.ts';
import { type Conversion, FLOAT, INT, TEXT } from './params.ts';
import { parameterSets, type SamplerParams } from './sampler.ts';
import { SAMPLERS, type SamplerConfig, type SamplerType, samplerOf } from './samplers.ts';

export interface SamplerForm {
  readonly sampler: SamplerType;
  readonly params: SamplerParams;
  /** In the order of the document; where several hold the last one wins. */
  readonly conditions: readonly { readonly when: string; readonly params: SamplerParams }[];
  /** One of `int`, `float`, `str`; for dates a format of `strftime`. */
  readonly convertTo: string | null;
}
export type SamplerColumn = PlanColumn<'sampler', SamplerForm>;

/** What a person writes: parameters that all have defaults may be left out. */
type SamplerInputOf<Type extends SamplerType, Params = z.input<(typeof SAMPLERS)[Type]['params']>> = z.input<
  z.ZodObject<CommonFields>
> & {
  readonly sampler_type: Type;
  readonly conditional_params?: { readonly [condition: string]: NonNullable<Params> };
  readonly convert_to?: string | null;
} & (undefined extends Params ? { readonly params?: Params } : { readonly params: Params });
type CommonFields = ReturnType<typeof columnFields<'sampler'>> & ReturnType<typeof skipFields>;
type SamplerInput = { [Type in SamplerType]: SamplerInputOf<Type> }[SamplerType];

function schemaOf<Type extends SamplerType>(type: Type): z.ZodType<SamplerConfig, SamplerInput> {
  const { params } = samplerOf(type);
  const schema = map({
    ...columnFields('sampler'),
    sampler_type: oneOf([type]),
    params,
    conditional_params: conditions(params).default({}),
    convert_to: filledText().nullable().default(null),
    ...skipFields(),
  });
  return schema as unknown as z.ZodType<SamplerConfig, SamplerInput>;
}

const TYPES: { readonly [Name in Conversion]: ColumnType } = { int: INT, float: FLOAT, str: TEXT };

export const declare: Declaration<'sampler', SamplerConfig, SamplerForm, SamplerInput> = {
  kind: 'sampler',
  about: "A value that is drawn, by the dataset's seed, its column and its row: the same in every run.",
  schema: {
    by: 'sampler_type',
    schemas: Object.fromEntries(Object.keys(SAMPLERS).map((type) => [type, schemaOf(type as SamplerType)])),
  },
  check: checkSampler,
  type(config) {
    const { sampler_type, convert_to: target } = config;
    const { draws, type } = samplerOf(sampler_type);
    const isConverted = target !== null && (draws === 'number' || draws === 'label');
    return isConverted ? TYPES[target as Conversion] : type(allParams(config));
  },
  form: (config) => ({
    sampler: config.sampler_type,
    params: formOf(config.params),
    conditions: Object.entries(config.conditional_params).map(([when, params]) => ({
      when,
      params: formOf(params),
    })),
    convertTo: config.convert_to,
  }),
  strategy: () => 'root',
  limiters: () => [],
  costs: () => false,
  onError: 'drop',
  readVersion: 1,
  words: {
    sampler: { word: 'sampler', field: 'sampler_type' },
    params: 'params',
    conditions: { word: 'conditions', field: 'conditional_params' },
    convertTo: { word: 'conversion', field: 'convert_to' },
  },
  follows: { seed: 'seed changed' },
  whyNoRedo: "its values follow from the dataset's seed. Set another `rowloom: seed`, or edit its params",
  source: ({ sampler }) => `sampler ${sampler}`,
  causeWord: null,
};

/** The parameters of a sampler and those of its conditions. */
function allParams(config: SamplerConfig): readonly SamplerConfig['params'][] {
  return parameterSets<SamplerConfig['params']>(config).map(({ params }) => params);
}

function formOf({ sampler_type: _, ...params }: SamplerConfig['params']): SamplerParams {
  const given: SamplerParams = params;
  const { decimal_places: places } = given;
  return typeof places === 'number' ? { ...given, decimal_places: BigInt(places) } : given;
}
