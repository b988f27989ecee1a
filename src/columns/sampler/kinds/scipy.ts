// Numbers of a distribution of Python's scipy.stats, by its name and parameters there.

import { map } from '../../fields.ts';
import {
  checkDistribution,
  distributionFields,
  distributionOf,
  distributionType,
} from '../distributions/registry.ts';
import { decimalPlaces, samplerType } from '../params.ts';
import type { Sampler } from '../sampler.ts';

const params = map({
  ...samplerType('scipy'),
  ...distributionFields(),
  decimal_places: decimalPlaces(),
}).superRefine(checkDistribution);

export const scipy: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: distributionType,
  open({ params: given }) {
    const sample = distributionOf(given);
    return { draw: ({ draw }) => sample(draw) };
  },
};
