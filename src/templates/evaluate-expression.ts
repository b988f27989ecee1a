// Computes expressions over the values of one row. Every visit of a node costs a step.

import { findOwn } from '../own-keys.ts';
import { plural } from '../text/plural.ts';
import type { Value } from '../values.ts';
import type { Call, Services } from './library/argument-binding.ts';
import { applyFilter } from './library/filters.ts';
import { callFunction } from './library/functions.ts';
import { callMethod, hasMethod } from './library/methods.ts';
import { passesTest } from './library/tests.ts';
import { MAX_LEVELS } from './limits.ts';
import {
  Cycler,
  Dict,
  describe,
  itemsOf,
  Loop,
  Macro,
  type Runtime,
  refuseUndefined,
  Tuple,
  Undefined,
  valueOr,
} from './runtime.ts';
import { type Arguments, type Expression, pathOf, type Target } from './syntax/syntax.ts';
import { limitError, renderError } from './syntax/template-error.ts';
import { readAttribute, readItem, readSlice } from './values/access.ts';
import { compute, computeSign } from './values/arithmetic.ts';
import { COMPARISONS, isTrue } from './values/comparison.ts';
import { textOf } from './values/python-text.ts';

export interface Scope {
  readonly name: string;
  value: Runtime;
  readonly outer: Scope | null;
}

/** How templates take the value of a cell. */
type OpenCell = (value: Value, budget: Services['budget']) => Runtime;

/** The expressions of one rendering. */
export class ExpressionEvaluation {
  /** Offset of the operation under way: where an error is. */
  at = 0;
  protected readonly services: Services;
  /** Statements and expressions that are under way, in each other. */
  protected depth = 0;
  /** The names that the template has assigned, the last one first. */
  protected scope: Scope | null = null;
  readonly #values: { readonly [name: string]: Value };
  readonly #open: OpenCell;
  /** Whether a missing field may only be asked whether it is there. */
  readonly #isStrict: boolean;
  /** Columns read so far, opened. */
  readonly #opened = new Map<string, Runtime>();

  constructor(
    values: { readonly [name: string]: Value },
    { open, isStrict = false, ...services }: Services & { open: OpenCell; isStrict?: boolean },
  ) {
    this.#values = values;
    this.#open = open;
    this.#isStrict = isStrict;
    this.services = services;
  }

  /** The value of an expression that is looked at: a strict evaluation refuses a missing one. */
  use(expression: Expression): Runtime {
    const value = this.evaluate(expression);
    if (this.#isStrict) refuseUndefined(value);
    return value;
  }

  /** The value of an expression. */
  evaluate(expression: Expression): Runtime {
    this.enter();
    const value = this.#compute(expression);
    this.depth--;
    return value;
  }

  /** Pays for a visit, one level further in: an error on the way ends the rendering, so that nothing has to be undone. */
  protected enter(): void {
    this.services.budget.spend(1);
    if (++this.depth > MAX_LEVELS)
      throw limitError('Cannot finish the template: too many calls and operations are in each other');
  }

  #compute(expression: Expression): Runtime {
    const { budget } = this.services;
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'name':
        return this.#lookUp(expression.name);
      case 'list':
        return this.#evaluateAll(expression.items);
      case 'tuple':
        return new Tuple(this.#evaluateAll(expression.items));
      case 'dict': {
        const entries = expression.entries.map(
          ([key, value]) => [this.evaluate(key), this.evaluate(value)] as const,
        );
        this.at = expression.at;
        return new Dict(entries, budget);
      }
      case 'attribute':
        return this.#attribute(expression);
      case 'item': {
        const object = this.evaluate(expression.object);
        const key = this.evaluate(expression.key);
        this.at = expression.at;
        return valueOr(readItem(object, key, budget), () => missing(expression));
      }
      case 'slice': {
        const object = this.evaluate(expression.object);
        const [start, stop, step] = [expression.start, expression.stop, expression.step].map((bound) =>
          bound === null ? null : this.evaluate(bound),
        ) as [Runtime, Runtime, Runtime];
        this.at = expression.at;
        return readSlice(object, { start, stop, step }, budget);
      }
      case 'call': {
        const object = this.evaluate(expression.object);
        const given = this.callOf(expression);
        this.at = expression.at;
        return callMethod(object, expression.method, given);
      }
      case 'function': {
        const given = this.callOf(expression);
        this.at = expression.at;
        return this.callAssigned(expression.name, given);
      }
      case 'filter': {
        const isForMissing = ['default', 'd'].includes(expression.name);
        const value = isForMissing ? this.evaluate(expression.object) : this.use(expression.object);
        const given = this.callOf(expression);
        this.at = expression.at;
        return applyFilter(expression.name, value, given);
      }
      case 'test': {
        const value = this.evaluate(expression.object);
        const positional = this.#evaluateAll(expression.positional);
        this.at = expression.at;
        return passesTest(expression.name, value, { positional, budget }) !== expression.negated;
      }
      case 'unary': {
        if (expression.operator === 'not') return !isTrue(this.use(expression.operand));
        const value = this.evaluate(expression.operand);
        this.at = expression.at;
        return computeSign(expression.operator, value);
      }
      case 'binary': {
        const left = this.evaluate(expression.left);
        const right = this.evaluate(expression.right);
        this.at = expression.at;
        return compute(expression.operator, left, right, budget);
      }
      case 'concat': {
        const parts = expression.items.map((item) => textOf(this.use(item), budget));
        this.at = expression.at;
        budget.allocate(parts.reduce((sum, part) => sum + part.length, 0));
        return parts.join('');
      }
      case 'compare':
        return this.#compare(expression);
      case 'and': {
        const left = this.use(expression.left);
        return isTrue(left) ? this.evaluate(expression.right) : left;
      }
      case 'or': {
        const left = this.use(expression.left);
        return isTrue(left) ? left : this.evaluate(expression.right);
      }
      case 'condition':
        if (isTrue(this.use(expression.test))) return this.evaluate(expression.chosen);
        return expression.otherwise === null
          ? new Undefined('The condition is false and there is no "else"')
          : this.evaluate(expression.otherwise);
    }
  }

