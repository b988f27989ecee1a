// Lists, structs, maps and decimals of DuckDB, the same wherever they are read; what the values in them become, the caller
// says.

import {
  type DuckDBArrayType,
  type DuckDBArrayValue,
  type DuckDBDecimalType,
  type DuckDBDecimalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBMapType,
  type DuckDBMapValue,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import type { Value } from '../values.ts';

/** Reads a value that is not null. */
export type ReadValue = (value: NonNullable<DuckDBValue>) => Value;

/** A type, and the names that lead to it. */
export interface TypePlace {
  readonly type: DuckDBType;
  readonly path: readonly string[];
}

/** How values of a type are read, null ones too; `leaf` says it of those that hold no others. Throws what `leaf` throws. */
export function valueReader(
  { type, path }: TypePlace,
  leaf: (place: TypePlace) => ReadValue,
): (value: DuckDBValue) => Value {
  const read = readerOf({ type, path }, leaf);
  return (value) => (value === null ? null : read(value));
}

function readerOf({ type, path }: TypePlace, leaf: (place: TypePlace) => ReadValue): ReadValue {
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const read = valueReader({ type: itemType(type), path }, leaf);
      return (value) => (value as DuckDBListValue | DuckDBArrayValue).items.map(read);
    }
    case DuckDBTypeId.STRUCT: {
      const fields = fieldsOf(type).map((field) => ({
        name: field.name,
        read: valueReader({ type: field.type, path: [...path, field.name] }, leaf),
      }));
      return (value) => {
        const { entries } = value as DuckDBStructValue;
        return Object.fromEntries(
          fields.map(({ name, read }) => [name, read(findOwn(entries, name) ?? null)]),
        );
      };
    }
    case DuckDBTypeId.MAP: {
      const read = valueReader({ type: (type as DuckDBMapType).valueType, path }, leaf);
      return (value) =>
        Object.fromEntries(
          (value as DuckDBMapValue).entries.map((entry) => [String(entry.key), read(entry.value)]),
        );
    }
    case DuckDBTypeId.DECIMAL: {
      const { scale } = type as DuckDBDecimalType;
      return (value) => {
        const { value: digits } = value as DuckDBDecimalValue;
        return scale === 0 ? digits : Number(`${digits}e${-scale}`);
      };
    }
    default:
      return leaf({ type, path });
  }
}

/** The type of a column: maps are JSON text, and `leaf` says it of types that hold no others. */
export function columnTypeOf({ type, path }: TypePlace, leaf: (place: TypePlace) => ColumnType): ColumnType {
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return { kind: 'list', item: columnTypeOf({ type: itemType(type), path }, leaf) };
    case DuckDBTypeId.STRUCT:
      return {
        kind: 'struct',
        fields: fieldsOf(type).map((field) => ({
          name: field.name,
          type: columnTypeOf({ type: field.type, path: [...path, field.name] }, leaf),
        })),
      };
    case DuckDBTypeId.MAP:
      return { kind: 'json' };
    default:
      return leaf({ type, path });
  }
}

function itemType(type: DuckDBType): DuckDBType {
  return (type as DuckDBListType | DuckDBArrayType).valueType;
}

function fieldsOf(type: DuckDBType) {
  const { entryNames, entryTypes } = type as DuckDBStructType;
  return entryNames.map((name, index) => ({ name, type: entryTypes[index]! }));
}
