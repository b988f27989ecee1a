// Where text of a cell counts as the number it is (N2 of number-text.ts). Text that the template wrote or made is
// text: `{{ "1" * 3 }}` is 111, as in Jinja.

import type { Expression } from './syntax.ts';

/** Filters and methods that give parts of what they are given, and so text of a cell when that is one. */
const PART_FILTERS: ReadonlySet<string> = new Set([
  'first',
  'items',
  'last',
  'list',
  'max',
  'min',
  'random',
  'reverse',
  'sort',
  'unique',
]);
const PART_METHODS: ReadonlySet<string> = new Set([
  'copy',
  'get',
  'items',
  'keys',
  'partition',
  'rpartition',
  'rsplit',
  'split',
  'splitlines',
  'values',
]);

/**
 * Whether text that an expression gives was read from a cell, not written or made in the template. `isCellName` tells
 * it of a name: of a column always, of a name that a loop or `with` assigns where its value came from.
 */
export function isCellText(expression: Expression, isCellName: (name: string) => boolean): boolean {
  const isCell = (inner: Expression): boolean => isCellText(inner, isCellName);
  switch (expression.kind) {
    case 'name':
      return isCellName(expression.name);
    case 'attribute':
    case 'item':
    case 'slice':
      return isCell(expression.object);
    case 'filter':
      return PART_FILTERS.has(expression.name) && isCell(expression.object);
    case 'call':
      return PART_METHODS.has(expression.method) && isCell(expression.object);
    case 'condition':
      return isCell(expression.chosen) && (expression.otherwise === null || isCell(expression.otherwise));
    case 'list':
    case 'tuple':
      return expression.items.some(isCell);
    case 'dict':
      return expression.entries.some(([, value]) => isCell(value));
    case 'and':
    case 'or':
      return isCell(expression.left) && isCell(expression.right);
    default:
      return false;
  }
}
