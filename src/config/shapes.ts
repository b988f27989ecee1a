// The fields that columns have for templates: what their kind knows of them, else what their type says.

import type { ColumnConfig, Facts } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import type { ColumnType, OutputColumn } from '../plan.ts';
import { listOf, NO_FIELDS, type Shape, type ShapeOf } from '../templates/shape.ts';

/** The shapes of a document's columns, of what they make beside their cells, and of its seed's. */
export function shapesOf(
  columns: readonly (ColumnConfig | null)[],
  { seedColumns, facts }: { readonly seedColumns: readonly OutputColumn[]; readonly facts: Facts },
): ShapeOf {
  const sideEffects = columns.flatMap((column) =>
    column === null ? [] : (declarationOf(column.column_type).sideEffects?.(column) ?? []),
  );
  const shapes = new Map<string, Shape | null>(
    [...seedColumns, ...sideEffects].map(({ name, type }) => [name, shapeOfType(type)] as const),
  );
  const find: ShapeOf = (name) => {
    const known = shapes.get(name);
    if (known !== undefined) return known;
    // Columns that need each other have no shape.
    shapes.set(name, null);
    const column = columns.find((other) => other?.name === name) ?? null;
    const shape = column === null ? null : shapeOfColumn(column, { find, facts });
    shapes.set(name, shape);
    return shape;
  };
  return find;
}

function shapeOfColumn(
  column: ColumnConfig,
  { find, facts }: { readonly find: ShapeOf; readonly facts: Facts },
): Shape | null {
  const declared = declarationOf(column.column_type);
  const known = declared.shape?.(column, find);
  return known === undefined ? shapeOfType(declared.type(column, facts)) : known;
}

export function shapeOfType(type: ColumnType): Shape | null {
  switch (type.kind) {
    case 'text':
    case 'json':
      return null;
    case 'list':
      return listOf(() => shapeOfType(type.item));
    case 'struct': {
      const fields = new Map(type.fields.map((field) => [field.name, field.type]));
      return { names: [...fields.keys()], field: (name) => shapeOfType(fields.get(name)!) };
    }
    default:
      return NO_FIELDS;
  }
}
