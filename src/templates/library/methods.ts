// The methods that templates may call. None changes a value but those of a cycler. A method is called where it is named,
// `a.b(c)`; there is no method without its call.

import { findOwn } from '../../own-keys.ts';
import type { Budget } from '../limits.ts';
import {
  CellText,
  Cycler,
  container,
  describe,
  entriesOf,
  ItemView,
  isList,
  isMapping,
  Loop,
  type Mapping,
  opened,
  partOf,
  type Runtime,
  Tuple,
  Undefined,
  valueOr,
  written,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { findKey } from '../values/access.ts';
import { formatBraces } from '../values/brace-format.ts';
import { decode } from '../values/bytes.ts';
import { areEqual } from '../values/comparison.ts';
import {
  applyOperation,
  bindingProblem,
  type Call,
  integerArgument,
  type Operation,
  operation,
} from './argument-binding.ts';
import { TEXT_METHODS } from './text-methods.ts';

type Methods<Subject> = { readonly [name: string]: Operation<Subject> };

const STRING_METHODS: Methods<string> = {
  ...TEXT_METHODS,
  format: operation('*', (text, _, { budget, ...given }) => formatBraces(text, given, budget)),
};

const TUPLE_METHODS: Methods<readonly Runtime[]> = {
  count: operation('value', (items, [value], { budget }) =>
    BigInt(items.filter((item) => areEqual(item, value!, budget)).length),
  ),
  index: operation('value start? stop?', (items, [value, start, stop], { budget }) => {
    const place = (bound: number): number => (bound < 0 ? Math.max(0, bound + items.length) : bound);
    const from = place(integerArgument(start, 0));
    const to = place(integerArgument(stop, items.length));
    const index = items.findIndex((item, at) => at >= from && at < to && areEqual(item, value!, budget));
    if (index < 0) throw renderError('Cannot find the item: it is not in the list');
    return BigInt(index);
  }),
};

const LIST_METHODS: Methods<readonly Runtime[]> = { ...TUPLE_METHODS, copy: operation('', (items) => items) };

const BYTES_METHODS: Methods<readonly Runtime[]> = { decode };

const DICT_METHODS: Methods<Mapping> = {
  items: operation('', (mapping, _, { budget }) => {
    const entries = entriesOf(mapping, budget);
    return new ItemView(
      entries.map((entry) => new Tuple(entry)),
      'dict_items',
    );
  }),
  keys: operation('', (mapping, _, { budget }) => viewOf(mapping, { part: 0, name: 'dict_keys' }, budget)),
  values: operation('', (mapping, _, { budget }) =>
    viewOf(mapping, { part: 1, name: 'dict_values' }, budget),
  ),
  get: operation('key default?', (mapping, [key, fallback = null], { budget }) =>
    valueOr(findKey(mapping, key!, budget), () => fallback),
  ),
  copy: operation('', (mapping) => mapping),
};

const FLOAT_METHODS: Methods<number> = {
  is_integer: operation('', (value) => Number.isInteger(value)),
};

const LOOP_METHODS: Methods<Loop> = {
  cycle: operation('*', (loop, _, { positional }) => loop.cycle(positional)),
  changed: operation('*', (loop, _, { positional, budget }) =>
    loop.changed(positional, (left, right) => areEqual(left, right, budget)),
  ),
};

const CYCLER_METHODS: Methods<Cycler> = {
  next: operation('*', (cycler) => cycler.next()),
  reset: operation('*', (cycler) => cycler.reset()),
};

export const DICT_METHOD_NAMES: readonly string[] = Object.keys(DICT_METHODS);

export const METHOD_NAMES: readonly string[] = Object.keys({
  ...{ ...STRING_METHODS, ...LIST_METHODS, ...BYTES_METHODS, ...DICT_METHODS },
  ...{ ...FLOAT_METHODS, ...LOOP_METHODS, ...CYCLER_METHODS },
}).sort();

/** The methods of a value's kind; they are applied to a tuple's items, else to the value itself. */
function methodsOf(value: Runtime): Methods<never> {
  if (typeof value === 'string') return STRING_METHODS;
  if (typeof value === 'number') return FLOAT_METHODS;
  if (isList(value)) return LIST_METHODS;
  if (value instanceof Tuple) return value.printed?.startsWith('b') ? BYTES_METHODS : TUPLE_METHODS;
  if (value instanceof Loop) return LOOP_METHODS;
  if (value instanceof Cycler) return CYCLER_METHODS;
  return isMapping(value) ? DICT_METHODS : {};
}

/** Calls a method. Throws when the value has no such method or the arguments do not fit. */
export function callMethod(given: Runtime, name: string, call: Call): Runtime {
  const acting = opened(given);
  const value = hasMethod(acting, name) ? acting : written(given);
  if (value instanceof Undefined) throw renderError(`Cannot call "${name}": ${value.reason}`);
  const method = findOwn(methodsOf(value), name);
  if (method === undefined) throw renderError(`Cannot call "${name}": ${describe(value)} has no such method`);
  const problem = bindingProblem(method, { kind: 'method', name }, call);
  if (problem !== null) throw renderError(problem);
  if (typeof value !== 'string')
    return applyOperation(method, (value instanceof Tuple ? value.items : value) as never, call);
  const result = applyOperation(method, call.budget.read(value) as never, call);
  return given instanceof CellText ? withParts(given, result) : result;
}

/** Whether values of this kind have such a method: `{{ name.upper }}` then lacks its parentheses. */
export function hasMethod(given: Runtime, name: string): boolean {
  return Object.hasOwn(methodsOf(container(given)), name);
}

/** What a method split text of a cell into is part of it. */
function withParts(cell: CellText, result: Runtime): Runtime {
  const toPart = (item: Runtime): Runtime => (typeof item === 'string' ? partOf(cell, item) : item);
  if (result instanceof Tuple && result.printed === null) return new Tuple(result.items.map(toPart));
  return isList(result) ? result.map(toPart) : result;
}

function viewOf(mapping: Mapping, { part, name }: { part: 0 | 1; name: string }, budget: Budget): ItemView {
  const entries = entriesOf(mapping, budget);
  return new ItemView(
    entries.map((entry) => entry[part]),
    name,
  );
}
