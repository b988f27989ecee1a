// Filters over the items of lists, dicts and texts.

import {
  alike,
  container,
  describe,
  entriesOf,
  ItemView,
  idOf,
  isMapping,
  itemsOf,
  type Runtime,
  Tuple,
  Undefined,
  valueOr,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { readItem } from '../values/access.ts';
import { isTrue, order } from '../values/comparison.ts';
import { lengthOf } from '../values/python-text.ts';
import { type Operation, operation, type Services, textArgument } from './argument-binding.ts';

export const ITEM_FILTERS: { readonly [name: string]: Operation } = {
  first: operation('', (value, _, { budget }) => valueOr(itemsOf(value, budget)[0], () => noItem('first'))),
  last: operation('', (value, _, { budget }) => valueOr(itemsOf(value, budget).at(-1), () => noItem('last'))),

  items: operation('', (given, _, { budget }) => {
    const value = container(given);
    if (value instanceof Undefined) return new ItemView([], null);
    if (!isMapping(value))
      throw renderError(`Cannot use the filter "items" on ${describe(value)}: a dict is needed`);
    const pairs = entriesOf(value, budget);
    return new ItemView(
      pairs.map((pair) => new Tuple(pair)),
      null,
    );
  }),

  length: operation('', (given, _, { budget }) => {
    const value = container(given);
    if (typeof value === 'string') return BigInt(lengthOf(budget.read(value)));
    return BigInt(itemsOf(value, budget).length);
  }),

  list: operation('', (value, _, { budget }) => {
    const items = itemsOf(value, budget);
    budget.spend(items.length);
    return [...items];
  }),

  max: extreme('max', (difference) => difference > 0),
  min: extreme('min', (difference) => difference < 0),

  random: operation('', (given, _, { budget, draw }) => {
    const value = container(given);
    if (isMapping(value) || value instanceof ItemView) {
      throw renderError(`Cannot use the filter "random" on ${describe(value)}: a list is needed`);
    }
    const items = itemsOf(given, budget);
    return valueOr(items[Math.min(items.length - 1, Math.floor(draw() * items.length))], () =>
      noItem('random'),
    );
  }),

  reverse: operation('', (given, _, { budget }) => {
    const value = container(given);
    const items = itemsOf(given, budget);
    budget.spend(items.length);
    const reversed = items.toReversed();
    if (typeof value === 'string') return [...value].reverse().join('');
    return value instanceof ItemView && value.name === null ? reversed : new ItemView(reversed, null);
  }),

  sort: operation(
    'reverse? case_sensitive? attribute?',
    (value, [reverse, caseSensitive, attribute], services) => {
      const direction = isTrue(reverse ?? false) ? -1 : 1;
      return keyedItems(value, { caseSensitive, attribute }, services)
        .sort((left, right) => direction * order(left.keys, right.keys, services.budget))
        .map(({ item }) => item);
    },
  ),

  unique: operation('case_sensitive? attribute?', (value, [caseSensitive, attribute], services) => {
    const seen = new Set<string>();
    const unique = keyedItems(value, { caseSensitive, attribute }, services).filter(({ keys }) => {
      const id = keys.map((key) => idOf(key, services.budget)).join('\0');
      const isNew = !seen.has(id);
      seen.add(id);
      return isNew;
    });
    return new ItemView(
      unique.map(({ item }) => item),
      null,
    );
  }),
};

function noItem(filter: string): Undefined {
  return new Undefined(`The sequence given to "${filter}" was empty`);
}

interface KeyedItem {
  readonly item: Runtime;
  readonly keys: readonly Runtime[];
}

type KeyArguments = { readonly caseSensitive: Runtime | undefined; readonly attribute: Runtime | undefined };

/** Each item with what it is compared by: itself or its attributes, text in lower case unless asked otherwise. */
function keyedItems(
  value: Runtime,
  { caseSensitive, attribute }: KeyArguments,
  services: Services,
): KeyedItem[] {
  const { budget } = services;
  const items = itemsOf(value, budget);
  budget.spend(items.length);
  const fold = (key: Runtime): Runtime =>
    typeof key === 'string' && !isTrue(caseSensitive ?? false) ? budget.read(key).toLowerCase() : key;
  // All keys together decide whether texts of cells are texts, else the order of three could go round.
  const keys = pathsOf(attribute).map((path) =>
    alike(items.map((item) => readPath(item, path, services))).map(fold),
  );
  return items.map((item, index) => ({ item, keys: keys.map((column) => column[index]!) }));
}

/** `'a.b,c'` → `[['a', 'b'], ['c']]`; without an attribute the item itself: `[[]]`. */
function pathsOf(attribute: Runtime | undefined): readonly (readonly Runtime[])[] {
  if (attribute === undefined || attribute === null) return [[]];
  if (typeof attribute === 'bigint') return [[attribute]];
  return textArgument(attribute)
    .split(',')
    .map((path) => path.split('.').map((part) => (/^\d{1,9}$/.test(part) ? BigInt(part) : part)));
}

function readPath(item: Runtime, path: readonly Runtime[], { budget }: Services): Runtime {
  return path.reduce<Runtime>((object, part) => {
    budget.spend(1);
    return valueOr(readItem(object, part, budget), () => new Undefined(`"${String(part)}" is undefined`));
  }, item);
}

/** The first item that no other one beats. */
function extreme(filter: string, beats: (difference: number) => boolean): Operation {
  return operation('case_sensitive? attribute?', (value, [caseSensitive, attribute], services) => {
    const [first, ...others] = keyedItems(value, { caseSensitive, attribute }, services);
    if (first === undefined) return noItem(filter);
    return others.reduce(
      (best, other) => (beats(order(other.keys[0]!, best.keys[0]!, services.budget)) ? other : best),
      first,
    ).item;
  });
}
