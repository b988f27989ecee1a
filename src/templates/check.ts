// What can be told from the tree alone: how deeply it is nested, which names it takes from the row, and which fields it
// reads that can never be there.
//
// Data Designer refuses trees of more than 10 levels, and so refuses a condition with six `and`s, each of
// which is a level of Jinja's tree. Here a level is a real one: a chain of one kind (`a and b and c`,
// `a + b - c`, `a.b[0].c`, `x | f | g`, `… if … else … if … else …`) is as deep as its deepest link. All that
// passes there passes here.

import { assigned, type Names, namesIn } from './assigned-names.ts';
import { DICT_METHOD_NAMES } from './library/methods.ts';
import { MAX_SECURE_DEPTH } from './limits.ts';
import {
  either,
  fieldOf,
  isObject,
  listOf,
  missingField,
  pairsOf,
  type Shape,
  type ShapeOf,
  valuesOf,
} from './shape.ts';
import { type Arguments, type Expression, type MacroParts, pathOf, type Statement } from './syntax/syntax.ts';

export interface TreeFacts {
  /** The names that a template takes from the row, sorted. */
  readonly variables: readonly string[];
  /** Offset of the first node that is nested too deeply, or `null`. */
  readonly tooDeepAt: number | null;
  readonly missingFields: readonly MissingField[];
}

/** A field that is read where none of this name can be. */
export interface MissingField {
  readonly at: number;
  readonly message: string;
  /** Whether the template asks first whether it is there. */
  readonly isGuarded: boolean;
}

/** Looks at the statements of a template. */
export function factsOfTemplate(statements: readonly Statement[], shapeOf: ShapeOf = () => null): TreeFacts {
  const walk = new Walk(shapeOf);
  // The template and the statement are levels of Data Designer's tree as well.
  walk.statements(statements, 2, new Map());
  return walk.facts();
}

/** Looks at a bare expression as Data Designer does: as if it stood between braces. */
export function factsOfExpression(expression: Expression, shapeOf: ShapeOf = () => null): TreeFacts {
  const walk = new Walk(shapeOf);
  walk.expression(expression, 3, new Map());
  return walk.facts();
}

class Walk {
  readonly #variables = new Set<string>();
  readonly #missingFields: MissingField[] = [];
  readonly #shapeOf: ShapeOf;
  #tooDeepAt: number | null = null;
  #isGuarded = false;

  constructor(shapeOf: ShapeOf) {
    this.#shapeOf = shapeOf;
  }

  facts(): TreeFacts {
    // What a template asks for in one place may be read in another.
    const asked = new Set(
      this.#missingFields.flatMap(({ isGuarded, message }) => (isGuarded ? message : [])),
    );
    return {
      variables: [...this.#variables].sort(),
      tooDeepAt: this.#tooDeepAt,
      missingFields: this.#missingFields.map((field) => ({ ...field, isGuarded: asked.has(field.message) })),
    };
  }

  /** Looks at statements one after the other, and tells which names are assigned after them. */
  statements(statements: readonly Statement[], depth: number, bound: Names): Names {
    return statements.reduce((names, statement) => this.#statement(statement, depth, names), bound);
  }

  #statement(statement: Statement, depth: number, bound: Names): Names {
    this.#enter(statement.at, depth);
    switch (statement.kind) {
      case 'text':
        break;
      case 'output':
        this.expression(statement.expression, depth + 1, bound);
        break;
      case 'if': {
        const after = statement.branches.map(({ test, body }) => {
          this.expression(test, depth + 1, bound);
          return this.statements(body, depth + 1, bound);
        });
        const [first, ...more] = [...after, this.statements(statement.otherwise, depth + 1, bound)];
        return new Map([...first!].filter(([name]) => more.every((names) => names.has(name))));
      }
      case 'for': {
        const iterable = this.expression(statement.iterable, depth + 1, bound);
        const item = new Map([...bound, ...assigned(statement.target, iterable?.item?.() ?? null)]);
        if (statement.test !== null) this.expression(statement.test, depth + 1, item);
        this.statements(statement.body, depth + 1, new Map([...item, ['loop', null]]));
        this.statements(statement.otherwise, depth + 1, bound);
        break;
      }
      case 'with': {
        const names = statement.bindings.flatMap(({ target, value }) =>
          assigned(target, this.expression(value, depth + 1, bound)),
        );
        this.statements(statement.body, depth + 1, new Map([...bound, ...names]));
        break;
      }
      case 'filter-block':
        for (const filter of statement.filters) this.#arguments(filter, depth + 2, bound);
        this.statements(statement.body, depth + 1, bound);
        return statement.target === null ? bound : new Map([...bound, [statement.target, null]]);
      case 'set': {
        const shape = this.expression(statement.value, depth + 1, bound);
        return new Map([...bound, ...assigned(statement.target, shape)]);
      }
      case 'macro': {
        const after = new Map([...bound, [statement.name, null]]);
        this.#macro(statement, depth, after);
        return after;
      }
      case 'call':
        this.expression(statement.macro, depth + 1, bound);
        this.#macro(statement, depth, bound);
        break;
      case 'autoescape':
        this.expression(statement.value, depth + 1, bound);
        this.statements(statement.body, depth + 1, bound);
        break;
    }
    return bound;
  }

  #macro(macro: MacroParts, depth: number, bound: Names): void {
    const fallbacks = macro.parameters.flatMap(({ fallback }) => fallback ?? []);
    this.#expressions(fallbacks, depth + 1, bound);
    this.statements(macro.body, depth + 1, new Map([...bound, ...namesIn(macro)]));
  }

