// The distributions of scipy.stats by their names there, and what a document says of one.

import { z } from 'zod';
import { columnDraws } from '../../../draws.ts';
import { findOwn } from '../../../own-keys.ts';
import type { ColumnType } from '../../../plan.ts';
import { nearestName } from '../../../text/nearest-name.ts';
import { anyOf, suggestion } from '../../../text/phrases.ts';
import type { Value } from '../../../values.ts';
import { isValueObject } from '../../../values.ts';
import { filledText, mapOf, plainValue, real } from '../../fields.ts';
import { FLOAT, INT } from '../../types.ts';
import { type SamplerParams, textParam } from '../sampler.ts';
import { CONTINUOUS } from './continuous.ts';
import { DISCRETE } from './discrete.ts';
import { type Distribution, domainProblem, type Shape } from './distribution.ts';

export const DISTRIBUTIONS: { readonly [name: string]: Distribution } = { ...CONTINUOUS, ...DISCRETE };

/** A parameter. `.inf` is as good as the largest number: the ends of `truncnorm` may be open. */
const parameter = z.preprocess((input) => {
  const value = plainValue(input);
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
  return value === Number.NEGATIVE_INFINITY ? -Number.MAX_VALUE : input;
}, real());

/** The fields of samplers that draw from a distribution. */
export const distributionFields = () => ({ dist_name: filledText(), dist_params: mapOf(parameter) });

interface DistributionParams {
  readonly dist_name: string;
  readonly dist_params: Shape;
}

/** Whole numbers where each of the parameters of a column names a distribution of whole numbers. */
export function distributionType(sets: readonly DistributionParams[]): ColumnType {
  return sets.every(({ dist_name: name }) => findOwn(DISTRIBUTIONS, name)!.isDiscrete) ? INT : FLOAT;
}

/** For the schema: the distribution is known, has all its parameters and no others, and numbers can be drawn. */
export function checkDistribution(
  { dist_name: name, dist_params: given }: DistributionParams,
  context: z.RefinementCtx,
): void {
  const add = (path: readonly string[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path], message });
  const distribution = findOwn(DISTRIBUTIONS, name);
  if (distribution === undefined) {
    const names = Object.keys(DISTRIBUTIONS);
    const near = nearestName(name, names);
    const known = near === null ? `. There are ${names.join(', ')}` : suggestion(near);
    add(['dist_name'], `"${name}" is no distribution that can be drawn from${known}`);
    return;
  }
  const { shapes } = distribution;
  const scale = distribution.isDiscrete ? {} : { scale: { min: 0 } };
  const loc = distribution.isDiscrete ? ({ isWhole: true } as const) : {};
  const domains = { ...shapes, loc, ...scale };
  const names = Object.keys(domains);
  let isWrong = false;
  const refuse = (path: readonly string[], message: string) => {
    isWrong = true;
    add(path, message);
  };
  for (const missing of Object.keys(shapes).filter((shape) => !Object.hasOwn(given, shape)))
    refuse(['dist_params'], `has to have ${missing}: ${name} has the parameters ${names.join(', ')}`);
  for (const [field, value] of Object.entries(given)) {
    const domain = findOwn(domains, field);
    const near =
      suggestion(nearestName(field, names)) || `, which has ${anyOf(names).replace(' or ', ' and ')}`;
    const problem = domain === undefined ? `is no parameter of ${name}${near}` : domainProblem(domain, value);
    if (problem !== null) refuse(['dist_params', field], problem);
  }
  if (isWrong) return;
  const problem = distribution.check?.(given) ?? null;
  if (problem !== null) add(['dist_params'], `cannot be those of ${name}: ${problem}`);
  else if (!canDraw(openDistribution(name, given)))
    add(['dist_params'], `cannot be those of ${name}: the numbers are beyond what floats hold`);
}

/** Numbers drawn for a trial when a document is read. */
const TRIALS = 20;

function canDraw(draw: (source: () => number) => Value): boolean {
  const drawsAt = columnDraws(['trial']);
  return Array.from({ length: TRIALS }, (_, row) => draw(drawsAt(row, 0))).some((drawn) =>
    Number.isFinite(Number(drawn)),
  );
}

/** Draws from the distribution that a sampler's parameters name. Throws `TypeError` for parameters that no config passes. */
export function distributionOf(params: SamplerParams): (draw: () => number) => Value {
  const name = textParam(params, 'dist_name');
  const given = params.dist_params;
  if (!isValueObject(given)) throw new TypeError('Cannot sample with "dist_params": it is not a map');
  return openDistribution(
    name,
    Object.fromEntries(Object.entries(given).map(([key, value]) => [key, Number(value)])),
  );
}

function openDistribution(
  name: string,
  { loc = 0, scale = 1, ...shape }: Shape,
): (draw: () => number) => Value {
  const distribution = findOwn(DISTRIBUTIONS, name);
  if (distribution === undefined) throw new TypeError(`Cannot sample from "${name}"`);
  const draw = distribution.open(shape);
  if (!distribution.isDiscrete) return (source) => (scale === 0 ? loc : loc + scale * draw(source));
  return (source) => {
    const drawn = draw(source) + loc;
    // What floats do not hold is refused with the row.
    return Number.isFinite(drawn) ? BigInt(drawn) : drawn;
  };
}
