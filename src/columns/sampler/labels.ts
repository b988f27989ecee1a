// The values of categories: text and numbers.

import { floatText } from '../../templates/values/python-text.ts';
import { fitsInt64, type Value } from '../../values.ts';

export type Label = string | bigint | number;

/** A label as a template prints it; the keys of a subcategory are such texts. */
export function labelText(label: Label): string {
  return typeof label === 'number' ? floatText(label) : String(label);
}

/**
 * The one type that holds all values of a category: text as soon as one is text, float as soon as one is. Whole numbers
 * that no type of a file holds make text.
 */
export function labelKind(labels: readonly Value[]): 'text' | 'int' | 'float' {
  const isAny = (type: string) => labels.some((label) => typeof label === type);
  const isEach = (holds: (label: bigint) => boolean) =>
    labels.every((label) => typeof label !== 'bigint' || holds(label));
  if (isAny('string')) return 'text';
  if (isAny('number')) return isEach((label) => Number.isFinite(Number(label))) ? 'float' : 'text';
  return isEach(fitsInt64) ? 'int' : 'text';
}

/** The same for subcategories, whose whole numbers are floats too where floats hold them. */
export function subcategoryKind(labels: readonly Value[]): 'text' | 'int' | 'float' {
  const kind = labelKind(labels);
  return kind === 'int' && labels.every((label) => BigInt(Number(label)) === label) ? 'float' : kind;
}
