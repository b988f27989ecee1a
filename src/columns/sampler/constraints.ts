// What values have to hold: comparisons with a number or with another column of the row. Values are compared as conditions see
// them: numbers rounded and converted, dates before they are written as `convert_to` says.

import { findOwn } from '../../own-keys.ts';
import type { Value } from '../../values.ts';
import type { Constraint } from '../declaration.ts';
import type { Values } from '../maker.ts';

const OPERATORS: {
  readonly [Operator in Constraint['operator']]: (left: Ordered, right: Ordered) => boolean;
} = {
  lt: (left, right) => left < right,
  le: (left, right) => left <= right,
  gt: (left, right) => left > right,
  ge: (left, right) => left >= right,
};

/** Of two that are compared both are numbers, or both are text: dates are ISO text. */
type Ordered = number | bigint | string;

/** The first constraint that a value does not hold. */
export function findBroken(
  constraints: readonly Constraint[],
  { value, seen }: { readonly value: Value; readonly seen: Values },
): Constraint | undefined {
  return constraints.find(({ operator, rhs }) => {
    const other = typeof rhs === 'number' ? rhs : (findOwn(seen, rhs.column) ?? null);
    return !OPERATORS[operator](value as Ordered, other as Ordered);
  });
}

/** `gt 200`, `lt "end"` */
export function describeConstraint({ operator, rhs }: Constraint): string {
  return `${operator} ${typeof rhs === 'number' ? rhs : JSON.stringify(rhs.column)}`;
}
