import { findOwn } from '../../own-keys.ts';
import type { ColumnType } from '../../plan.ts';
import { isValueList, isValueObject, parseJson, type Value, type ValueObject } from '../../values.ts';

export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A row as it was before Parquet: what the files hold as JSON text for want of a struct form is nested again. */
export function nestedRow(row: ValueObject, columns: readonly TypedColumn[]): ValueObject {
  return Object.fromEntries(
    columns.map(({ name, type }) => [name, nestedValue(findOwn(row, name) ?? null, type)]),
  );
}

function nestedValue(value: Value, type: ColumnType): Value {
  switch (type.kind) {
    case 'json':
      return typeof value === 'string' ? parseJson(value) : value;
    case 'list':
      return isValueList(value) ? value.map((item) => nestedValue(item, type.item)) : value;
    case 'struct':
      if (type.fields.length === 0) return nestedValue(value, { kind: 'json' });
      return isValueObject(value) ? nestedRow(value, type.fields) : value;
    default:
      return value;
  }
}
