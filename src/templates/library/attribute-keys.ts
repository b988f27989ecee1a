// What filters compare and take items by: the items themselves, or fields in them, as in `sort(attribute="home.city")`.

import type { Budget } from '../limits.ts';
import { alike, itemsOf, type Runtime, Undefined, valueOr } from '../runtime.ts';
import { readItem } from '../values/access.ts';
import { isTrue } from '../values/comparison.ts';
import { type Services, textArgument } from './argument-binding.ts';

export interface KeyedItem {
  readonly item: Runtime;
  readonly keys: readonly Runtime[];
}

interface KeyArguments {
  readonly caseSensitive: Runtime | undefined;
  readonly attribute: Runtime | undefined;
  /** Stands for a missing attribute. */
  readonly fallback?: Runtime;
}

/** Each item with what it is compared by: itself or its attributes, text in lower case unless asked otherwise. */
export function keyedItems(
  value: Runtime,
  { caseSensitive, attribute, fallback = null }: KeyArguments,
  services: Services,
): KeyedItem[] {
  const { budget } = services;
  const items = itemsOf(value, budget);
  budget.spend(items.length);
  // All keys together decide whether texts of cells are texts, else the order of three could go round.
  const keys = pathsOf(attribute).map((path) =>
    alike(items.map((item) => readPath(item, path, services, fallback))).map((key) =>
      folded(key, caseSensitive, budget),
    ),
  );
  return items.map((item, index) => ({ item, keys: keys.map((column) => column[index]!) }));
}

/** What is compared of a key: text in lower case unless asked otherwise. */
export function folded(key: Runtime, caseSensitive: Runtime | undefined, budget: Budget): Runtime {
  return typeof key === 'string' && !isTrue(caseSensitive ?? false) ? budget.read(key).toLowerCase() : key;
}

/** `'a.b,c'` → `[['a', 'b'], ['c']]`; without an attribute the item itself: `[[]]`. */
export function pathsOf(attribute: Runtime | undefined): readonly (readonly Runtime[])[] {
  if (attribute === undefined || attribute === null) return [[]];
  if (typeof attribute === 'bigint') return [[attribute]];
  return textArgument(attribute)
    .split(',')
    .map((path) => path.split('.').map((part) => (/^\d{1,9}$/.test(part) ? BigInt(part) : part)));
}

/** What stands at a path of an item; where something of it is missing, `fallback` if that is a value. */
export function readPath(
  item: Runtime,
  path: readonly Runtime[],
  { budget }: Services,
  fallback: Runtime = null,
): Runtime {
  return path.reduce<Runtime>((object, part) => {
    budget.spend(1);
    const missing = () => (fallback === null ? new Undefined(`"${String(part)}" is undefined`) : fallback);
    return valueOr(readItem(object, part, budget), missing);
  }, item);
}
