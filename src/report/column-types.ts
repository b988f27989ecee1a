// The types of columns in the words of Data Designer's analysis.

import type { ColumnType } from '../plan.ts';

const ARROW = { text: 'string', json: 'string', int: 'int64', float: 'double', bool: 'bool' };
const SIMPLE = { text: 'string', json: 'string', int: 'int', float: 'float', bool: 'bool' };

/** `struct<score: double, tags: list<element: string>>` */
export function arrowType(type: ColumnType): string {
  if (type.kind === 'list') return `list<element: ${arrowType(type.item)}>`;
  if (type.kind !== 'struct') return ARROW[type.kind];
  return `struct<${type.fields.map(({ name, type }) => `${name}: ${arrowType(type)}`).join(', ')}>`;
}

/** `dict`, `list[string]` */
export function simpleType(type: ColumnType): string {
  if (type.kind === 'list') return `list[${simpleType(type.item)}]`;
  return type.kind === 'struct' ? 'dict' : SIMPLE[type.kind];
}
