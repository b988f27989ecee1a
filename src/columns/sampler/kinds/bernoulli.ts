// 1 with probability p, else 0.

import { map, real } from '../../fields.ts';
import { INT } from '../../types.ts';
import { samplerType } from '../params.ts';
import { numberParam, type Sampler } from '../sampler.ts';

const params = map({ ...samplerType('bernoulli'), p: real({ min: 0, max: 1 }) });

export const bernoulli: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: () => INT,
  open({ params: given }) {
    const p = numberParam(given, 'p');
    return { draw: ({ draw }) => (draw() < p ? 1n : 0n) };
  },
};
