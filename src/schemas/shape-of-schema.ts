// The fields that values have for templates, from a JSON Schema. Properties that a schema does not name never come into a
// cell (see schema-fit.ts), so its names are all there are.

import { findOwn } from '../own-keys.ts';
import { either, listOf, merged, NO_FIELDS, type Shape } from '../templates/shape.ts';
import { isValueList, isValueObject, type Value, type ValueObject } from '../values.ts';
import { typesOf } from './json-schema.ts';
import { findReference } from './pointers.ts';

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
