// Filters that take lists apart and put them together. Those with a test or another filter in them find it by its name.

import { findOwn } from '../../own-keys.ts';
import { plural } from '../../text/plural.ts';
import {
  asNumber,
  Cycler,
  container,
  describe,
  entriesOf,
  ItemView,
  isMapping,
  itemsOf,
  Loop,
  type Runtime,
  Tuple,
  Undefined,
  valueOr,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { readAttribute } from '../values/access.ts';
import { compute } from '../values/arithmetic.ts';
import { areEqual, isTrue, order } from '../values/comparison.ts';
import { textOf } from '../values/python-text.ts';
import {
  applyOperation,
  bindingProblem,
  type Call,
  integerArgument,
  type Operation,
  operation,
  textArgument,
} from './argument-binding.ts';
import { folded, keyedItems, pathsOf, readPath } from './attribute-keys.ts';
import { findTest, passesTest, testProblem } from './tests.ts';

const withDefault = operation('default_value? boolean?', (value, [fallback = '', isAlsoFalse = false]) =>
  value instanceof Undefined || (isTrue(isAlsoFalse) && !isTrue(value)) ? fallback : value,
);

/** The filters; `find` gives the one of a name, for `map`. */
export function collectionFilters(find: (name: string) => Operation | undefined): {
  readonly [name: string]: Operation;
} {
  return {
    attr: operation('name', (value, [name], { budget }) => {
      const field = textArgument(name);
      // Keys of a dict are no attributes.
      const isObject = value instanceof Loop || value instanceof Cycler || value instanceof Tuple;
      const found = isObject ? readAttribute(value, field, budget) : undefined;
      return valueOr(found, () => new Undefined(`"${field}" is undefined`));
    }),
    batch: operation('linecount fill_with?', (value, [lineCount, fill = null], { budget }) => {
      const items = itemsOf(value, budget);
      const size = Math.max(1, integerArgument(lineCount, 1));
      budget.spend(items.length);
      const lines = Array.from({ length: Math.ceil(items.length / size) }, (_, line) =>
        items.slice(line * size, (line + 1) * size),
      );
      const missing = lines.length * size - items.length;
      if (fill !== null) {
        budget.spend(missing);
        lines.at(-1)?.push(...Array.from({ length: missing }, () => fill));
      }
      return new ItemView(lines, null);
    }),
    d: withDefault,
    default: withDefault,
    dictsort: operation('case_sensitive? by? reverse?', (given, [caseSensitive, by, reverse], { budget }) => {
      const value = container(given);
      if (!isMapping(value))
        throw renderError(`Cannot use the filter "dictsort" on ${describe(value)}: a dict is needed`);
      const part = ['key', 'value'].indexOf(by === undefined ? 'key' : textArgument(by)) as 0 | 1 | -1;
      if (part < 0) throw renderError('Cannot use the filter "dictsort": by is "key" or "value"');
      const direction = isTrue(reverse ?? false) ? -1 : 1;
      return entriesOf(value, budget)
        .map((pair) => ({ pair, key: folded(pair[part as 0 | 1], caseSensitive, budget) }))
        .sort((left, right) => direction * order(left.key, right.key, budget))
        .map(({ pair }) => new Tuple(pair));
    }),
    groupby: operation(
      'attribute default? case_sensitive?',
      (value, [attribute, fallback = null, caseSensitive], services) => {
        const { budget } = services;
        const sorted = keyedItems(value, { caseSensitive, attribute, fallback }, services).sort(
          (left, right) => order(left.keys, right.keys, budget),
        );
        const groups: { readonly keys: Runtime; readonly items: Runtime[] }[] = [];
        for (const { item, keys } of sorted) {
          const group = groups.at(-1);
          if (group !== undefined && areEqual(group.keys, keys, budget)) group.items.push(item);
          else groups.push({ keys, items: [item] });
        }
        const [path] = pathsOf(attribute);
        return groups.map(
          ({ items }) =>
            new Tuple([readPath(items[0]!, path!, services, fallback), items], null, ['grouper', 'list']),
        );
      },
    ),
    join: operation('d? attribute?', (value, [separator = '', attribute = null], services) => {
      const { budget } = services;
      const [path] = pathsOf(attribute);
      const parts = itemsOf(value, budget).map((item) => textOf(readPath(item, path!, services), budget));
      const between = textOf(separator, budget);
      budget.spend(parts.length);
      budget.allocate(parts.reduce((sum, part) => sum + part.length + between.length, 0));
      return parts.join(between);
    }),
    map: operation('*', (value, _, call) => {
      const { positional, named, ...services } = call;
      const items = itemsOf(value, call.budget);
      const [name, ...rest] = positional;
      if (name === undefined) {
        const attribute = named.get('attribute');
        if (attribute === undefined)
          throw renderError('Cannot use the filter "map": it takes the name of a filter, or attribute="…"');
        const [path] = pathsOf(attribute);
        return new ItemView(
          items.map((item) => readPath(item, path!, services, named.get('default'))),
          null,
        );
      }
      const filter = find(textArgument(name));
      const inner = { ...services, positional: rest, named };
      const problem =
        filter === undefined
          ? `Cannot use the filter "${textArgument(name)}": templates do not have it`
          : bindingProblem(filter, { kind: 'filter', name: textArgument(name) }, inner);
      if (problem !== null) throw renderError(problem);
      return new ItemView(
        items.map((item) => applyOperation(filter!, item, inner)),
        null,
      );
    }),
    reject: choosing((passes) => !passes, false),
    rejectattr: choosing((passes) => !passes, true),
    select: choosing((passes) => passes, false),
    selectattr: choosing((passes) => passes, true),
    slice: operation('slices fill_with?', (value, [slices, fill = null], { budget }) => {
      const items = itemsOf(value, budget);
      const count = integerArgument(slices, 0);
      if (count <= 0)
        throw renderError('Cannot use the filter "slice": the number of slices is not positive');
      budget.spend(items.length + count);
      const [size, longer] = [Math.floor(items.length / count), items.length % count];
      const parts = Array.from({ length: count }, (_, index) => {
        const start = index * size + Math.min(index, longer);
        const part = items.slice(start, start + size + (index < longer ? 1 : 0));
        return fill !== null && index >= longer ? [...part, fill] : part;
      });
      return new ItemView(parts, null);
    }),
    sum: operation('attribute? start?', (value, [attribute = null, start = 0n], services) => {
      const [path] = pathsOf(attribute);
      return itemsOf(value, services.budget).reduce<Runtime>((sum, item) => {
        const read = readPath(item, path!, services);
        // Python refuses to add up texts.
        if (asNumber(read) === null && typeof sum !== 'object')
          throw renderError(`Cannot use the filter "sum" on ${describe(read)}: numbers are needed`);
        return compute('+', sum, read, services.budget);
      }, start);
    }),
  };
}

/** A filter that keeps the items whose test, or the test of whose attribute, is wanted. */
function choosing(isWanted: (passes: boolean) => boolean, hasAttribute: boolean): Operation {
  return operation('*', (value, _, call) => {
    const { budget, positional } = call;
    const [attribute, name, ...rest] = hasAttribute ? positional : [null, ...positional];
    if (attribute === undefined)
      throw renderError('Cannot choose items: the name of the attribute is missing');
    const passes = name === undefined ? isTrue : testOf(textArgument(name), { ...call, positional: rest });
    const [path] = pathsOf(attribute);
    const items = itemsOf(value, budget);
    budget.spend(items.length);
    return new ItemView(
      items.filter((item) => isWanted(passes(readPath(item, path!, call)))),
      null,
    );
  });
}

function testOf(given: string, { positional, budget }: Call): (value: Runtime) => boolean {
  const name = findTest(given);
  if (name === null) throw renderError(`Cannot use the test "${given}": there is none of this name`);
  const problem = testProblem(name, positional.length);
  if (problem !== null) throw renderError(problem);
  return (value) => passesTest(name, value, { positional, budget });
}

/** Where among the arguments of a filter the name of a test stands. */
const PLACES_OF_TESTS = { select: 0, reject: 0, selectattr: 1, rejectattr: 1 };

/** What is wrong with the names that a filter is given as texts, or `null`: a slip is found before anything is rendered. */
export function choiceProblem(name: string, positional: readonly unknown[]): string | null {
  const place = findOwn(PLACES_OF_TESTS, name);
  const given = place === undefined ? undefined : positional[place];
  if (typeof given !== 'string' || place === undefined) return null;
  const test = findTest(given);
  if (test === null) return `Cannot use the test "${given}" in "${name}": there is none of this name`;
  const count = positional.length - place - 1;
  return testProblem(test, count) === null
    ? null
    : `Cannot give the test "${given}" in "${name}" ${plural(count, 'argument')}`;
}
