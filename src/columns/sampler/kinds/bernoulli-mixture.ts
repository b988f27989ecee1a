// With probability p a number of a distribution of scipy.stats, else 0.

import { map, real } from '../../fields.ts';
import {
  checkDistribution,
  distributionFields,
  distributionOf,
  distributionType,
} from '../distributions/registry.ts';
import { samplerType } from '../params.ts';
import { numberParam, type Sampler } from '../sampler.ts';

const params = map({
  ...samplerType('bernoulli_mixture'),
  p: real({ min: 0, max: 1 }),
  ...distributionFields(),
}).superRefine(checkDistribution);

export const bernoulliMixture: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: distributionType,
  open({ params: given }) {
    const p = numberParam(given, 'p');
    const sample = distributionOf(given);
    return {
      draw({ draw }) {
        if (draw() < p) return sample(draw);
        return 0n;
      },
    };
  },
};
