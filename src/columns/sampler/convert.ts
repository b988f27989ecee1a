// `convert_to` and `decimal_places`: what a drawn value becomes before it is a cell.

import type { ColumnType } from '../../plan.ts';
import { floatText } from '../../templates/values/python-text.ts';
import { asFloat, type Value } from '../../values.ts';
import { findWhole, finiteNumber } from '../expression/cast.ts';
import type { Conversion } from './params.ts';

/**
 * A number or category as `int` (rounded, half to even), `float` or `str` (as Python prints it). Throws `CellError`
 * (TypeCastError) for text that is no number; a config can be checked with the values it lists.
 */
export function convertSample(value: Value, target: Conversion): Value {
  if (target === 'str') return textOf(value);
  if (target === 'float') return toFloat(value, target);
  if (typeof value === 'bigint') return value;
  return (
    (typeof value === 'string' ? findWhole(value) : undefined) ??
    BigInt(roundHalfEven(toFloat(value, target)))
  );
}

/** Rounds a number to decimal places, half to even; negative places round to tens and hundreds. */
export function roundPlaces(value: Value, places: number): Value {
  if (typeof value === 'bigint') return places < 0 ? roundWhole(value, 10n ** BigInt(-places)) : value;
  if (typeof value !== 'number') return value;
  const power = 10 ** Math.abs(places);
  if (places < 0) return roundHalfEven(value / power) * power;
  // A float too large for this has no decimal places.
  return Number.isFinite(value * power) ? roundHalfEven(value * power) / power : value;
}

/** A value as its column's type has it, where a sampler lists values of several types. */
export function asType(value: Value, type: ColumnType): Value {
  if (type.kind === 'float' && typeof value === 'bigint') return asFloat(value);
  if (type.kind === 'text') return textOf(value);
  return value;
}

/** A number or text as Python prints it. */
export function textOf(value: Value): string {
  if (typeof value === 'number') return floatText(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : String(value);
}

function toFloat(value: Value, target: Conversion): number {
  return typeof value === 'number' ? value : finiteNumber(textOf(value), target);
}

function roundWhole(value: bigint, step: bigint): bigint {
  const rest = ((value % step) + step) % step;
  const down = value - rest;
  const isUp = rest * 2n > step || (rest * 2n === step && (down / step) % 2n !== 0n);
  return isUp ? down + step : down;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
