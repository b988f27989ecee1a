// Checks what samplers say of other samplers, and whether their values can be converted.

import { CONVERSIONS } from '../plan.ts';
import { nearestName } from '../text/nearest-name.ts';
import { findUnknownDirective } from '../text/strftime.ts';
import { fitsInt64 } from '../values.ts';
import { anyOf, describe, suggestion } from './explain.ts';
import { labelText } from './labels.ts';
import type { Path } from './load.ts';
import type { Report } from './report.ts';
import type { SamplerColumn } from './schema/columns.ts';
import type { ReadColumn } from './validate.ts';

/** A sampler that could be read, checked against the other columns. */
export function checkSampler(
  report: Report,
  { path, config }: ReadColumn,
  columns: readonly ReadColumn[],
): void {
  if (config?.column_type !== 'sampler') return;
  checkConversion(report, path, config);
  if (config.sampler_type !== 'subcategory') return;
  for (const { path: place, params } of parameterSets(path, config)) {
    checkSubcategory(report, { path: place, params, columns, name: config.name });
  }
}

type Subcategory = Extract<SamplerColumn, { sampler_type: 'subcategory' }>;

function parameterSets<Column extends SamplerColumn>(
  path: Path,
  config: Column,
): readonly { readonly path: Path; readonly params: Column['params'] }[] {
  const conditional = Object.entries(config.conditional_params).map(([when, params]) => ({
    path: [...path, 'conditional_params', when],
    params,
  }));
  return [{ path: [...path, 'params'], params: config.params }, ...conditional];
}

function checkConversion(report: Report, columnPath: Path, config: SamplerColumn): void {
  const { convert_to: target, sampler_type: type } = config;
  if (target === null) return;
  const path = [...columnPath, 'convert_to'];
  if (type === 'datetime') {
    const unknown = findUnknownDirective(target);
    if (unknown !== undefined)
      report.add({ path, message: `has "${unknown}", which no date can be written with` });
    return;
  }
  const allowed: readonly string[] = type === 'uuid' ? ['str'] : CONVERSIONS;
  if (!allowed.includes(target)) {
    const near = suggestion(nearestName(target, allowed));
    report.add({ path, message: `has to be ${anyOf(allowed)}, not ${describe(target)}${near}` });
    return;
  }
  if (target === 'str') return;
  const labels = labelsOf(config);
  const isNumber = (label: string) => Number.isFinite(Number(label)) && label.trim() !== '';
  const wrong = labels.find((label) => !isNumber(label));
  if (wrong !== undefined) report.add({ path, message: `cannot make a number of the value "${wrong}"` });
  const large = target === 'int' && labels.find((label) => isNumber(label) && !fitsInt64(wholeOf(label)));
  if (large)
    report.add({ path, message: `cannot make an int of the value "${large}": it has more than 64 bits` });
}

/** The whole number that a text with a number stands for, cut to one. */
function wholeOf(label: string): bigint {
  return /^[-+]?\d+$/.test(label.trim())
    ? BigInt(label.trim().replace('+', ''))
    : BigInt(Math.trunc(Number(label)));
}

/** The texts of all values that a column of categories can have. */
function labelsOf(config: SamplerColumn): readonly string[] {
  if (config.sampler_type === 'category') {
    return parameterSets([], config).flatMap(({ params }) => params.values.map(labelText));
  }
  if (config.sampler_type === 'subcategory') {
    return parameterSets([], config).flatMap(({ params }) =>
      Object.values(params.values).flat().map(labelText),
    );
  }
  return [];
}

interface SubcategoryCheck {
  readonly path: Path;
  readonly params: Subcategory['params'];
  readonly columns: readonly ReadColumn[];
  readonly name: string;
}

function checkSubcategory(report: Report, { path, params, columns, name }: SubcategoryCheck): void {
  const parent = columns.find((column) => column.name === params.category);
  // What is wrong with a parent that cannot be read is reported there.
  if (parent?.config === null && parent.columnType === 'sampler') return;
  const problem = parentProblem({ path, params, columns, name }, parent);
  if (problem !== null) {
    report.add({ path: [...path, 'category'], message: `${problem} (in params.category)`, isWhole: true });
    return;
  }
  const labels = [...new Set(labelsOf(parent?.config as SamplerColumn))];
  const keys = Object.keys(params.values);
  for (const label of labels) {
    if (!keys.includes(label)) {
      report.add({
        path: [...path, 'values'],
        message: `has no list for "${label}", a value of "${params.category}"`,
      });
    }
  }
  const unlisted = labels.filter((label) => !keys.includes(label));
  for (const key of keys) {
    if (labels.includes(key)) continue;
    const place = [...path, 'values', key];
    const message = `is no value of "${params.category}"${suggestion(nearestName(key, unlisted))}`;
    report.add({ path: place, message, position: report.keyPosition(place) });
  }
}

function parentProblem(
  { params, columns, name }: SubcategoryCheck,
  parent: ReadColumn | undefined,
): string | null {
  const { category } = params;
  if (category === name) return 'needs itself';
  if (parent === undefined) {
    const categories = columns.filter(isCategory).map((column) => column.name!);
    return `no column "${category}"${suggestion(nearestName(category, categories))}`;
  }
  return isCategory(parent)
    ? null
    : `the parent of a subcategory has to be a sampler of type category, and "${category}" is none`;
}

function isCategory({ config }: ReadColumn): boolean {
  return config?.column_type === 'sampler' && config.sampler_type === 'category';
}
