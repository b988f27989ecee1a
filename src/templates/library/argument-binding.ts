// The arguments of filters, tests and methods, by position and by name.

import { plural } from '../../text/plural.ts';
import type { Budget } from '../limits.ts';
import { asNumber, misfit, opened, type Runtime, written } from '../runtime.ts';
import { lengthOf, textOf } from '../values/python-text.ts';

/** What an operation may use beside its arguments. */
export interface Services {
  readonly budget: Budget;
  /** A uniform draw from [0, 1). */
  readonly draw: () => number;
}

/** The arguments of one call, with what it may use beside them. */
export interface Call extends Services {
  readonly positional: readonly Runtime[];
  readonly named: ReadonlyMap<string, Runtime>;
}

/** A filter, a function or a method. Arguments come in the order of `parameters`; those not given are `undefined`. */
export interface Operation<Subject = Runtime> {
  /** Null for one that takes any arguments, as they stand in the call. */
  readonly parameters: readonly string[] | null;
  readonly required: number;
  readonly apply: (subject: Subject, given: readonly (Runtime | undefined)[], call: Call) => Runtime;
}

/** Declares an operation: `'old new count?'` has two arguments that must be there, `'*'` takes any. */
export function operation<Subject = Runtime>(
  parameters: string,
  apply: Operation<Subject>['apply'],
): Operation<Subject> {
  if (parameters === '*') return { parameters: null, required: 0, apply };
  const names = parameters === '' ? [] : parameters.split(' ');
  return {
    parameters: names.map((name) => name.replace('?', '')),
    required: names.filter((name) => !name.endsWith('?')).length,
    apply,
  };
}

/** What is wrong with a call, or `null`. `kind` is "filter", "function" or "method". */
export function bindingProblem(
  { parameters, required }: Operation<never>,
  { kind, name }: { readonly kind: string; readonly name: string },
  given: { readonly positional: readonly unknown[]; readonly named: Iterable<readonly [string, unknown]> },
): string | null {
  if (parameters === null) return null;
  const count = given.positional.length;
  const named = Array.from(given.named, ([argument]) => argument);
  const takes =
    parameters.length === 0
      ? 'it takes none'
      : `it takes ${parameters.map((item, index) => (index < required ? item : `[${item}]`)).join(', ')}`;
  if (count > parameters.length)
    return `Cannot give the ${kind} "${name}" ${plural(count, 'argument')}: ${takes}`;
  const unknown = named.find((item) => !parameters.includes(item) || parameters.indexOf(item) < count);
  if (unknown !== undefined) return `Cannot give the ${kind} "${name}" the argument "${unknown}": ${takes}`;
  const missing = parameters.find(
    (item, index) => index >= count && index < required && !named.includes(item),
  );
  return missing === undefined
    ? null
    : `Cannot use the ${kind} "${name}" without the argument "${missing}": ${takes}`;
}

/** Applies an operation. The call has no {@link bindingProblem}. */
export function applyOperation<Subject>(
  { parameters, apply }: Operation<Subject>,
  subject: Subject,
  call: Call,
): Runtime {
  const { positional, named } = call;
  if (named.size === 0 || parameters === null) return apply(subject, positional, call);
  const bound = parameters.map((name, index) =>
    index < positional.length ? positional[index] : named.get(name),
  );
  return apply(subject, bound, call);
}

/** Beyond any length, and small enough to compute with. */
const LARGEST = 2n ** 31n;

/** An argument that has to be a whole number; `fallback` when it is not given or None. One beyond ±2^31 is cut to that. */
export function integerArgument(value: Runtime | undefined, fallback: number): number {
  if (value === undefined || opened(value) === null) return fallback;
  const number = asNumber(value);
  if (typeof number === 'bigint')
    return Number(number > LARGEST ? LARGEST : number < -LARGEST ? -LARGEST : number);
  throw misfit(value, (kind) => `Cannot use ${kind} as an argument: a whole number is needed`);
}

/** An argument that has to be a text. */
export function textArgument(given: Runtime | undefined): string {
  const value = written(given ?? null);
  if (typeof value === 'string') return value;
  throw misfit(value, (kind) => `Cannot use ${kind} as an argument: a text is needed`);
}

/** An argument that is printed to a text, whatever it is. */
export function printedArgument(value: Runtime | undefined, { budget }: Services): string {
  return textOf(value ?? null, budget);
}

/** Pads a text to `width` characters. */
export function padded(
  text: string,
  { width, fill, before }: { width: number; fill: string; before: (missing: number) => number },
  budget: Budget,
): string {
  const missing = width - lengthOf(text);
  if (missing <= 0) return text;
  budget.allocate(text.length + missing);
  const left = before(missing);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}
