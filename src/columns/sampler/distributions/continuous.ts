// The continuous distributions, most of them by inversion: a uniform number at which the cumulative distribution is looked up.

import { ANY, continuous, POSITIVE, SHARE, type Shape } from './distribution.ts';
import { aboveZero, beta, chiSquared, exponential, gamma, normal, sign } from './draws.ts';
import { truncatedNormal } from './truncated-normal.ts';

/** The interval that some distributions name by its ends. */
function checkEnds({ a, b }: Shape): string | null {
  return a! < b! ? null : `a has to be below b: ${a} is not below ${b}`;
}

export const CONTINUOUS = {
  alpha: continuous({ a: POSITIVE }, ({ a }) => {
    const positive = truncatedNormal({ a: -a!, b: Number.MAX_VALUE });
    return (draw) => 1 / (a! + positive(draw));
  }),
  arcsine: continuous({}, () => (draw) => Math.sin((Math.PI / 2) * draw()) ** 2),
  beta: continuous(
    { a: POSITIVE, b: POSITIVE },
    ({ a, b }) =>
      (draw) =>
        beta(draw, { a: a!, b: b! }),
  ),
  betaprime: continuous(
    { a: POSITIVE, b: POSITIVE },
    ({ a, b }) =>
      (draw) =>
        gamma(draw, a!) / gamma(draw, b!),
  ),
  bradford: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        Math.expm1(draw() * Math.log1p(c!)) / c!,
  ),
  burr: continuous(
    { c: POSITIVE, d: POSITIVE },
    ({ c, d }) =>
      (draw) =>
        (aboveZero(draw) ** (-1 / d!) - 1) ** (-1 / c!),
  ),
  burr12: continuous(
    { c: POSITIVE, d: POSITIVE },
    ({ c, d }) =>
      (draw) =>
        (aboveZero(draw) ** (-1 / d!) - 1) ** (1 / c!),
  ),
  cauchy: continuous({}, () => (draw) => Math.tan(Math.PI * (draw() - 0.5))),
  chi: continuous(
    { df: POSITIVE },
    ({ df }) =>
      (draw) =>
        Math.sqrt(chiSquared(draw, df!)),
  ),
  chi2: continuous(
    { df: POSITIVE },
    ({ df }) =>
      (draw) =>
        chiSquared(draw, df!),
  ),
  dgamma: continuous(
    { a: POSITIVE },
    ({ a }) =>
      (draw) =>
        sign(draw) * gamma(draw, a!),
  ),
  dweibull: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        sign(draw) * exponential(draw) ** (1 / c!),
  ),
  erlang: continuous(
    { a: POSITIVE },
    ({ a }) =>
      (draw) =>
        gamma(draw, a!),
  ),
  expon: continuous({}, () => exponential),
  exponnorm: continuous(
    { K: POSITIVE },
    ({ K }) =>
      (draw) =>
        normal(draw) + K! * exponential(draw),
  ),
  exponweib: continuous(
    { a: POSITIVE, c: POSITIVE },
    ({ a, c }) =>
      (draw) =>
        (-Math.log1p(-(draw() ** (1 / a!)))) ** (1 / c!),
  ),
  f: continuous(
    { dfn: POSITIVE, dfd: POSITIVE },
    ({ dfn, dfd }) =>
      (draw) =>
        chiSquared(draw, dfn!) / dfn! / (chiSquared(draw, dfd!) / dfd!),
  ),
  fisk: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        (1 / aboveZero(draw) - 1) ** (1 / c!),
  ),
  gamma: continuous(
    { a: POSITIVE },
    ({ a }) =>
      (draw) =>
        gamma(draw, a!),
  ),
  genextreme: continuous({ c: ANY }, ({ c }) => (draw) => {
    const log = Math.log(exponential(draw));
    return c === 0 ? -log : -Math.expm1(c! * log) / c!;
  }),
  gengamma: continuous(
    { a: POSITIVE, c: ANY },
    ({ a, c }) =>
      (draw) =>
        gamma(draw, a!) ** (1 / c!),
    ({ c }) => (c === 0 ? 'c cannot be 0' : null),
  ),
  gennorm: continuous(
    { beta: POSITIVE },
    ({ beta: power }) =>
      (draw) =>
        sign(draw) * gamma(draw, 1 / power!) ** (1 / power!),
  ),
  genpareto: continuous({ c: ANY }, ({ c }) => (draw) => {
    const height = exponential(draw);
    return c === 0 ? height : Math.expm1(c! * height) / c!;
  }),
  gompertz: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        Math.log1p(exponential(draw) / c!),
  ),
  gumbel_l: continuous({}, () => (draw) => Math.log(exponential(draw))),
  gumbel_r: continuous({}, () => (draw) => -Math.log(exponential(draw))),
  halfcauchy: continuous({}, () => (draw) => Math.tan((Math.PI / 2) * draw())),
  halflogistic: continuous({}, () => (draw) => 2 * Math.atanh(draw())),
  halfnorm: continuous({}, () => (draw) => Math.abs(normal(draw))),
  hypsecant: continuous({}, () => (draw) => Math.log(Math.tan((Math.PI / 2) * aboveZero(draw)))),
  invgamma: continuous(
    { a: POSITIVE },
    ({ a }) =>
      (draw) =>
        1 / gamma(draw, a!),
  ),
  invgauss: continuous(
    { mu: POSITIVE },
    ({ mu }) =>
      (draw) =>
        inverseGaussian(draw, mu!),
  ),
  invweibull: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        exponential(draw) ** (-1 / c!),
  ),
  johnsonsb: continuous(
    { a: ANY, b: POSITIVE },
    ({ a, b }) =>
      (draw) =>
        1 / (1 + Math.exp(-(normal(draw) - a!) / b!)),
  ),
  johnsonsu: continuous(
    { a: ANY, b: POSITIVE },
    ({ a, b }) =>
      (draw) =>
        Math.sinh((normal(draw) - a!) / b!),
  ),
  laplace: continuous({}, () => (draw) => sign(draw) * exponential(draw)),
  levy: continuous({}, () => (draw) => 1 / normal(draw) ** 2),
  loggamma: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        Math.log(gamma(draw, c!)),
  ),
  logistic: continuous({}, () => (draw) => -Math.log(1 / aboveZero(draw) - 1)),
  lognorm: continuous(
    { s: POSITIVE },
    ({ s }) =>
      (draw) =>
        Math.exp(s! * normal(draw)),
  ),
  loguniform: continuous(
    { a: POSITIVE, b: POSITIVE },
    ({ a, b }) =>
      (draw) =>
        a! * Math.exp(draw() * Math.log(b! / a!)),
    checkEnds,
  ),
  lomax: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        Math.expm1(exponential(draw) / c!),
  ),
  maxwell: continuous({}, () => (draw) => Math.sqrt(chiSquared(draw, 3))),
  moyal: continuous({}, () => (draw) => -Math.log(chiSquared(draw, 1))),
  nakagami: continuous(
    { nu: POSITIVE },
    ({ nu }) =>
      (draw) =>
        Math.sqrt(gamma(draw, nu!) / nu!),
  ),
  norm: continuous({}, () => normal),
  pareto: continuous(
    { b: POSITIVE },
    ({ b }) =>
      (draw) =>
        aboveZero(draw) ** (-1 / b!),
  ),
  powerlaw: continuous(
    { a: POSITIVE },
    ({ a }) =>
      (draw) =>
        draw() ** (1 / a!),
  ),
  rayleigh: continuous({}, () => (draw) => Math.sqrt(2 * exponential(draw))),
  reciprocal: continuous(
    { a: POSITIVE, b: POSITIVE },
    ({ a, b }) =>
      (draw) =>
        a! * Math.exp(draw() * Math.log(b! / a!)),
    checkEnds,
  ),
  rice: continuous(
    { b: { min: 0 } },
    ({ b }) =>
      (draw) =>
        Math.hypot(b! + normal(draw), normal(draw)),
  ),
  semicircular: continuous({}, () => (draw) => Math.sqrt(draw()) * Math.cos(2 * Math.PI * draw())),
  skewnorm: continuous({ a: ANY }, ({ a }) => (draw) => {
    const share = a! / Math.hypot(1, a!);
    return share * Math.abs(normal(draw)) + Math.sqrt(1 - share ** 2) * normal(draw);
  }),
  t: continuous(
    { df: POSITIVE },
    ({ df }) =>
      (draw) =>
        normal(draw) / Math.sqrt(chiSquared(draw, df!) / df!),
  ),
  trapezoid: continuous(
    { c: SHARE, d: SHARE },
    ({ c, d }) =>
      (draw) =>
        trapezoid(draw(), { c: c!, d: d! }),
    ({ c, d }) => (c! <= d! ? null : `c has to be at most d: ${c} is above ${d}`),
  ),
  triang: continuous(
    { c: SHARE },
    ({ c }) =>
      (draw) =>
        trapezoid(draw(), { c: c!, d: c! }),
  ),
  truncexpon: continuous(
    { b: POSITIVE },
    ({ b }) =>
      (draw) =>
        -Math.log1p(draw() * Math.expm1(-b!)),
  ),
  truncnorm: continuous({ a: ANY, b: ANY }, ({ a, b }) => truncatedNormal({ a: a!, b: b! }), checkEnds),
  uniform: continuous({}, () => (draw) => draw()),
  wald: continuous({}, () => (draw) => inverseGaussian(draw, 1)),
  weibull_max: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        -(exponential(draw) ** (1 / c!)),
  ),
  weibull_min: continuous(
    { c: POSITIVE },
    ({ c }) =>
      (draw) =>
        exponential(draw) ** (1 / c!),
  ),
};

/** Michael, Schucany and Haas, 1976: of the two roots of a chi-squared draw one is chosen. */
function inverseGaussian(draw: () => number, mu: number): number {
  const square = mu * normal(draw) ** 2;
  const root = mu + (mu / 2) * (square - Math.sqrt(4 * square + square ** 2));
  return draw() <= mu / (mu + root) ? root : mu ** 2 / root;
}

/** Where the density has risen from 0 at 0 until c, stays until d and falls to 0 at 1. */
function trapezoid(share: number, { c, d }: { readonly c: number; readonly d: number }): number {
  const height = 2 / (d - c + 1);
  if (share < (height * c) / 2) return Math.sqrt((2 * share * c) / height);
  if (share > 1 - (height * (1 - d)) / 2) return 1 - Math.sqrt((2 * (1 - share) * (1 - d)) / height);
  return share / height + c / 2;
}
