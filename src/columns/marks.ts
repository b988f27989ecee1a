// Fields of a column that name other things, marked where they stand in its schema: edges, reference checks and the typed
// builder follow from the marks, so that none of them can be forgotten for a new kind.

import { z } from 'zod';
import { findOwn } from '../own-keys.ts';
import { filledText, mapOf, plainText, plainValue, text } from './fields.ts';

/**
 * What a field holds.
 *   template     Jinja over the row
 *   prompt       the same, and what a model is asked: it should name a column
 *   condition    one Jinja expression in braces
 *   expressions  a map whose keys are bare expressions over columns made at the start of a row
 *   column       the name of a column
 *   model        the alias of a model that makes texts, embeddings or images
 */
export type Mark =
  | { readonly holds: 'template' | 'prompt' | 'condition' | 'expressions' | 'column' }
  | { readonly holds: 'model'; readonly makes: 'text' | 'embeddings' | 'images' };

const marks = z.registry<Mark>();

/** What a person writes into a marked field, as the compiler knows it: the builder ties it to the columns added before. */
export type Marked<Holds extends Mark['holds']> = string & z.$brand<Holds>;

function marked<Holds extends Mark['holds']>(
  schema: z.ZodType<string, string>,
  mark: Mark & { readonly holds: Holds },
) {
  // The brand is for the compiler alone: what is written is text.
  return schema.register(marks, mark) as z.ZodType<string> as z.ZodType<string, Marked<Holds>>;
}

export const template = () => marked(filledText(), { holds: 'template' });
/** May be empty: what is wrong with an empty prompt is checked where the rest of the column is known. */
export const prompt = () => marked(text(), { holds: 'prompt' });
export const systemPrompt = () => marked(text(), { holds: 'template' });
export const condition = () => marked(filledText(), { holds: 'condition' });
export const columnName = () => marked(filledText(), { holds: 'column' });
export const modelAlias = (makes: 'text' | 'embeddings' | 'images') =>
  marked(filledText(), { holds: 'model', makes });
/** A map from conditions to what holds under them. */
export const conditions = <Item extends z.ZodType>(item: Item) =>
  mapOf(item).register(marks, { holds: 'expressions' });

/** A marked field of a document's column: where it stands below the column, and its text. */
export interface MarkedField {
  readonly path: readonly (string | number)[];
  readonly mark: Mark;
  readonly text: string;
}

/** The marked fields of a column as the document has it, in the schema's order. Of a broken one those that hold text. */
export function markedFields(schema: z.ZodType, input: unknown): readonly MarkedField[] {
  return walk(schema, input, []);
}

function walk(schema: z.core.$ZodType, input: unknown, path: MarkedField['path']): readonly MarkedField[] {
  const mark = marks.get(schema as z.ZodType);
  if (mark?.holds === 'expressions') {
    const keys = isMap(input) ? Object.keys(input) : [];
    const own = keys.map((key): MarkedField => ({ path: [...path, key], mark, text: key }));
    return [...own, ...walkInside(schema, input, path)];
  }
  if (mark === undefined) return walkInside(schema, input, path);
  const given = plainText(input);
  return typeof given === 'string' ? [{ path, mark, text: given }] : [];
}

function walkInside(
  schema: z.core.$ZodType,
  input: unknown,
  path: MarkedField['path'],
): readonly MarkedField[] {
  const def = (schema as z.ZodType)._zod.def as z.core.$ZodTypes['_zod']['def'];
  switch (def.type) {
    case 'pipe':
      // Of a reading and a transformation the reading has the fields.
      return walk(def.out._zod.def.type === 'transform' ? def.in : def.out, plainValue(input), path);
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'optional':
      return walk(def.innerType, input, path);
    case 'object':
      return Object.entries(def.shape).flatMap(([name, field]) =>
        walk(field, isMap(input) ? findOwn(input, name) : undefined, [...path, name]),
      );
    case 'array':
      return Array.isArray(input)
        ? input.flatMap((item, index) => walk(def.element, item, [...path, index]))
        : [];
    case 'record':
      return isMap(input)
        ? Object.entries(input).flatMap(([key, item]) => walk(def.valueType, item, [...path, key]))
        : [];
    default:
      return [];
  }
}

function isMap(input: unknown): input is { readonly [key: string]: unknown } {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
