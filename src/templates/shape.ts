// What is known of a value before there is one: the fields that it can have. Of what no shape is known anything may be
// read.

import { nearestName } from '../text/nearest-name.ts';

export interface Shape {
  /** The fields that it can have as an object; none of a number. */
  readonly names: readonly string[];
  /** The shape of a field in `names`. */
  readonly field: (name: string) => Shape | null;
  /** What its other fields are, where they can have any name. */
  readonly rest?: () => Shape | null;
  /** What its items are, where it can be a list; `null`: nothing is known of them. */
  readonly item?: () => Shape | null;
  /** What its items are one by one, where it is a tuple. */
  readonly parts?: () => readonly (Shape | null)[];
  /** What it is the printed text of, which no longer has fields. */
  readonly printed?: string;
  /** It is text that is never JSON: a date, code, the path of an image. */
  readonly isText?: true;
}

/** Finds the shape of what a name stands for. */
export type ShapeOf = (name: string) => Shape | null;

export const NO_FIELDS: Shape = { names: [], field: () => null };

export const TEXT: Shape = { ...NO_FIELDS, isText: true };

export function listOf(item: () => Shape | null): Shape {
  return { ...NO_FIELDS, item };
}

export function isObject({ names, rest }: Shape): boolean {
  return names.length > 0 || rest !== undefined;
}

/** The shape of a field; undefined where none of this name can be. */
export function fieldOf({ names, field, rest }: Shape, name: string): Shape | null | undefined {
  return names.includes(name) ? field(name) : rest?.();
}

/** The shape of what is one of several. */
export function either(shapes: readonly (Shape | null)[]): Shape | null {
  const [first] = shapes;
  if (first === undefined || shapes.length === 1) return first ?? null;
  const known = shapes.filter((shape) => shape !== null);
  if (known.length < shapes.length || known.some(({ parts, printed, isText }) => parts ?? printed ?? isText))
    return null;
  return merged(known);
}

/** A value that has the fields and the items of all of these. */
export function merged(shapes: readonly Shape[]): Shape {
  const lists = shapes.flatMap(({ item }) => item ?? []);
  const rests = shapes.flatMap(({ rest }) => rest ?? []);
  return {
    names: [...new Set(shapes.flatMap(({ names }) => names))],
    field: (name) =>
      either(shapes.map((shape) => fieldOf(shape, name)).filter((shape) => shape !== undefined)),
    ...(rests.length === 0 ? {} : { rest: () => either(rests.map((rest) => rest())) }),
    ...(lists.length === 0 ? {} : { item: () => either(lists.map((item) => item())) }),
  };
}

/** What `values()` gives. */
export function valuesOf({ names, field, rest }: Shape): Shape {
  return listOf(() => either([...names.map(field), ...(rest === undefined ? [] : [rest()])]));
}

/** What `items()` gives: pairs of names and values. */
export function pairsOf(shape: Shape): Shape {
  const item = () => valuesOf(shape).item?.() ?? null;
  return listOf(() => ({ ...listOf(() => null), parts: () => [null, item()] }));
}

/** The fields that a message names. */
const NAMED_FIELDS = 12;

/** What to say about a field that is never there. */
export function missingField(path: string, { names, item, printed, isText }: Shape, name: string): string {
  if (printed !== undefined) return `${path} is text, the printed ${printed}: write ${printed}.${name}`;
  if (isText) return `${path} is text, and has no "${name}"`;
  if (names.length === 0)
    return item === undefined
      ? `${path} has no fields, and no "${name}"`
      : `${path} is a list and has no "${name}": read it of an item, as in ${path}[0].${name}`;
  const nearest = nearestName(name, names);
  const shown = names.slice(0, NAMED_FIELDS).join(', ') + (names.length > NAMED_FIELDS ? ', …' : '');
  return `${path} has ${shown}${nearest === null ? `, and no "${name}"` : `; did you mean "${nearest}"?`}`;
}
