// The discrete distributions.

import { randomBinomial, randomPoisson } from 'd3-random';
import type { Source } from '../../../draws.ts';
import { CHANCE, COUNT, discrete, POSITIVE, SHARE } from './distribution.ts';
import { aboveZero, beta, exponential, gamma } from './draws.ts';

/** Above 2^53 a count is no exact float any more. */
const MAX_MEAN = 1e15;
const MEAN = { min: 0, max: MAX_MEAN };
const WHOLE = { isWhole: true } as const;
/** What is drawn out of an urn is drawn one by one. */
const URN = { min: 0, max: 1e6, isWhole: true } as const;

export const DISCRETE = {
  bernoulli: discrete(
    { p: SHARE },
    ({ p }) =>
      (draw) =>
        draw() < p! ? 1 : 0,
  ),
  betabinom: discrete(
    { n: COUNT, a: POSITIVE, b: POSITIVE },
    ({ n, a, b }) =>
      (draw) =>
        binomial(draw, n!, beta(draw, { a: a!, b: b! })),
  ),
  binom: discrete(
    { n: COUNT, p: SHARE },
    ({ n, p }) =>
      (draw) =>
        binomial(draw, n!, p!),
  ),
  dlaplace: discrete(
    { a: POSITIVE },
    ({ a }) =>
      (draw) =>
        Math.floor(exponential(draw) / a!) - Math.floor(exponential(draw) / a!),
  ),
  geom: discrete({ p: CHANCE }, ({ p }) => {
    const rate = -Math.log1p(-p!);
    return (draw) => 1 + Math.floor(exponential(draw) / rate);
  }),
  hypergeom: discrete(
    { M: URN, n: URN, N: URN },
    ({ M, n, N }) =>
      (draw) =>
        fromUrn(draw, { all: M!, marked: n!, drawn: N! }),
    ({ M, n, N }) => (n! <= M! && N! <= M! ? null : `n and N have to be at most M: ${n}, ${N} and ${M}`),
  ),
  logser: discrete({ p: { above: 0, below: 1 } }, ({ p }) => {
    const log = Math.log1p(-p!);
    // Kemp, 1981.
    return (draw) => Math.floor(1 + Math.log(aboveZero(draw)) / Math.log(-Math.expm1(aboveZero(draw) * log)));
  }),
  nbinom: discrete(
    { n: POSITIVE, p: CHANCE },
    ({ n, p }) =>
      (draw) =>
        poisson(draw, (gamma(draw, n!) * (1 - p!)) / p!),
  ),
  planck: discrete(
    { lambda_: POSITIVE },
    ({ lambda_: rate }) =>
      (draw) =>
        Math.floor(exponential(draw) / rate!),
  ),
  poisson: discrete(
    { mu: MEAN },
    ({ mu }) =>
      (draw) =>
        poisson(draw, mu!),
  ),
  randint: discrete(
    { low: WHOLE, high: WHOLE },
    ({ low, high }) =>
      (draw) =>
        low! + Math.floor(draw() * (high! - low!)),
    ({ low, high }) => (low! < high! ? null : `low has to be below high: ${low} is not below ${high}`),
  ),
  skellam: discrete(
    { mu1: MEAN, mu2: MEAN },
    ({ mu1, mu2 }) =>
      (draw) =>
        poisson(draw, mu1!) - poisson(draw, mu2!),
  ),
  zipf: discrete(
    { a: { above: 1 } },
    ({ a }) =>
      (draw) =>
        zipf(draw, a!),
  ),
};

function binomial(draw: Source, n: number, p: number): number {
  return randomBinomial.source(draw)(n, p)();
}

function poisson(draw: Source, mean: number): number {
  return randomPoisson.source(draw)(mean)();
}

interface Urn {
  readonly all: number;
  readonly marked: number;
  readonly drawn: number;
}

/** How many of those drawn without putting back are marked. */
function fromUrn(draw: Source, { all, marked, drawn }: Urn): number {
  // Those left in the urn are a draw too, and so are the marked ones among all: the least work is chosen.
  if (drawn > all / 2) return marked - fromUrn(draw, { all, marked, drawn: all - drawn });
  if (marked < drawn) return fromUrn(draw, { all, marked: drawn, drawn: marked });
  let left = marked;
  for (let taken = 0; taken < drawn; taken += 1) if (draw() * (all - taken) < left) left -= 1;
  return marked - left;
}

/** Devroye, 1986, by rejection. */
function zipf(draw: Source, a: number): number {
  const limit = 2 ** (a - 1);
  for (;;) {
    const number = Math.floor(aboveZero(draw) ** (-1 / (a - 1)));
    const ratio = (1 + 1 / number) ** (a - 1);
    if ((draw() * number * (ratio - 1)) / (limit - 1) <= ratio / limit && Number.isFinite(number))
      return number;
  }
}
