// `sampler`: values that are drawn, each by the dataset's seed, its column and its row.

import type { z } from 'zod';
import { TEXT } from '../../templates/shape.ts';
import { columnFields, type Declaration, skipFields } from '../declaration.ts';
import { filledText, map, oneOf } from '../fields.ts';
import { conditions } from '../marks.ts';
import { checkSampler } from './check.ts';
import { formOfSampler, type SamplerForm, typeOfSampler } from './form.ts';
import { parameterSets } from './sampler.ts';
import { SAMPLERS, type SamplerConfig, type SamplerType, samplerOf } from './samplers.ts';

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

export const declare: Declaration<'sampler', SamplerConfig, SamplerForm, SamplerInput> = {
  kind: 'sampler',
  about: "A value that is drawn, by the dataset's seed, its column and its row: the same in every run.",
  schema: {
    by: 'sampler_type',
    schemas: Object.fromEntries(Object.keys(SAMPLERS).map((type) => [type, schemaOf(type as SamplerType)])),
  },
  check: checkSampler,
  type: typeOfSampler,
  shape: ({ sampler_type }) => (['text', 'date'].includes(samplerOf(sampler_type).draws) ? TEXT : undefined),
  personas: (config) =>
    parameterSets<SamplerConfig['params']>(config).flatMap(({ path, params }) => {
      const named = samplerOf(config.sampler_type).personas?.(params);
      return named === undefined ? [] : [{ ...named, path }];
    }),
  form: formOfSampler,
  takesConstraints: true,
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
    constraints: 'constraints',
  },
  follows: { seed: 'seed changed' },
  whyNoRedo: "its values follow from the dataset's seed. Set another `rowloom: seed`, or edit its params",
  source: ({ sampler }) => `sampler ${sampler}`,
  causeWord: null,
};
