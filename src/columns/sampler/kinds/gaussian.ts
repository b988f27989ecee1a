// Floats of the normal distribution.

import { randomNormal } from 'd3-random';
import { map, real } from '../../fields.ts';
import { FLOAT } from '../../types.ts';
import { decimalPlaces, samplerType } from '../params.ts';
import { numberParam, type Sampler } from '../sampler.ts';

const params = map({
  ...samplerType('gaussian'),
  mean: real(),
  stddev: real({ min: 0 }),
  decimal_places: decimalPlaces(),
});

export const gaussian: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: () => FLOAT,
  open({ params: given }) {
    const mean = numberParam(given, 'mean');
    const stddev = numberParam(given, 'stddev');
    return { draw: ({ draw }) => randomNormal.source(draw)(mean, stddev)() };
  },
};
