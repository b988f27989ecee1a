// Checks what samplers say of other samplers, and whether their values can be converted.

import { nearestName } from '../../text/nearest-name.ts';
import { anyOf, suggestion } from '../../text/phrases.ts';
import { findUnknownDirective } from '../../text/strftime.ts';
import { fitsInt64 } from '../../values.ts';
import type { ColumnChecks, Sibling } from '../declaration.ts';
import { describe } from '../fields.ts';
import { labelText } from './labels.ts';
import { CONVERSIONS, type SamplerConfig, type SamplerConfigOf } from './params.ts';

type Path = readonly (string | number)[];

/** A sampler that could be read, checked against the other columns. */
export function checkSampler(config: SamplerConfig, checks: ColumnChecks): void {
  checkConversion(config, checks);
  if (config.sampler_type !== 'subcategory') return;
  for (const { path, params } of parameterSets(config)) {
    checkSubcategory(checks, { path, params, name: config.name });
  }
}

type Subcategory = SamplerConfigOf<'subcategory'>;

function parameterSets<Config extends SamplerConfig>(
  config: Config,
): readonly { readonly path: Path; readonly params: Config['params'] }[] {
  const conditional = Object.entries(config.conditional_params).map(([when, params]) => ({
    path: ['conditional_params', when],
    params,
  }));
  return [{ path: ['params'], params: config.params }, ...conditional];
}

function checkConversion(config: SamplerConfig, { add }: ColumnChecks): void {
  const { convert_to: target, sampler_type: type } = config;
  if (target === null) return;
  const path = ['convert_to'];
  if (type === 'datetime') {
    const unknown = findUnknownDirective(target);
    if (unknown !== undefined) add(path, `has "${unknown}", which no date can be written with`);
    return;
  }
  const allowed: readonly string[] = type === 'uuid' ? ['str'] : CONVERSIONS;
  if (!allowed.includes(target)) {
    const near = suggestion(nearestName(target, allowed));
    add(path, `has to be ${anyOf(allowed)}, not ${describe(target)}${near}`);
    return;
  }
  if (target === 'str') return;
  const labels = labelsOf(config);
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

/** The texts of all values that a column of categories can have. */
function labelsOf(config: SamplerConfig): readonly string[] {
  if (config.sampler_type === 'category') {
    return parameterSets(config).flatMap(({ params }) => params.values.map(labelText));
  }
  if (config.sampler_type === 'subcategory') {
    return parameterSets(config).flatMap(({ params }) => Object.values(params.values).flat().map(labelText));
  }
  return [];
}

interface SubcategoryCheck {
  readonly path: Path;
  readonly params: Subcategory['params'];
  readonly name: string;
}

/** That the parent is there at all is checked as for every field that names a column. */
function checkSubcategory({ columns, add }: ColumnChecks, { path, params, name }: SubcategoryCheck): void {
  const { category } = params;
  const parent = columns.find((column) => column.name === category);
  if (parent === undefined || category === name) return;
  // What is wrong with a parent that cannot be read is reported there.
  if (parent.config === null && parent.kind === 'sampler') return;
  if (!isCategory(parent.config)) {
    const message = `the parent of a subcategory has to be a sampler of type category, and "${category}" is none`;
    add([...path, 'category'], `${message} (in params.category)`, { isWhole: true });
    return;
  }
  const labels = [...new Set(labelsOf(parent.config))];
  const keys = Object.keys(params.values);
  for (const label of labels) {
    if (!keys.includes(label))
      add([...path, 'values'], `has no list for "${label}", a value of "${category}"`);
  }
  const unlisted = labels.filter((label) => !keys.includes(label));
  for (const key of keys) {
    if (labels.includes(key)) continue;
    const message = `is no value of "${category}"${suggestion(nearestName(key, unlisted))}`;
    add([...path, 'values', key], message, { isAtKey: true });
  }
}

function isCategory(config: Sibling['config']): config is SamplerConfigOf<'category'> {
  return config?.column_type === 'sampler' && (config as SamplerConfig).sampler_type === 'category';
}
