// Floats, each as likely as any other in [low, high).

import { map, real } from '../../fields.ts';
import { FLOAT } from '../../types.ts';
import { checkRange, decimalPlaces, samplerType } from '../params.ts';
import { numberParam, type Sampler } from '../sampler.ts';

const params = map({
  ...samplerType('uniform'),
  low: real(),
  high: real(),
  decimal_places: decimalPlaces(),
}).superRefine(checkRange);

export const uniform: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: () => FLOAT,
  open({ params: given }) {
    const low = numberParam(given, 'low');
    const high = numberParam(given, 'high');
    return { draw: ({ draw }) => low + draw() * (high - low) };
  },
};
