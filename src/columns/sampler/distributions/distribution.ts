// What a distribution of scipy.stats is here: the parameters that give it its form, under scipy's names, and how a number of
// its standard form is drawn. Continuous ones also have `loc` and `scale`, discrete ones `loc`.

import type { Source } from '../../../draws.ts';

/** The values of parameters by name. */
export interface Shape {
  readonly [name: string]: number;
}

/** What scipy asks of a parameter. */
export interface Domain {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
  readonly isWhole?: true;
}

export interface Distribution {
  readonly isDiscrete: boolean;
  readonly shapes: { readonly [name: string]: Domain };
  /** What is wrong with the parameters together: `low has to be below high`. */
  check?(shape: Shape): string | null;
  /** Draws of the standard form: `loc` 0, `scale` 1. */
  open(shape: Shape): (draw: Source) => number;
}

type Open = Distribution['open'];
type Check = NonNullable<Distribution['check']>;

export function continuous(shapes: Distribution['shapes'], open: Open, check?: Check): Distribution {
  return { isDiscrete: false, shapes, open, ...(check === undefined ? {} : { check }) };
}

export function discrete(shapes: Distribution['shapes'], open: Open, check?: Check): Distribution {
  return { isDiscrete: true, shapes, open, ...(check === undefined ? {} : { check }) };
}

export const POSITIVE: Domain = { above: 0 };
export const ANY: Domain = {};
export const SHARE: Domain = { min: 0, max: 1 };
/** A probability that is not 0. */
export const CHANCE: Domain = { above: 0, max: 1 };
export const COUNT: Domain = { min: 0, isWhole: true };

/** What a parameter has to be and is not: `has to be above 0, not -1`; null where it is that. */
export function domainProblem({ min, max, above, below, isWhole }: Domain, value: number): string | null {
  const problem =
    isWhole && !Number.isInteger(value)
      ? 'a whole number'
      : min !== undefined && value < min
        ? `at least ${min}`
        : above !== undefined && value <= above
          ? `above ${above}`
          : max !== undefined && value > max
            ? `at most ${max}`
            : below !== undefined && value >= below
              ? `below ${below}`
              : null;
  return problem === null ? null : `has to be ${problem}, not ${value}`;
}
