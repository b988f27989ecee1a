// The methods that templates may call. None changes a value but those of a cycler. A method is called where it is named,
// `a.b(c)`; there is no method without its call.

import { findOwn } from '../../own-keys.ts';
import {
  CellText,
  Cycler,
  container,
  describe,
  entriesOf,
  findKey,
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
import { formatBraces } from '../values/brace-format.ts';
import { decode } from '../values/bytes.ts';
import { areEqual } from '../values/comparison.ts';
import {
  bindArguments,
  bindingProblem,
  integerArgument,
  type Operation,
  operation,
  type Services,
} from './argument-binding.ts';
import { TEXT_METHODS } from './text-methods.ts';

type Methods<Subject> = { readonly [name: string]: Operation<Subject> };

const LIST_METHODS: Methods<readonly Runtime[]> = {
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
  copy: operation('', (items) => items),
};

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

export const DICT_METHOD_NAMES: readonly string[] = Object.keys(DICT_METHODS);

/** Methods that take any arguments. */
const OPEN_METHODS = ['changed', 'cycle', 'decode', 'format', 'next', 'reset'];

export const METHOD_NAMES: readonly string[] = [
  ...new Set([
    ...Object.keys(TEXT_METHODS),
    ...Object.keys(LIST_METHODS),
    ...Object.keys(DICT_METHODS),
    ...Object.keys(FLOAT_METHODS),
    ...OPEN_METHODS,
  ]),
].sort();

/** Calls a method. Throws when the value has no such method or the arguments do not fit. */
export function callMethod(
  given: Runtime,
  name: string,
  {
    positional,
    named,
    ...services
  }: { positional: readonly Runtime[]; named: ReadonlyMap<string, Runtime> } & Services,
): Runtime {
  const { budget } = services;
  const acting = opened(given);
  const value = hasMethod(acting, name) ? acting : written(given);
  if (value instanceof Undefined) throw renderError(`Cannot call "${name}": ${value.reason}`);
  if (value instanceof Loop && name === 'cycle') return value.cycle(positional);
  if (value instanceof Loop && name === 'changed')
    return value.changed(positional, (left, right) => areEqual(left, right, budget));
  if (value instanceof Cycler && name === 'next') return value.next();
  if (value instanceof Cycler && name === 'reset') return value.reset();
  if (typeof value === 'string' && name === 'format')
    return formatBraces(value, { positional, named }, budget);
  const call = { name, positional, named, services };
  if (typeof value === 'string') {
    budget.read(value);
    const result = run(TEXT_METHODS, value, call);
    return given instanceof CellText ? withParts(given, result) : result;
  }
  if (isList(value)) return run(LIST_METHODS, value, call);
  if (value instanceof Tuple && name !== 'copy')
    return run(value.printed?.startsWith('b') ? { decode } : LIST_METHODS, value.items, call);
  if (isMapping(value)) return run(DICT_METHODS, value, call);
  if (typeof value === 'number') return run(FLOAT_METHODS, value, call);
  throw noMethod(value, name);
}

/** Whether values of this kind have such a method: `{{ name.upper }}` then lacks its parentheses. */
export function hasMethod(given: Runtime, name: string): boolean {
  const value = container(given);
  if (typeof value === 'string') return name === 'format' || Object.hasOwn(TEXT_METHODS, name);
  if (isList(value) || value instanceof Tuple) return Object.hasOwn(LIST_METHODS, name);
  if (isMapping(value)) return Object.hasOwn(DICT_METHODS, name);
  if (value instanceof Loop) return name === 'cycle' || name === 'changed';
  if (value instanceof Cycler) return name === 'next' || name === 'reset';
  return typeof value === 'number' && Object.hasOwn(FLOAT_METHODS, name);
}

/** What a method split text of a cell into is part of it. */
function withParts(cell: CellText, result: Runtime): Runtime {
  const toPart = (item: Runtime): Runtime => (typeof item === 'string' ? partOf(cell, item) : item);
  if (result instanceof Tuple && result.printed === null) return new Tuple(result.items.map(toPart));
  return isList(result) ? result.map(toPart) : result;
}

interface MethodCall {
  readonly name: string;
  readonly positional: readonly Runtime[];
  readonly named: ReadonlyMap<string, Runtime>;
  readonly services: Services;
}

function run<Subject extends Runtime>(
  methods: Methods<Subject>,
  value: Subject,
  { name, positional, named, services }: MethodCall,
): Runtime {
  const method = findOwn(methods, name) ?? null;
  if (method === null) throw noMethod(value, name);
  const problem = bindingProblem(method, {
    kind: 'method',
    name,
    count: positional.length,
    named: [...named.keys()],
  });
  if (problem !== null) throw renderError(problem);
  return method.apply(value, bindArguments(method, positional, named), services);
}

function noMethod(value: Runtime, name: string): Error {
  return renderError(`Cannot call "${name}": ${describe(value)} has no such method`);
}

function viewOf(
  mapping: Mapping,
  { part, name }: { part: 0 | 1; name: string },
  budget: Services['budget'],
): ItemView {
  const entries = entriesOf(mapping, budget);
  return new ItemView(
    entries.map((entry) => entry[part]),
    name,
  );
}
