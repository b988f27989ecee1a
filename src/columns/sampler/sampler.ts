// What a sampler is, and how samplers read their parameters. The config is validated before a plan exists, so a
// parameter of the wrong kind here is a wrong call.

import type { Source } from '../../draws.ts';
import { findOwn } from '../../own-keys.ts';
import type { Value } from '../../values.ts';
import type { Values } from '../maker.ts';
import type { SamplerParams } from './declare.ts';

interface SamplePlace {
  readonly row: number;
  readonly draw: Source;
  /** The sampler columns of this row that were made before, as they were drawn. */
  readonly drawn: Values;
}

/** Draws one value, which is not yet rounded and converted. Throws `CellError`. */
export type Sample = (place: SamplePlace) => Value;

/** What a sampler is made from: `names` are the dataset's seed and the column. */
export interface SamplerInput {
  readonly params: SamplerParams;
  readonly names: readonly string[];
}

export function numberParam(params: SamplerParams, field: string): number {
  const value = findOwn(params, field);
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new TypeError(`Cannot sample with "${field}": it is not a number`);
}

export function textParam(params: SamplerParams, field: string): string {
  const value = findOwn(params, field);
  if (typeof value === 'string') return value;
  throw new TypeError(`Cannot sample with "${field}": it is not text`);
}

export function listParam(params: SamplerParams, field: string): readonly Value[] {
  const value = findOwn(params, field);
  if (Array.isArray(value) && value.length > 0) return value;
  throw new TypeError(`Cannot sample with "${field}": it is not a list with items`);
}

/** Whether a parameter is given: absent and null mean its default. */
export function isGiven(params: SamplerParams, field: string): boolean {
  return (findOwn(params, field) ?? null) !== null;
}
