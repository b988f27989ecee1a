// Runs a syntax tree over the values of one row. Every visit of a node costs a step.

import { findOwn } from '../own-keys.ts';
import { plural } from '../text/plural.ts';
import type { Value } from '../values.ts';
import type { Call, Services } from './library/argument-binding.ts';
import { applyFilter } from './library/filters.ts';
import { callFunction } from './library/functions.ts';
import { callMethod, hasMethod } from './library/methods.ts';
import { passesTest } from './library/tests.ts';
import { MAX_OUTPUT_CHARACTERS } from './limits.ts';
import {
  Cycler,
  Dict,
  describe,
  itemsOf,
  Loop,
  type Runtime,
  refuseUndefined,
  Tuple,
  Undefined,
  valueOr,
} from './runtime.ts';
import { type Arguments, type Expression, pathOf, type Statement, type Target } from './syntax/syntax.ts';
import { limitError, renderError } from './syntax/template-error.ts';
import { readAttribute, readItem, readSlice } from './values/access.ts';
import { compute, computeSign } from './values/arithmetic.ts';
import { COMPARISONS, isTrue } from './values/comparison.ts';
import { lengthOf, textOf } from './values/python-text.ts';

interface Scope {
  readonly name: string;
  readonly value: Runtime;
  readonly outer: Scope | null;
}

/** How templates take the value of a cell. */
type OpenCell = (value: Value, budget: Services['budget']) => Runtime;

/** One rendering. */
export class Evaluation {
  /** Offset of the operation under way: where an error is. */
  at = 0;
  readonly #values: { readonly [name: string]: Value };
  readonly #services: Services;
  readonly #open: OpenCell;
  /** Whether a missing field may only be asked whether it is there. */
  readonly #isStrict: boolean;
  /** Columns read so far, opened. */
  readonly #opened = new Map<string, Runtime>();
  #scope: Scope | null = null;
  #parts: string[] = [];
  #units = 0;

  constructor(
    values: { readonly [name: string]: Value },
    { open, isStrict = false, ...services }: Services & { open: OpenCell; isStrict?: boolean },
  ) {
    this.#values = values;
    this.#open = open;
    this.#isStrict = isStrict;
    this.#services = services;
  }

  /** The text that statements print. */
  render(statements: readonly Statement[]): string {
    this.#runAll(statements);
    const text = this.#parts.join('');
    if (text.length > MAX_OUTPUT_CHARACTERS && lengthOf(text) > MAX_OUTPUT_CHARACTERS) throw tooLong();
    return text;
  }

