// Draws that several distributions are made of.

import { randomBeta, randomGamma, randomNormal } from 'd3-random';
import type { Source } from '../../../draws.ts';

/** Uniform in (0, 1]: its logarithm is a number. */
export function aboveZero(draw: Source): number {
  return 1 - draw();
}

export function exponential(draw: Source): number {
  return -Math.log(aboveZero(draw));
}

export function normal(draw: Source): number {
  return randomNormal.source(draw)()();
}

export function gamma(draw: Source, shape: number): number {
  return randomGamma.source(draw)(shape, 1)();
}

export function beta(draw: Source, { a, b }: { readonly a: number; readonly b: number }): number {
  return randomBeta.source(draw)(a, b)();
}

/** Chi-squared with so many degrees of freedom. */
export function chiSquared(draw: Source, freedom: number): number {
  return 2 * gamma(draw, freedom / 2);
}

/** 1 or -1. */
export function sign(draw: Source): number {
  return draw() < 0.5 ? -1 : 1;
}
