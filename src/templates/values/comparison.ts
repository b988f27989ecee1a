// Python's `==`, `<`, `in` and truth.

import { indexIn } from '../library/text-search.ts';
import type { Budget } from '../limits.ts';
import {
  alike,
  alone,
  asNumber,
  CellText,
  Cycler,
  container,
  Dict,
  describe,
  entriesOf,
  ItemView,
  isList,
  isMapping,
  Loop,
  Macro,
  misfit,
  type Runtime,
  refuseUndefined,
  sequenceOf,
  Tuple,
  Undefined,
  written,
} from '../runtime.ts';
import type { CompareOperator } from '../syntax/syntax.ts';
import { renderError } from '../syntax/template-error.ts';
import { findKey } from './access.ts';
import { isAstral } from './python-text.ts';

export function isTrue(value: Runtime): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value !== 'object') return Boolean(value);
  if (value instanceof CellText) return isTrue(alone(value));
  if (isList(value)) return value.length > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Loop || value instanceof Macro || value instanceof Cycler) return true;
  if (value instanceof ItemView) return value.name === null || value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  for (const key in value) if (Object.hasOwn(value, key)) return true;
  return false;
}

export function areEqual(given: Runtime, other: Runtime, budget: Budget): boolean {
  budget.spend(1);
  const [left, right] = alike([given, other]) as [Runtime, Runtime];
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length === right.length) budget.read(left);
    return left === right;
  }
  if (left === right) return true;
  const a = asNumber(left);
  const b = asNumber(right);
  // biome-ignore lint/suspicious/noDoubleEquals: compares a bigint and a number exactly.
  if (a !== null && b !== null) return a == b;
  if (isList(left)) return isList(right) && areItemsEqual(left, right, budget);
  if (left instanceof Tuple)
    return (
      right instanceof Tuple &&
      (left.printed === null) === (right.printed === null) &&
      areItemsEqual(left.items, right.items, budget)
    );
  if (left instanceof Undefined) return right instanceof Undefined;
  if (isMapping(left) && isMapping(right)) {
    const entries = entriesOf(left, budget);
    const other = entriesOf(right, budget);
    return (
      entries.length === other.length &&
      entries.every(([key, value]) => {
        const match = findKey(right, key, budget);
        return match !== undefined && areEqual(value, match, budget);
      })
    );
  }
  return false;
}

function areItemsEqual(left: readonly Runtime[], right: readonly Runtime[], budget: Budget): boolean {
  return left.length === right.length && left.every((item, index) => areEqual(item, right[index]!, budget));
}

/** Orders two values: negative when `left` is the smaller, `NaN` when one is no number at all. */
export function order(given: Runtime, other: Runtime, budget: Budget): number {
  budget.spend(1);
  const [left, right] = alike([given, other]) as [Runtime, Runtime];
  const a = asNumber(left);
  const b = asNumber(right);
  if (a !== null && b !== null)
    return a < b ? -1 : a > b ? 1 : Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
  if (typeof left === 'string' && typeof right === 'string')
    return orderTexts(budget.read(left), budget.read(right));
  if (isList(left) && isList(right)) return orderItems(left, right, budget);
  if (left instanceof Tuple && right instanceof Tuple) return orderItems(left.items, right.items, budget);
  refuseUndefined(left);
  refuseUndefined(right);
  throw renderError(`Cannot compare ${describe(left)} with ${describe(right)}: neither is the smaller`);
}

/** By Unicode characters, as Python does; JavaScript's `<` goes by UTF-16 units. */
function orderTexts(left: string, right: string): number {
  if (left === right) return 0;
  if (!isAstral(left) && !isAstral(right)) return left < right ? -1 : 1;
  let index = 0;
  while (index < left.length && index < right.length && left[index] === right[index]) index++;
  // The second half of a pair tells as much as the pair when the first halves are equal.
  const a = weightOf(left.charCodeAt(index));
  const b = weightOf(right.charCodeAt(index));
  return index === left.length || (index < right.length && a < b) ? -1 : 1;
}

/** Puts surrogates, which stand for characters beyond U+FFFF, after all other units. */
function weightOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function orderItems(left: readonly Runtime[], right: readonly Runtime[], budget: Budget): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    if (!areEqual(left[index]!, right[index]!, budget)) return order(left[index]!, right[index]!, budget);
  }
  return left.length - right.length;
}

/** `item in whole`. */
export function isIn(item: Runtime, whole: Runtime, budget: Budget): boolean {
  const within = container(whole);
  if (typeof within === 'string') {
    const part = written(item);
    if (typeof part === 'string') return indexIn(budget.read(within), budget.read(part), 0, budget) >= 0;
    throw misfit(item, (kind) => `Cannot look for ${kind} in a text: only a text can be in it`);
  }
  if (isMapping(within)) return findKey(within, item, budget) !== undefined;
  if (within instanceof Undefined) return false;
  const items = within instanceof ItemView ? within.items : sequenceOf(within);
  if (items === null) throw renderError(`Cannot look into ${describe(within)}: it has no items`);
  return items.some((other) => areEqual(item, other, budget));
}

/** Whether `left operator right` holds. */
export const COMPARISONS: Readonly<
  Record<CompareOperator, (left: Runtime, right: Runtime, budget: Budget) => boolean>
> = {
  in: isIn,
  'not in': (left, right, budget) => !isIn(left, right, budget),
  '==': areEqual,
  '!=': (left, right, budget) => !areEqual(left, right, budget),
  '<': (left, right, budget) => order(left, right, budget) < 0,
  '<=': (left, right, budget) => order(left, right, budget) <= 0,
  '>': (left, right, budget) => order(left, right, budget) > 0,
  '>=': (left, right, budget) => order(left, right, budget) >= 0,
};
