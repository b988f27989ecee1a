// Samplers of numbers. Floats are `number`, counts are `bigint`.

import { randomNormal, randomPoisson } from 'd3-random';
import { numberParam, type Sample, type SamplerInput } from './sampler.ts';

/** Floats in [low, high). */
export function uniformSampler({ params }: SamplerInput): Sample {
  const low = numberParam(params, 'low');
  const high = numberParam(params, 'high');
  return ({ draw }) => low + draw() * (high - low);
}

export function gaussianSampler({ params }: SamplerInput): Sample {
  const mean = numberParam(params, 'mean');
  const stddev = numberParam(params, 'stddev');
  return ({ draw }) => randomNormal.source(draw)(mean, stddev)();
}

/** 1 with probability p, else 0. */
export function bernoulliSampler({ params }: SamplerInput): Sample {
  const p = numberParam(params, 'p');
  return ({ draw }) => (draw() < p ? 1n : 0n);
}

export function poissonSampler({ params }: SamplerInput): Sample {
  const mean = numberParam(params, 'mean');
  return ({ draw }) => BigInt(randomPoisson.source(draw)(mean)());
}
