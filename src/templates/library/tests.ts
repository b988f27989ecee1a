// The tests after `is`: those of Jinja that look at values.

import { findOwn } from '../../own-keys.ts';
import { plural } from '../../text/plural.ts';
import type { Budget } from '../limits.ts';
import {
  alone,
  asNumber,
  Cycler,
  ItemView,
  isList,
  isMapping,
  Macro,
  misfit,
  type Runtime,
  Tuple,
  Undefined,
} from '../runtime.ts';
import { compute } from '../values/arithmetic.ts';
import { COMPARISONS } from '../values/comparison.ts';
import { textOf } from '../values/python-text.ts';
import { hasFilter } from './filter-names.ts';

type Test = (value: Runtime, argument: Runtime, budget: Budget) => boolean;

/** Tests of a value alone. */
const PLAIN: { readonly [name: string]: Test } = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) => value instanceof Macro || (value instanceof Cycler && !value.isEndless),
  defined: (value) => !(value instanceof Undefined),
  // Nothing keeps its mark of having been escaped.
  escaped: () => false,
  even: (value, _, budget) => remainder(value, 2n, budget) === 0,
  false: (value) => value === false,
  filter: (value) => typeof value === 'string' && hasFilter(value),
  float: (value) => typeof value === 'number',
  integer: (value) => typeof value === 'bigint',
  iterable: (value) =>
    typeof value === 'string' ||
    isContainer(value) ||
    value instanceof ItemView ||
    value instanceof Undefined,
  lower: (value, _, budget) => isCase(budget.read(textOf(value, budget)), 'lower'),
  mapping: (value) => isMapping(value),
  none: (value) => value === null,
  number: (value) => asNumber(value) !== null,
  odd: (value, _, budget) => remainder(value, 2n, budget) === 1,
  sequence: (value) => typeof value === 'string' || isContainer(value) || value instanceof Undefined,
  string: (value) => typeof value === 'string',
  test: (value) => typeof value === 'string' && findTest(value) !== null,
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: (value, _, budget) => isCase(budget.read(textOf(value, budget)), 'upper'),
};

/** Tests that compute with a value, or look at it as it is written. */
const OF_ANY: readonly string[] = ['even', 'lower', 'odd', 'upper'];

/** Tests of a value against another. */
const WITH_ARGUMENT: { readonly [name: string]: Test } = {
  divisibleby: (value, argument, budget) => remainder(value, argument, budget) === 0,
  eq: COMPARISONS['=='],
  equalto: COMPARISONS['=='],
  ge: COMPARISONS['>='],
  greaterthan: COMPARISONS['>'],
  gt: COMPARISONS['>'],
  in: COMPARISONS.in,
  le: COMPARISONS['<='],
  lessthan: COMPARISONS['<'],
  lt: COMPARISONS['<'],
  ne: COMPARISONS['!='],
  // Of what a template holds only these have one instance in Python.
  sameas: (value, argument) =>
    (alone(value) === null || typeof alone(value) === 'boolean') && alone(value) === alone(argument),
};

export const TEST_NAMES: readonly string[] = [...Object.keys(PLAIN), ...Object.keys(WITH_ARGUMENT)].sort();

/** Jinja's other names of tests, for filters that are given one as text: `select("==", 3)`. */
const SIGNS: { readonly [sign: string]: string } = {
  '==': 'eq',
  '!=': 'ne',
  '>': 'gt',
  '>=': 'ge',
  '<': 'lt',
  '<=': 'le',
};

/** The name of the test that a text names, or `null`. */
export function findTest(given: string): string | null {
  const name = findOwn(SIGNS, given) ?? given;
  return TEST_NAMES.includes(name) ? name : null;
}

/** What is wrong with the arguments of a known test, or `null`. */
export function testProblem(name: string, count: number): string | null {
  const wanted = Object.hasOwn(WITH_ARGUMENT, name) ? 1 : 0;
  if (count === wanted) return null;
  return `Cannot give the test "${name}" ${plural(count, 'argument')}: it takes ${wanted === 0 ? 'none' : 'one'}`;
}

/** Whether a value passes a test. The call has no {@link testProblem}. */
export function passesTest(
  name: string,
  value: Runtime,
  { positional, budget }: { positional: readonly Runtime[]; budget: Budget },
): boolean {
  const plain = findOwn(PLAIN, name);
  if (plain === undefined) return findOwn(WITH_ARGUMENT, name)!(value, positional[0] ?? null, budget);
  return plain(OF_ANY.includes(name) ? value : alone(value), null, budget);
}

function isContainer(value: Runtime): boolean {
  return isList(value) || value instanceof Tuple || isMapping(value);
}

/** `str.islower`, `str.isupper`: a letter of that case, and none of another. */
export function isCase(text: string, which: 'lower' | 'upper'): boolean {
  return which === 'lower'
    ? /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text)
    : /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
}

function remainder(value: Runtime, divisor: Runtime, budget: Budget): number {
  if (asNumber(value) === null) {
    throw misfit(value, (kind) => `Cannot divide ${kind}: a number is needed`);
  }
  return Number(compute('%', value, divisor, budget));
}
