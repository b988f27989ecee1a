// One of given values.

import { z } from 'zod';
import { label, map, real } from '../../fields.ts';
import { labelKind } from '../labels.ts';
import { checkWeights, samplerType } from '../params.ts';
import { isGiven, listParam, type Sampler } from '../sampler.ts';

const params = map({
  ...samplerType('category'),
  values: z.array(label()).min(1),
  weights: z
    .array(real({ min: 0 }))
    .nullable()
    .default(null),
}).superRefine(checkWeights);

/** Each of `values` with the probability of its weight over the sum of weights. */
export const category: Sampler<typeof params> = {
  params,
  draws: 'label',
  type: (sets) => ({ kind: labelKind(sets.flatMap(({ values }) => values)) }),
  labels: ({ values }) => values,
  open({ params: given }) {
    const values = listParam(given, 'values');
    const weights = isGiven(given, 'weights') ? listParam(given, 'weights').map(Number) : values.map(() => 1);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return {
      draw({ draw }) {
        let left = draw() * total;
        const index = weights.findIndex((weight) => {
          left -= weight;
          return left < 0;
        });
        // Rounding may leave nothing below zero at the very end.
        return values[index === -1 ? weights.findLastIndex((weight) => weight > 0) : index]!;
      },
    };
  },
};
