// The types of columns in short.

import type { ColumnType } from '../plan.ts';

export const TEXT: ColumnType = { kind: 'text' };
export const INT: ColumnType = { kind: 'int' };
export const FLOAT: ColumnType = { kind: 'float' };
export const BOOL: ColumnType = { kind: 'bool' };

export function list(item: ColumnType): ColumnType {
  return { kind: 'list', item };
}

export function struct(fields: { readonly [name: string]: ColumnType }): ColumnType {
  return { kind: 'struct', fields: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}
