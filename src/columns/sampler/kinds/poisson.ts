// Counts of what happens so many times on average.

import { randomPoisson } from 'd3-random';
import { map, real } from '../../fields.ts';
import { INT } from '../../types.ts';
import { samplerType } from '../params.ts';
import { numberParam, type Sampler } from '../sampler.ts';

// Above 2^53 a count is no exact float any more.
const params = map({ ...samplerType('poisson'), mean: real({ min: 0, max: 1e15 }) });

export const poisson: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: () => INT,
  open({ params: given }) {
    const mean = numberParam(given, 'mean');
    return { draw: ({ draw }) => BigInt(randomPoisson.source(draw)(mean)()) };
  },
};
