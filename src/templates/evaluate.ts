// Runs the statements of a template over the values of one row. Every visit of a node costs a step.

import { ExpressionEvaluation, type Scope } from './evaluate-expression.ts';
import { applyFilter } from './library/filters.ts';
import { escapeHtml } from './library/text-filters.ts';
import { LEVELS_A_CALL, MAX_OUTPUT_CHARACTERS } from './limits.ts';
import { Dict, itemsOf, Loop, Macro, Namespace, type Runtime, Tuple, Undefined, valueOr } from './runtime.ts';
import { type Expression, isMarked, type MacroParts, type Statement, type Target } from './syntax/syntax.ts';
import { limitError, renderError } from './syntax/template-error.ts';
import { isTrue } from './values/comparison.ts';
import { lengthOf, textOf } from './values/python-text.ts';

/** One rendering. */
export class Evaluation extends ExpressionEvaluation {
  #parts: string[] = [];
  #units = 0;
  #escapes = false;

  /** The text that statements print. */
  render(statements: readonly Statement[]): string {
    this.#runAll(statements);
    const text = this.#parts.join('');
    if (text.length > MAX_OUTPUT_CHARACTERS && lengthOf(text) > MAX_OUTPUT_CHARACTERS) throw tooLong();
    return text;
  }

  #runAll(statements: readonly Statement[]): void {
    for (const statement of statements) {
      this.enter();
      this.#run(statement);
      this.depth--;
    }
  }

  #run(statement: Statement): void {
    switch (statement.kind) {
      case 'text':
        this.#print(statement.text);
        break;
      case 'output': {
        const value = this.use(statement.expression);
        this.at = statement.at;
        const text = textOf(value, this.services.budget);
        const isPlain = !this.#escapes || isMarked(statement.expression);
        this.#print(isPlain ? text : escapeHtml(text));
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
      case 'set':
        this.#set(statement);
        break;
      case 'macro': {
        // It sees itself, so that it can call itself.
        const scope: Scope = { name: statement.name, value: null, outer: this.scope };
        scope.value = this.#macroOf(statement.name, statement, scope);
        this.scope = scope;
        break;
      }
      case 'call': {
        const { macro } = statement;
        const caller = this.#macroOf('caller', statement, this.scope);
        const given = this.callOf(macro);
        const named = new Map([...given.named, ['caller', caller]] as const);
        this.at = statement.at;
        this.#print(textOf(this.callAssigned(macro.name, { ...given, named }), this.services.budget));
        break;
      }
      case 'autoescape': {
        const outer = this.#escapes;
        this.#escapes = isTrue(this.use(statement.value));
        this.#runAll(statement.body);
        this.#escapes = outer;
        break;
      }
      case 'with': {
        const outer = this.scope;
        const values = statement.bindings.map(({ value }) => this.evaluate(value));
        for (const [index, { target }] of statement.bindings.entries()) this.assign(target, values[index]!);
        this.#runAll(statement.body);
        this.scope = outer;
        break;
      }
      case 'filter-block': {
        let value: Runtime = this.#textOf(() => this.#runAll(statement.body));
        for (const filter of statement.filters) {
          this.at = filter.at;
          value = applyFilter(filter.name, value, this.callOf(filter));
        }
        if (statement.target === null) this.#print(textOf(value, this.services.budget));
        else this.assign(statement.target, value);
        break;
      }
    }
  }

  #set({ target, value: expression, at }: Extract<Statement, { kind: 'set' }>): void {
    const value = this.evaluate(expression);
    this.at = at;
    if (typeof target !== 'object' || !('namespace' in target)) {
      this.assign(target, value);
      return;
    }
    const object = this.scopeOf(target.namespace)?.value;
    if (!(object instanceof Namespace))
      throw renderError(`Cannot assign to a field of "${target.namespace}": it is no namespace(…)`);
    object.set(target.field, value, this.services.budget);
  }

  /** What is printed while `run` runs, which leaves no names behind. */
  #textOf(run: () => void): string {
    const [parts, scope] = [this.#parts, this.scope];
    this.#parts = [];
    run();
    const text = this.#parts.join('');
    this.#parts = parts;
    this.scope = scope;
    this.#units -= text.length;
    return text;
  }

  /** The same of a call of a macro or a recursive loop, of which nothing else tells the end. */
  #textOfCall(run: () => void): string {
    this.depth += LEVELS_A_CALL;
    const text = this.#textOf(run);
    this.depth -= LEVELS_A_CALL;
    return text;
  }

  /** `scope`: where it is defined, which is what its body sees. */
  #macroOf(name: string, { parameters, takes, body }: MacroParts, scope: Scope | null): Macro {
    return new Macro(name, (positional, named) =>
      this.#textOfCall(() => {
        this.scope = scope;
        const names = parameters.map((parameter) => parameter.name);
        const extra = positional.slice(names.length);
        const unknown = [...named].filter(([key]) => key !== 'caller' && !names.includes(key));
        const wrong =
          (extra.length > 0 && !takes.includes('varargs')) ||
          (unknown.length > 0 && !takes.includes('kwargs')) ||
          names.some((key, index) => index < positional.length && named.has(key));
        if (wrong) throw renderError(`Cannot call "${name}": it takes ${names.join(', ') || 'nothing'}`);
        this.assign('caller', named.get('caller') ?? new Undefined('"caller" is undefined'));
        this.assign('varargs', new Tuple(extra));
        this.assign('kwargs', new Dict(unknown, this.services.budget));
        for (const [index, { name: own, fallback }] of parameters.entries()) {
          const given = index < positional.length ? positional[index] : named.get(own);
          this.assign(
            own,
            valueOr(given, () =>
              fallback === null ? new Undefined(`"${own}" is undefined`) : this.evaluate(fallback),
            ),
          );
        }
        this.#runAll(body);
      }),
    );
  }

  #runFor(statement: Extract<Statement, { kind: 'for' }>): void {
    this.#loop(statement, this.use(statement.iterable), 1);
  }

  #loop(statement: Extract<Statement, { kind: 'for' }>, all: Runtime, depth: number): void {
    const { target, test, body, otherwise, at, isRecursive } = statement;
    const outer = this.scope;
    this.at = at;
    const { budget } = this.services;
    const items = itemsOf(all, budget);
    budget.spend(items.length);
    const taken = test === null ? items : items.filter((item) => this.#isTaken(test, target, item));
    const recurse = (further: Runtime): Runtime =>
      this.#textOfCall(() => {
        this.scope = outer;
        this.#loop(statement, further, depth + 1);
      });
    const loop = new Loop(taken, depth, isRecursive ? recurse : null);
    for (const [index, item] of taken.entries()) {
      loop.index = index;
      this.at = at;
      this.assign(target, item);
      this.assign('loop', loop);
      this.#runAll(body);
      this.scope = outer;
    }
    if (taken.length === 0) this.#runAll(otherwise);
  }

  #isTaken(test: Expression, target: Target, item: Runtime): boolean {
    const outer = this.scope;
    this.assign(target, item);
    const isTaken = isTrue(this.use(test));
    this.scope = outer;
    return isTaken;
  }

  #print(text: string): void {
    this.#units += text.length;
    // A character is at most two units.
    if (this.#units > 2 * MAX_OUTPUT_CHARACTERS) throw tooLong();
    this.services.budget.spend(text.length >> 8);
    this.#parts.push(text);
  }
}

function tooLong(): Error {
  return limitError(
    `Cannot render the template: the text has more than ${MAX_OUTPUT_CHARACTERS.toLocaleString('en')} characters`,
  );
}
