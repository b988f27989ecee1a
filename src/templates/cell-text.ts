// Where text of a cell counts as the number it is (N2 of number-text.ts). Text that the template wrote or made is
// text: `{{ "1" * 3 }}` is 111, as in Jinja.

import { numberInText } from './number-text.ts';
import type { Runtime } from './runtime.ts';
import type { Expression } from './syntax.ts';

/** Filters that give an item of what they are given, and so text of a cell when that is one. */
const ITEM_FILTERS: ReadonlySet<string> = new Set(['first', 'last', 'max', 'min', 'random']);

/** Whether text that an expression gives was read from a cell, not written or made in the template. */
export function isCellText(expression: Expression): boolean {
  switch (expression.kind) {
    case 'name':
    case 'attribute':
    case 'item':
      return true;
    case 'filter':
      return ITEM_FILTERS.has(expression.name) && isCellText(expression.object);
    case 'condition':
      return (
        isCellText(expression.chosen) && (expression.otherwise === null || isCellText(expression.otherwise))
      );
    case 'list':
    case 'tuple':
      return expression.items.some(isCellText);
    case 'and':
    case 'or':
      return isCellText(expression.left) && isCellText(expression.right);
    default:
      return false;
  }
}

/** The number that an operand of arithmetic is, or `null`. */
export function numberOf(value: Runtime, expression: Expression): bigint | number | boolean | null {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'string' && isCellText(expression) ? numberInText(value) : null;
}
