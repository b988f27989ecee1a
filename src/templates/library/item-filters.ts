// Filters over the items of lists, dicts and texts.

import {
  container,
  describe,
  entriesOf,
  ItemView,
  idOf,
  isMapping,
  itemsOf,
  Tuple,
  Undefined,
  valueOr,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { isTrue, order } from '../values/comparison.ts';
import { lengthOf } from '../values/python-text.ts';
import { type Operation, operation } from './argument-binding.ts';
import { keyedItems } from './attribute-keys.ts';

const LENGTH = operation('', (given, _, { budget }) => {
  const value = container(given);
  if (typeof value === 'string') return BigInt(lengthOf(budget.read(value)));
  return BigInt(itemsOf(value, budget).length);
});

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

  count: LENGTH,
  length: LENGTH,

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