  #evaluateAll(expressions: readonly Expression[]): readonly Runtime[] {
    return expressions.map((expression) => this.evaluate(expression));
  }

  protected callOf({ positional, named }: Arguments): Call {
    return {
      ...this.services,
      positional: this.#evaluateAll(positional),
      named:
        named.length === 0 ? NO_NAMED : new Map(named.map(([name, value]) => [name, this.evaluate(value)])),
    };
  }

  protected scopeOf(name: string): Scope | null {
    let scope = this.scope;
    while (scope !== null && scope.name !== name) scope = scope.outer;
    return scope;
  }

  #lookUp(name: string): Runtime {
    const scope = this.scopeOf(name);
    if (scope !== null) return scope.value;
    const opened = this.#opened.get(name);
    if (opened !== undefined) return opened;
    const value = Object.hasOwn(this.#values, name)
      ? this.#open(findOwn(this.#values, name)!, this.services.budget)
      : new Undefined(`"${name}" is undefined`);
    this.#opened.set(name, value);
    return value;
  }

  #attribute(expression: Extract<Expression, { kind: 'attribute' }>): Runtime {
    const object = this.evaluate(expression.object);
    this.at = expression.at;
    const value = readAttribute(object, expression.name, this.services.budget);
    if (value !== undefined) return value;
    if (hasMethod(object, expression.name)) {
      throw renderError(
        `Cannot use "${expression.name}" as a value: it is a method, write ${expression.name}()`,
      );
    }
    return missing(expression);
  }

  #compare({ first, rest, at }: Extract<Expression, { kind: 'compare' }>): Runtime {
    let left = this.use(first);
    for (const { operator, operand } of rest) {
      const right = this.use(operand);
      this.at = at;
      if (!COMPARISONS[operator](left, right, this.services.budget)) return false;
      left = right;
    }
    return true;
  }

  protected assign(target: Target, value: Runtime): void {
    if (typeof target === 'string') {
      this.scope = { name: target, value, outer: this.scope };
      return;
    }
    const items = itemsOf(value, this.services.budget);
    if (items.length !== target.length) {
      throw renderError(
        `Cannot unpack the item: ${plural(target.length, 'name')} for ${plural(items.length, 'value')}`,
      );
    }
    for (const [index, name] of target.entries()) this.assign(name, items[index]!);
  }

  protected callAssigned(name: string, given: Call): Runtime {
    const assigned = this.scopeOf(name)?.value;
    if (assigned === undefined) return callFunction(name, given);
    if (assigned instanceof Macro) return assigned.call(given.positional, given.named);
    if (assigned instanceof Cycler && !assigned.isEndless) return assigned.next();
    if (assigned instanceof Loop && assigned.recurse !== null)
      return assigned.recurse(given.positional[0] ?? null);
    throw renderError(`Cannot call "${name}": ${describe(assigned)} is no function`);
  }
}

const NO_NAMED: ReadonlyMap<string, Runtime> = new Map();

function missing(expression: Expression): Undefined {
  return new Undefined(`"${pathOf(expression)}" is undefined`);
}
