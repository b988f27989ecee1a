// Checks what samplers say of other samplers, and whether their values can be converted.

import { nearestName } from '../../text/nearest-name.ts';
import { anyOf, suggestion } from '../../text/phrases.ts';
import { findUnknownDirective } from '../../text/strftime.ts';
import { fitsInt64 } from '../../values.ts';
import type { ColumnChecks } from '../declaration.ts';
import { describe } from '../fields.ts';
import { checkConstraints } from './check-constraints.ts';
import { type Label, labelText } from './labels.ts';
import { CONVERSIONS } from './params.ts';
import { type Drawn, parameterSets } from './sampler.ts';
import { type SamplerConfig, samplerOf } from './samplers.ts';

/** A sampler that could be read, checked against the other columns. */
export function checkSampler(config: SamplerConfig, checks: ColumnChecks): void {
  checkConversion(config, checks);
  const { check } = samplerOf(config.sampler_type);
  const of = { ...checks, name: config.name, drawnBy: (column: string) => drawnBy(column, checks) };
  for (const set of parameterSets<SamplerConfig['params']>(config)) check?.(set, of);
  checkConstraints(config, checks);
}

/** That a column is there at all is checked as for every field that names one; what is wrong with it is reported there. */
function drawnBy(name: string, { columns }: ColumnChecks): Drawn | null | undefined {
  const column = columns.find((other) => other.name === name);
  if (column === undefined || (column.config === null && column.kind === 'sampler')) return undefined;
  if (column.config?.column_type !== 'sampler') return null;
  const config = column.config as SamplerConfig;
  return {
    sampler: config.sampler_type,
    draws: samplerOf(config.sampler_type).draws,
    labels: labelsOf(config),
  };
}

function checkConversion(config: SamplerConfig, { add }: ColumnChecks): void {
  const { convert_to: target, sampler_type: type } = config;
  if (target === null) return;
  const path = ['convert_to'];
  const { draws } = samplerOf(type);
  if (draws === 'date') {
    const unknown = findUnknownDirective(target);
    if (unknown !== undefined) add(path, `has "${unknown}", which no date can be written with`);
    return;
  }
  if (draws === 'text' || draws === 'object') {
    add(path, `is for numbers, categories and dates: a ${type} stays as it is`, { level: 'warning' });
    return;
  }
  const conversion = CONVERSIONS.find((known) => known === target);
  if (conversion === undefined) {
    const near = suggestion(nearestName(target, CONVERSIONS));
    add(path, `has to be ${anyOf(CONVERSIONS)}, not ${describe(target)}${near}`);
    return;
  }
  if (conversion === 'str') return;
  const labels = labelsOf(config).map(labelText);
  const isNumber = (label: string) => Number.isFinite(Number(label)) && label.trim() !== '';
  const wrong = labels.find((label) => !isNumber(label));
  if (wrong !== undefined) add(path, `cannot make a number of the value "${wrong}"`);
  const large = target === 'int' && labels.find((label) => isNumber(label) && !fitsInt64(wholeOf(label)));
  if (large) add(path, `cannot make an int of the value "${large}": it has more than 64 bits`);
}

/** The whole number that a text with a number stands for, cut to one. */
function wholeOf(label: string): bigint {
  return /^[-+]?\d+$/.test(label.trim())
    ? BigInt(label.trim().replace('+', ''))
    : BigInt(Math.trunc(Number(label)));
}

/** All values that a column can have, where its parameters list them. */
function labelsOf(config: SamplerConfig): readonly Label[] {
  const { labels } = samplerOf(config.sampler_type);
  return parameterSets<SamplerConfig['params']>(config).flatMap(({ params }) => labels?.(params) ?? []);
}