  #runAll(statements: readonly Statement[]): void {
    for (const statement of statements) this.#run(statement);
  }

  #run(statement: Statement): void {
    this.#services.budget.spend(1);
    switch (statement.kind) {
      case 'text':
        this.#print(statement.text);
        break;
      case 'output': {
        const value = this.use(statement.expression);
        this.at = statement.at;
        this.#print(textOf(value, this.#services.budget));
        break;
      }
      case 'if': {
        const branch = statement.branches.find(({ test }) => isTrue(this.use(test)));
        this.#runAll(branch === undefined ? statement.otherwise : branch.body);
        break;
      }
      case 'for':
        this.#runFor(statement);
        break;
      case 'with': {
        const outer = this.#scope;
        const values = statement.bindings.map(({ value }) => this.evaluate(value));
        for (const [index, { target }] of statement.bindings.entries()) this.#assign(target, values[index]!);
        this.#runAll(statement.body);
        this.#scope = outer;
        break;
      }
      case 'filter-block': {
        const outerParts = this.#parts;
        const outer = this.#scope;
        this.#parts = [];
        this.#runAll(statement.body);
        let value: Runtime = this.#parts.join('');
        this.#parts = outerParts;
        this.#scope = outer;
        this.#units -= value.length;
        for (const filter of statement.filters) {
          this.at = filter.at;
          value = applyFilter(filter.name, value, this.#callOf(filter));
        }
        if (statement.target === null) this.#print(textOf(value, this.#services.budget));
        else this.#assign(statement.target, value);
        break;
      }
    }
  }

  #runFor({ target, iterable, test, body, otherwise, at }: Extract<Statement, { kind: 'for' }>): void {
    const outer = this.#scope;
    const all = this.use(iterable);
    this.at = at;
    const { budget } = this.#services;
    const items = itemsOf(all, budget);
    budget.spend(items.length);
    const taken = test === null ? items : items.filter((item) => this.#isTaken(test, target, item));
    const loop = new Loop(taken);
    for (const [index, item] of taken.entries()) {
      loop.index = index;
      this.at = at;
      this.#assign(target, item);
      this.#assign('loop', loop);
      this.#runAll(body);
      this.#scope = outer;
    }
    if (taken.length === 0) this.#runAll(otherwise);
  }

  #isTaken(test: Expression, target: Target, item: Runtime): boolean {
    const outer = this.#scope;
    this.#assign(target, item);
    const isTaken = isTrue(this.use(test));
    this.#scope = outer;
    return isTaken;
  }

  #assign(target: Target, value: Runtime): void {
    if (typeof target === 'string') {
      this.#scope = { name: target, value, outer: this.#scope };
      return;
    }
    const items = itemsOf(value, this.#services.budget);
    if (items.length !== target.length) {
      throw renderError(
        `Cannot unpack the item: ${plural(target.length, 'name')} for ${plural(items.length, 'value')}`,
      );
    }
    for (const [index, name] of target.entries()) this.#assign(name, items[index]!);
  }

  #print(text: string): void {
    this.#units += text.length;
    // A character is at most two units.
    if (this.#units > 2 * MAX_OUTPUT_CHARACTERS) throw tooLong();
    this.#services.budget.spend(text.length >> 8);
    this.#parts.push(text);
  }

  /** The value of an expression that is looked at: a strict evaluation refuses a missing one. */
  use(expression: Expression): Runtime {
    const value = this.evaluate(expression);
    if (this.#isStrict) refuseUndefined(value);
    return value;
  }

  /** The value of an expression. */
  evaluate(expression: Expression): Runtime {
    const { budget } = this.#services;
    budget.spend(1);
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
        const given = this.#callOf(expression);
        this.at = expression.at;
        return callMethod(object, expression.method, given);
      }
      case 'function': {
        const given = this.#callOf(expression);
        const assigned = this.#scopeOf(expression.name)?.value;
        this.at = expression.at;
        if (assigned === undefined) return callFunction(expression.name, given);
        if (assigned instanceof Cycler && !assigned.isEndless) return assigned.next();
        throw renderError(`Cannot call "${expression.name}": ${describe(assigned)} is no function`);
      }
      case 'filter': {
        const value = this.use(expression.object);
        const given = this.#callOf(expression);
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

  #callOf({ positional, named }: Arguments): Call {
    return {
      ...this.#services,
      positional: this.#evaluateAll(positional),
      named:
        named.length === 0 ? NO_NAMED : new Map(named.map(([name, value]) => [name, this.evaluate(value)])),
    };
  }

  #scopeOf(name: string): Scope | null {
    let scope = this.#scope;
    while (scope !== null && scope.name !== name) scope = scope.outer;
    return scope;
  }

  #lookUp(name: string): Runtime {
    const scope = this.#scopeOf(name);
    if (scope !== null) return scope.value;
    const opened = this.#opened.get(name);
    if (opened !== undefined) return opened;
    const value = Object.hasOwn(this.#values, name)
      ? this.#open(findOwn(this.#values, name)!, this.#services.budget)
      : new Undefined(`"${name}" is undefined`);
    this.#opened.set(name, value);
    return value;
  }

  #attribute(expression: Extract<Expression, { kind: 'attribute' }>): Runtime {
    const object = this.evaluate(expression.object);
    this.at = expression.at;
    const value = readAttribute(object, expression.name, this.#services.budget);
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
      if (!COMPARISONS[operator](left, right, this.#services.budget)) return false;
      left = right;
    }
    return true;
  }
}

const NO_NAMED: ReadonlyMap<string, Runtime> = new Map();

function tooLong(): Error {
  return limitError(
    `Cannot render the template: the text has more than ${MAX_OUTPUT_CHARACTERS.toLocaleString('en')} characters`,
  );
}

function missing(expression: Expression): Undefined {
  return new Undefined(`"${pathOf(expression)}" is undefined`);
}
