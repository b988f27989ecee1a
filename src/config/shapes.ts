// The fields that columns have for templates: from their type, or from the JSON Schema in the document. Properties that
// a schema does not name never come into a cell (see schema-fit.ts), so its names are all there are.

import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { either, isObject, listOf, merged, NO_FIELDS, type Shape, type ShapeOf } from '../templates/shape.ts';
import { pathOf } from '../templates/syntax/syntax.ts';
import { TemplateSyntaxError } from '../templates/syntax/template-error.ts';
import { parseTemplate } from '../templates/template.ts';
import { isValueList, isValueObject, type Value, type ValueObject } from '../values.ts';
import { typeOfColumn } from './column-types.ts';
import { findReference, typesOf } from './json-schema.ts';
import type { SeedColumn } from './resolve.ts';
import type { ColumnConfig, ExpressionColumn } from './schema/columns.ts';

/** The shapes of a document's columns and of its seed's. */
export function shapesOf(
  columns: readonly (ColumnConfig | null)[],
  seedColumns: readonly Pick<SeedColumn, 'name' | 'type'>[],
): ShapeOf {
  const shapes = new Map<string, Shape | null>(
    seedColumns.map(({ name, type }) => [name, shapeOfType(type)] as const),
  );
  const find: ShapeOf = (name) => {
    const known = shapes.get(name);
    if (known !== undefined) return known;
    // Columns that need each other have no shape.
    shapes.set(name, null);
    const column = columns.find((other) => other?.name === name) ?? null;
    const shape = column === null ? null : shapeOfColumn(column, find);
    shapes.set(name, shape);
    return shape;
  };
  return find;
}

function shapeOfColumn(column: ColumnConfig, find: ShapeOf): Shape | null {
  if (column.column_type === 'seed-dataset') return null;
  if (column.column_type === 'llm-structured') return shapeOfSchema(column.output_format);
  if (column.column_type === 'expression' && column.dtype === 'str') return shapeOfPrinted(column, find);
  return shapeOfType(typeOfColumn(column));
}

/** Text may be JSON, so nothing is known of it; but a printed object is none. */
function shapeOfPrinted({ expr }: ExpressionColumn, find: ShapeOf): Shape | null {
  try {
    const [first, ...more] = parseTemplate(expr).statements;
    if (first?.kind !== 'output' || first.expression.kind !== 'name' || more.length > 0) return null;
    const shape = find(first.expression.name);
    return shape !== null && isObject(shape) && shape.item === undefined
      ? { ...NO_FIELDS, printed: pathOf(first.expression) }
      : null;
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    return null;
  }
}

function shapeOfType(type: ColumnType): Shape | null {
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

/** The shape of values under a JSON Schema. */
export function shapeOfSchema(schema: Value): Shape | null {
  return new ShapeReader(schema).read(schema, []) ?? null;
}

class ShapeReader {
  readonly #root: Value;

  constructor(root: Value) {
    this.#root = root;
  }

  /** `undefined`: the schema says nothing of fields; `null`: they may be any. `open` are the references it stands under. */
  read(schema: Value | undefined, open: readonly string[]): Shape | null | undefined {
    if (!isValueObject(schema)) return undefined;
    const { $ref: reference, allOf, anyOf, oneOf } = schema;
    const together: (Shape | null | undefined)[] = [this.#readOwn(schema)];
    if (typeof reference === 'string') {
      if (open.includes(reference)) return null;
      const part = findReference(this.#root, reference);
      together.push(part === undefined ? null : this.read(part, [...open, reference]));
    }
    if (isValueList(allOf)) together.push(...allOf.map((part) => this.read(part, open)));
    for (const choices of [anyOf, oneOf]) {
      if (!isValueList(choices)) continue;
      together.push(either(choices.filter(mayHaveFields).map((choice) => this.read(choice, open) ?? null)));
    }
    const said = together.filter((shape) => shape !== undefined);
    const known = said.filter((shape) => shape !== null);
    if (said.length === 0) return undefined;
    if (known.length < said.length) return null;
    return known.length === 1 ? known[0] : merged(known);
  }

  #readOwn(schema: ValueObject): Shape | null | undefined {
    const { enum: words } = schema;
    const types = typesOf(schema).filter((type) => type !== 'null');
    if (types.length === 0) {
      const isPlain =
        isValueList(words) && words.every((word) => !['string', 'object'].includes(typeof word));
      return isPlain ? NO_FIELDS : undefined;
    }
    const shapes = types.map((type) => this.#readType(type, schema));
    return types.length === 1 ? shapes[0] : either(shapes.map((shape) => shape ?? null));
  }

  #readType(type: string, { items, prefixItems, ...schema }: ValueObject): Shape | null | undefined {
    switch (type) {
      case 'string':
        return null;
      case 'array':
        if (!isValueList(prefixItems)) return listOf(() => this.read(items, []) ?? null);
        return { ...listOf(() => null), parts: () => prefixItems.map((part) => this.read(part, []) ?? null) };
      case 'object':
        return this.#readObject(schema);
      default:
        return NO_FIELDS;
    }
  }

  #readObject({
    properties,
    additionalProperties,
    patternProperties,
  }: ValueObject): Shape | null | undefined {
    if (additionalProperties === true || patternProperties !== undefined) return null;
    const isMap = isValueObject(additionalProperties);
    if (!isMap && !isValueObject(properties)) return undefined;
    const named = isValueObject(properties) ? properties : {};
    return {
      names: Object.keys(named),
      field: (name) => this.read(findOwn(named, name), []) ?? null,
      ...(isMap ? { rest: () => this.read(additionalProperties, []) ?? null } : {}),
    };
  }
}

/** A choice of null adds no field. */
function mayHaveFields(schema: Value): boolean {
  return !isValueObject(schema) || schema.type !== 'null';
}