  /** Looks at an expression, and tells what is known of its value. */
  expression(expression: Expression, depth: number, bound: Names): Shape | null {
    this.#enter(expression.at, depth);
    switch (expression.kind) {
      case 'constant':
        return null;
      case 'name': {
        const shape = bound.get(expression.name);
        if (shape !== undefined) return shape;
        this.#variables.add(expression.name);
        return this.#shapeOf(expression.name);
      }
      case 'list': {
        const items = this.#expressions(expression.items, depth + 1, bound);
        return listOf(() => either(items));
      }
      case 'tuple':
      case 'concat':
        this.#expressions(expression.items, depth + 1, bound);
        return null;
      case 'dict':
        this.#expressions(expression.entries.flat(), depth + 1, bound);
        return null;
      case 'attribute': {
        const shape = this.#object(expression.object, depth, bound);
        return this.#field(shape, { ...expression, path: pathOf(expression.object) });
      }
      case 'item': {
        const { object, key } = expression;
        const shape = this.#object(object, depth, bound);
        this.expression(key, depth + 1, bound);
        const isName = key.kind === 'constant' && typeof key.value === 'string';
        if (!isName && shape?.isText) return shape;
        if (!isName && shape?.item !== undefined) {
          const part = key.kind === 'constant' ? shape.parts?.()[Number(key.value)] : undefined;
          return part === undefined ? shape.item() : part;
        }
        if (key.kind !== 'constant') return (shape?.names.length === 0 && shape.rest?.()) || null;
        return this.#field(shape, { at: key.at, path: pathOf(object), name: String(key.value) });
      }
      case 'slice': {
        const { start, stop, step } = expression;
        const shape = this.#object(expression.object, depth, bound);
        this.#expressions(
          [start, stop, step].filter((bound) => bound !== null),
          depth + 1,
          bound,
        );
        return shape;
      }
      case 'function':
        this.#arguments(expression, depth + 1, bound);
        return null;
      case 'call':
      case 'filter': {
        this.#isGuarded ||= expression.kind === 'filter' && ['default', 'd'].includes(expression.name);
        const shape = this.#object(expression.object, depth, bound);
        this.#isGuarded = false;
        this.#arguments(expression, depth + 1, bound);
        return expression.kind === 'call'
          ? this.#called(shape, expression)
          : this.#filtered(shape, expression);
      }
      case 'test':
        this.#isGuarded = ['defined', 'undefined'].includes(expression.name);
        this.#object(expression.object, depth, bound);
        this.#isGuarded = false;
        this.#expressions(expression.positional, depth + 1, bound);
        return null;
      case 'unary':
        this.expression(expression.operand, depth + 1, bound);
        return null;
      case 'binary':
        this.expression(expression.left, depth + (expression.left.kind === 'binary' ? 0 : 1), bound);
        this.expression(expression.right, depth + 1, bound);
        return null;
      case 'compare': {
        const { first, rest } = expression;
        const operands = rest.map(({ operand }) => operand);
        const [, shape] = this.#expressions([first, ...operands], depth + 1, bound);
        const isAsked = rest[0]!.operator.endsWith('in') && first.kind === 'constant';
        if (isAsked && shape && isObject(shape))
          this.#field(shape, {
            at: first.at,
            path: pathOf(operands[0]!),
            name: String(first.value),
            isGuarded: true,
          });
        return null;
      }
      case 'and':
      case 'or':
        return either([
          this.expression(expression.left, depth + (expression.left.kind === expression.kind ? 0 : 1), bound),
          this.expression(expression.right, depth + 1, bound),
        ]);
      case 'condition': {
        const { test, chosen, otherwise } = expression;
        const [, shape] = this.#expressions([test, chosen], depth + 1, bound);
        if (otherwise === null) return shape ?? null;
        const isChain = otherwise.kind === 'condition';
        return either([shape ?? null, this.expression(otherwise, depth + (isChain ? 0 : 1), bound)]);
      }
    }
  }

  /** What stands before a dot, a bracket, a filter or a test: a link of the same chain. */
  #object(object: Expression, depth: number, bound: Names): Shape | null {
    const isLink = ['attribute', 'item', 'slice', 'call', 'filter', 'test'].includes(object.kind);
    return this.expression(object, depth + (isLink ? 0 : 1), bound);
  }

  #expressions(expressions: readonly Expression[], depth: number, bound: Names): readonly (Shape | null)[] {
    return expressions.map((expression) => this.expression(expression, depth, bound));
  }

  #arguments({ positional, named }: Arguments, depth: number, bound: Names): void {
    this.#expressions([...positional, ...named.map(([, value]) => value)], depth, bound);
  }

  /** The field of a value, which is noted when it can never be there. */
  #field(
    shape: Shape | null,
    {
      at,
      path,
      name,
      isGuarded = this.#isGuarded,
    }: { readonly at: number; readonly path: string; readonly name: string; readonly isGuarded?: boolean },
  ): Shape | null {
    if (shape === null) return null;
    const field = fieldOf(shape, name);
    if (field !== undefined) return field;
    this.#missingFields.push({ at, message: missingField(path, shape, name), isGuarded });
    return null;
  }

  #called(shape: Shape | null, call: Extract<Expression, { kind: 'call' }>): Shape | null {
    const { method, object, positional, at } = call;
    const [key] = positional;
    if (shape === null || !isObject(shape)) return null;
    if (!DICT_METHOD_NAMES.includes(method)) {
      if (shape.item !== undefined) return null;
      const message = `${pathOf(object)} is an object, which has no method "${method}"`;
      this.#missingFields.push({ at, message, isGuarded: false });
      return null;
    }
    switch (method) {
      case 'get':
        if (key?.kind !== 'constant') return null;
        return this.#field(shape, {
          at,
          path: pathOf(object),
          name: String(key.value),
          isGuarded: positional.length > 1,
        });
      case 'items':
        return pairsOf(shape);
      case 'values':
        return valuesOf(shape);
      default:
        return method === 'copy' ? shape : null;
    }
  }

  #filtered(shape: Shape | null, filter: Extract<Expression, { kind: 'filter' }>): Shape | null {
    if (filter.name === 'items') return shape === null ? null : pairsOf(shape);
    if (shape?.item === undefined || isObject(shape)) return null;
    const item = shape.item();
    const named = filter.named.find(([name]) => name === 'attribute')?.[1];
    const attribute = named ?? (BY_ATTRIBUTE.includes(filter.name) ? filter.positional[0] : undefined);
    let read: Shape | null = null;
    if (attribute?.kind === 'constant' && typeof attribute.value === 'string') {
      const path = `an item of ${pathOf(filter.object)}`;
      for (const fields of attribute.value.split(',')) {
        read = fields.split('.').reduce((part, name) => {
          if (/^\d+$/.test(name) && part?.item !== undefined) return part.item();
          const isGuarded = filter.named.some(([other]) => other === 'default');
          return this.#field(part, { at: attribute.at, path, name, isGuarded });
        }, item);
      }
    }
    if (filter.name === 'map') return listOf(() => read);
    if (ONE_OF_ITEMS.includes(filter.name)) return item;
    return SAME_ITEMS.includes(filter.name) ? shape : null;
  }

  #enter(at: number, depth: number): void {
    if (depth > MAX_SECURE_DEPTH) this.#tooDeepAt ??= at;
  }
}

/** Filters that give one of the items of a list. */
const ONE_OF_ITEMS: readonly string[] = ['first', 'last', 'max', 'min', 'random'];
/** Filters that give a list of items of the list. */
const SAME_ITEMS = ['list', 'reverse', 'sort', 'unique', 'select', 'reject', 'selectattr', 'rejectattr'];
/** Filters whose first argument is an attribute of the items. */
const BY_ATTRIBUTE: readonly string[] = ['selectattr', 'rejectattr', 'groupby'];
