// The samplers: a line each.

import type { z } from 'zod';
import type { ColumnConfig } from '../declaration.ts';
import { bernoulli } from './kinds/bernoulli.ts';
import { bernoulliMixture } from './kinds/bernoulli-mixture.ts';
import { binomial } from './kinds/binomial.ts';
import { category } from './kinds/category.ts';
import { datetime } from './kinds/datetime.ts';
import { gaussian } from './kinds/gaussian.ts';
import { person } from './kinds/person.ts';
import { personFromFaker } from './kinds/person-from-faker.ts';
import { poisson } from './kinds/poisson.ts';
import { scipy } from './kinds/scipy.ts';
import { subcategory } from './kinds/subcategory.ts';
import { timedelta } from './kinds/timedelta.ts';
import { uniform } from './kinds/uniform.ts';
import { uuid } from './kinds/uuid.ts';
import type { Sampler } from './sampler.ts';

export const SAMPLERS = {
  uuid,
  category,
  subcategory,
  uniform,
  gaussian,
  bernoulli,
  bernoulli_mixture: bernoulliMixture,
  binomial,
  poisson,
  scipy,
  datetime,
  timedelta,
  person,
  person_from_faker: personFromFaker,
};
export type SamplerType = keyof typeof SAMPLERS;
type ParamsOf<Type extends SamplerType> = z.output<(typeof SAMPLERS)[Type]['params']>;

export type SamplerConfigOf<Type extends SamplerType> = ColumnConfig & {
  readonly sampler_type: Type;
  readonly params: ParamsOf<Type>;
  readonly conditional_params: { readonly [condition: string]: ParamsOf<Type> };
  readonly convert_to: string | null;
};
export type SamplerConfig = { [Type in SamplerType]: SamplerConfigOf<Type> }[SamplerType];

/** A sampler by the `sampler_type` of a document. It is only ever given parameters that its own schema read. */
export function samplerOf(type: SamplerType): Sampler {
  return SAMPLERS[type] as Sampler;
}
