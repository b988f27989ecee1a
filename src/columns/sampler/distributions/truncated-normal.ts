// The normal distribution between two ends, counted in standard deviations, by rejection (Robert, 1995): from normal draws
// where the interval is wide and holds the middle, from exponential ones out in a tail, else from uniform ones. Of each at
// least a fifth is accepted.

import type { Source } from '../../../draws.ts';
import { exponential, normal } from './draws.ts';

interface Ends {
  readonly a: number;
  readonly b: number;
}

export function truncatedNormal({ a, b }: Ends): (draw: Source) => number {
  if (b < 0) {
    const mirrored = truncatedNormal({ a: -b, b: -a });
    return (draw) => -mirrored(draw);
  }
  if (a <= 0) return b - a > Math.sqrt(2 * Math.PI) ? fromNormal({ a, b }) : fromUniform({ a, b });
  // Beyond this width the tail ends by itself, and exponential draws are the better ones.
  const root = Math.sqrt(a * a + 4);
  const width = ((2 * Math.sqrt(Math.E)) / (a + root)) * Math.exp((a * a - a * root) / 4);
  return b > a + width ? fromExponential({ a, b }, (a + root) / 2) : fromUniform({ a, b });
}

function fromNormal({ a, b }: Ends) {
  return accepted((draw) => {
    const number = normal(draw);
    return a <= number && number <= b ? number : null;
  });
}

function fromUniform({ a, b }: Ends) {
  // The end of the interval that is nearest to the middle, where the density is highest.
  const top = a > 0 ? a : 0;
  return accepted((draw) => {
    const number = a + draw() * (b - a);
    return draw() <= Math.exp((top ** 2 - number ** 2) / 2) ? number : null;
  });
}

function fromExponential({ a, b }: Ends, rate: number) {
  return accepted((draw) => {
    const number = a + exponential(draw) / rate;
    return number <= b && draw() <= Math.exp(-((number - rate) ** 2) / 2) ? number : null;
  });
}

function accepted(propose: (draw: Source) => number | null): (draw: Source) => number {
  return (draw) => {
    for (;;) {
      const number = propose(draw);
      if (number !== null) return number;
    }
  };
}
