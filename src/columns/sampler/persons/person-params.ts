// The parameters that both samplers of persons have.

import { z } from 'zod';
import type { Value } from '../../../values.ts';
import { oneOf, text, whole } from '../../fields.ts';
import { isGiven, type SamplerParams } from '../sampler.ts';

const MAX_AGE = 114;
const DEFAULT_AGES = [18, MAX_AGE];

export const SEXES = ['Male', 'Female'] as const;

export const personFields = () => ({
  sex: oneOf(SEXES).nullable().default(null),
  city: z
    .union([text(), z.array(text()).min(1)])
    .nullable()
    .default(null),
  age_range: z
    .array(whole({ min: 0, max: MAX_AGE }))
    .min(2)
    .max(2)
    .superRefine(([min, max], context) => {
      if (min === undefined || max === undefined || min < max) return;
      context.addIssue({ code: 'custom', message: `has to begin below its end ${max}, not at ${min}` });
    })
    .default(DEFAULT_AGES),
});

/** What a plan's parameters ask of a person. */
export interface PersonWish {
  readonly sex: string | null;
  /** One of these; null is any. */
  readonly cities: readonly string[] | null;
  /** From the first to the last, both included. */
  readonly ages: { readonly first: number; readonly last: number };
  /** `MO`, not `Missouri`. */
  readonly isStateShort?: boolean;
}

export function personWish(params: SamplerParams): PersonWish {
  const [first, last] = isGiven(params, 'age_range') ? (params.age_range as readonly Value[]) : DEFAULT_AGES;
  const { sex, city } = params;
  return {
    sex: typeof sex === 'string' ? sex : null,
    cities: (city ?? null) === null ? null : ([city].flat() as string[]),
    ages: { first: Number(first), last: Number(last) },
  };
}
