// The values of categories: text and numbers.

import { floatText } from '../templates/values/python-text.ts';

export type Label = string | bigint | number;

/** A label as a template prints it; the keys of a subcategory are such texts. */
export function labelText(label: Label): string {
  return typeof label === 'number' ? floatText(label) : String(label);
}
