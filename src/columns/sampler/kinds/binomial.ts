// How many of n tries succeed, each with probability p.

import { randomBinomial } from 'd3-random';
import { map, real, whole } from '../../fields.ts';
import { INT } from '../../types.ts';
import { samplerType } from '../params.ts';
import { numberParam, type Sampler } from '../sampler.ts';

const params = map({
  ...samplerType('binomial'),
  n: whole({ min: 0 }),
  p: real({ min: 0, max: 1 }),
});

export const binomial: Sampler<typeof params> = {
  params,
  draws: 'number',
  type: () => INT,
  open({ params: given }) {
    const n = numberParam(given, 'n');
    const p = numberParam(given, 'p');
    return { draw: ({ draw }) => BigInt(randomBinomial.source(draw)(n, p)()) };
  },
};
