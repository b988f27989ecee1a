import { categorySampler, subcategorySampler } from './category-samplers.ts';
import { datetimeSampler } from './datetime-sampler.ts';
import { bernoulliSampler, gaussianSampler, poissonSampler, uniformSampler } from './number-samplers.ts';
import type { SamplerType } from './params.ts';
import type { Sample, SamplerInput } from './sampler.ts';
import { uuidSampler } from './uuid-sampler.ts';

/** How each kind of sampler is made from its parameters. Throws `TypeError` for parameters that no config passes. */
export const SAMPLERS: { readonly [Type in SamplerType]: (input: SamplerInput) => Sample } = {
  uuid: uuidSampler,
  category: categorySampler,
  subcategory: subcategorySampler,
  uniform: uniformSampler,
  gaussian: gaussianSampler,
  bernoulli: bernoulliSampler,
  poisson: poissonSampler,
  datetime: datetimeSampler,
};
