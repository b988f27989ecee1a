// Samplers of given values.

import { CellError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import { isValueObject } from '../../values.ts';
import { textOf } from './convert.ts';
import { isGiven, listParam, type Sample, type SamplerInput, textParam } from './sampler.ts';

/** One of `values`, each with the probability of its weight over the sum of weights. */
export function categorySampler({ params }: SamplerInput): Sample {
  const values = listParam(params, 'values');
  const weights = isGiven(params, 'weights') ? listParam(params, 'weights').map(Number) : values.map(() => 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return ({ draw }) => {
    let left = draw() * total;
    const index = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    // Rounding may leave nothing below zero at the very end.
    return values[index === -1 ? weights.findLastIndex((weight) => weight > 0) : index]!;
  };
}

/** One of the values listed for the parent's value. */
export function subcategorySampler({ params }: SamplerInput): Sample {
  const parent = textParam(params, 'category');
  const values = params.values;
  if (!isValueObject(values)) throw new TypeError('Cannot sample with "values": it is not a map');
  const lists = new Map(Object.keys(values).map((key) => [key, listParam(values, key)]));
  return ({ draw, drawn }) => {
    const key = textOf(findOwn(drawn, parent) ?? null);
    const list = lists.get(key);
    if (list === undefined) {
      throw new CellError(
        'SamplerError',
        `Cannot choose a subcategory: "values" has no list for "${key}" of column "${parent}"`,
      );
    }
    return list[Math.floor(draw() * list.length)]!;
  };
}
