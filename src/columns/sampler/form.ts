// What a plan has of a sampler column.

import type { ColumnType, PlanColumn } from '../../plan.ts';
import type { Constraint, Facts } from '../declaration.ts';
import { FLOAT, INT, TEXT } from '../types.ts';
import type { Conversion } from './params.ts';
import { parameterSets, type SamplerParams } from './sampler.ts';
import { type SamplerConfig, type SamplerType, samplerOf } from './samplers.ts';

export interface SamplerForm {
  readonly sampler: SamplerType;
  readonly params: SamplerParams;
  /** In the order of the document; where several hold the last one wins. */
  readonly conditions: readonly { readonly when: string; readonly params: SamplerParams }[];
  /** One of `int`, `float`, `str`; for dates a format of `strftime`. */
  readonly convertTo: string | null;
  /** What its values have to hold; absent without any. */
  readonly constraints?: readonly Constraint[];
}
export type SamplerColumn = PlanColumn<'sampler', SamplerForm>;

const TYPES: { readonly [Name in Conversion]: ColumnType } = { int: INT, float: FLOAT, str: TEXT };

/** The type of a column in the files. */
export function typeOfSampler(config: SamplerConfig, facts: Facts): ColumnType {
  const { sampler_type, convert_to: target } = config;
  const { draws, type } = samplerOf(sampler_type);
  const isConverted = target !== null && (draws === 'number' || draws === 'label');
  const sets = parameterSets<SamplerConfig['params']>(config).map(({ params }) => params);
  return isConverted ? TYPES[target as Conversion] : type(sets, facts);
}

export function formOfSampler(config: SamplerConfig, facts: Facts): SamplerForm {
  const constraints = facts.constraints.get(config.name) ?? [];
  return {
    sampler: config.sampler_type,
    params: paramsOf(config.params, facts),
    conditions: Object.entries(config.conditional_params).map(([when, params]) => ({
      when,
      params: paramsOf(params, facts),
    })),
    convertTo: config.convert_to,
    ...(constraints.length === 0 ? {} : { constraints }),
  };
}

function paramsOf(params: SamplerConfig['params'], facts: Facts): SamplerParams {
  const { sampler_type: type, ...given } = params;
  const more = samplerOf(type).form?.(params, facts);
  const { decimal_places: places }: SamplerParams = given;
  return { ...given, ...more, ...(typeof places === 'number' ? { decimal_places: BigInt(places) } : {}) };
}
