// What can be told from the tree alone: how deeply it is nested, and which names it takes from the row.
//
// Data Designer refuses trees of more than 10 levels, and so refuses a condition with six `and`s, each of
// which is a level of Jinja's tree. Here a level is a real one: a chain of one kind (`a and b and c`,
// `a + b - c`, `a.b[0].c`, `x | f | g`, `… if … else … if … else …`) is as deep as its deepest link. All that
// passes there passes here.

import { MAX_DEPTH } from './limits.ts';
import { type Expression, namesIn, type Statement } from './syntax.ts';

export interface TreeFacts {
  /** The names that a template takes from the row, sorted. */
  readonly variables: readonly string[];
  /** Offset of the first node that is nested too deeply, or `null`. */
  readonly tooDeepAt: number | null;
}

/** Looks at the statements of a template. */
export function factsOfTemplate(statements: readonly Statement[]): TreeFacts {
  const walk = new Walk();
  // The template and the statement are levels of Data Designer's tree as well.
  walk.statements(statements, 2, new Set());
  return walk.facts();
}

/** Looks at a bare expression as Data Designer does: as if it stood between braces. */
export function factsOfExpression(expression: Expression): TreeFacts {
  const walk = new Walk();
  walk.expression(expression, 3, new Set());
  return walk.facts();
}

type Names = ReadonlySet<string>;

class Walk {
  readonly #variables = new Set<string>();
  #tooDeepAt: number | null = null;

  facts(): TreeFacts {
    return { variables: [...this.#variables].sort(), tooDeepAt: this.#tooDeepAt };
  }

  statements(statements: readonly Statement[], depth: number, bound: Names): void {
    for (const statement of statements) this.#statement(statement, depth, bound);
  }

  #statement(statement: Statement, depth: number, bound: Names): void {
    this.#enter(statement.at, depth);
    switch (statement.kind) {
      case 'text':
        break;
      case 'output':
        this.expression(statement.expression, depth + 1, bound);
        break;
      case 'if':
        for (const { test, body } of statement.branches) {
          this.expression(test, depth + 1, bound);
          this.statements(body, depth + 1, bound);
        }
        this.statements(statement.otherwise, depth + 1, bound);
        break;
      case 'for': {
        this.expression(statement.iterable, depth + 1, bound);
        const item = new Set([...bound, ...namesIn(statement.target)]);
        if (statement.test !== null) this.expression(statement.test, depth + 1, item);
        this.statements(statement.body, depth + 1, new Set([...item, 'loop']));
        this.statements(statement.otherwise, depth + 1, bound);
        break;
      }
      case 'with': {
        const names = statement.bindings.flatMap(({ target }) => namesIn(target));
        for (const { value } of statement.bindings) this.expression(value, depth + 1, bound);
        this.statements(statement.body, depth + 1, new Set([...bound, ...names]));
        break;
      }
      case 'filter-block':
        for (const { positional, named } of statement.filters) {
          this.#expressions([...positional, ...named.map(([, value]) => value)], depth + 2, bound);
        }
        this.statements(statement.body, depth + 1, bound);
        break;
    }
  }

  expression(expression: Expression, depth: number, bound: Names): void {
    this.#enter(expression.at, depth);
    switch (expression.kind) {
      case 'constant':
        break;
      case 'name':
        if (!bound.has(expression.name)) this.#variables.add(expression.name);
        break;
      case 'list':
      case 'tuple':
      case 'concat':
        this.#expressions(expression.items, depth + 1, bound);
        break;
      case 'dict':
        this.#expressions(expression.entries.flat(), depth + 1, bound);
        break;
      case 'attribute':
        this.#object(expression.object, depth, bound);
        break;
      case 'item':
        this.#object(expression.object, depth, bound);
        this.expression(expression.key, depth + 1, bound);
        break;
      case 'slice': {
        const { start, stop, step } = expression;
        this.#object(expression.object, depth, bound);
        this.#expressions(
          [start, stop, step].filter((bound) => bound !== null),
          depth + 1,
          bound,
        );
        break;
      }
      case 'call':
      case 'filter':
        this.#object(expression.object, depth, bound);
        this.#expressions(
          [...expression.positional, ...expression.named.map(([, value]) => value)],
          depth + 1,
          bound,
        );
        break;
      case 'test':
        this.#object(expression.object, depth, bound);
        this.#expressions(expression.positional, depth + 1, bound);
        break;
      case 'unary':
        this.expression(expression.operand, depth + 1, bound);
        break;
      case 'binary':
        this.expression(expression.left, depth + (expression.left.kind === 'binary' ? 0 : 1), bound);
        this.expression(expression.right, depth + 1, bound);
        break;
      case 'compare':
        this.#expressions(
          [expression.first, ...expression.rest.map(({ operand }) => operand)],
          depth + 1,
          bound,
        );
        break;
      case 'and':
      case 'or':
        this.expression(expression.left, depth + (expression.left.kind === expression.kind ? 0 : 1), bound);
        this.expression(expression.right, depth + 1, bound);
        break;
      case 'condition':
        this.#expressions([expression.test, expression.chosen], depth + 1, bound);
        if (expression.otherwise === null) return;
        this.expression(
          expression.otherwise,
          depth + (expression.otherwise.kind === 'condition' ? 0 : 1),
          bound,
        );
        break;
    }
  }

  /** What stands before a dot, a bracket, a filter or a test: a link of the same chain. */
  #object(object: Expression, depth: number, bound: Names): void {
    const isLink = ['attribute', 'item', 'slice', 'call', 'filter', 'test'].includes(object.kind);
    this.expression(object, depth + (isLink ? 0 : 1), bound);
  }

  #expressions(expressions: readonly Expression[], depth: number, bound: Names): void {
    for (const expression of expressions) this.expression(expression, depth, bound);
  }

  #enter(at: number, depth: number): void {
    if (depth > MAX_DEPTH) this.#tooDeepAt ??= at;
  }
}
