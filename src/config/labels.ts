// The values of categories: text and numbers.

import { floatText } from '../templates/python-text.ts';

export type Label = string | bigint | number;

/** A label as a template prints it; the keys of a subcategory are such texts. */
export function labelText(label: Label): string {
  return typeof label === 'number' ? floatText(label) : String(label);
}

/** The one type that holds all labels: text as soon as one is text, float as soon as one is. */
export function labelKind(labels: readonly Label[]): 'text' | 'int' | 'float' {
  if (labels.some((label) => typeof label === 'string')) return 'text';
  return labels.some((label) => typeof label === 'number') ? 'float' : 'int';
}
