// The names that a template itself assigns, with what is known of their values.

import type { Shape } from './shape.ts';
import type { FieldTarget, MacroParts, Target } from './syntax/syntax.ts';

export type Names = ReadonlyMap<string, Shape | null>;

/** The names that a target assigns, each with what is known of its part of the value; none for a field. */
export function assigned(
  target: Target | FieldTarget,
  shape: Shape | null,
): readonly (readonly [string, Shape | null])[] {
  if (typeof target === 'string') return [[target, shape]];
  if ('namespace' in target) return [];
  return target.flatMap((part, index) => assigned(part, shape?.parts?.()[index] ?? null));
}

/** The names in the body of a macro: its parameters, and what every macro has beside them. */
export function namesIn({ parameters }: MacroParts): readonly (readonly [string, null])[] {
  return [...parameters.map(({ name }) => name), 'caller', 'varargs', 'kwargs'].map((name) => [name, null]);
}
