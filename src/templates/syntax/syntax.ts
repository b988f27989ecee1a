// The syntax tree of a template. `at` is the offset of a node in the template's text.

/** An expression: what stands between `{{` and `}}`. */
export type Expression = { readonly at: number } & (
  | { readonly kind: 'constant'; readonly value: null | boolean | bigint | number | string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly object: Expression; readonly key: Expression }
  | ({ readonly kind: 'slice'; readonly object: Expression } & SliceBounds)
  | ({ readonly kind: 'call'; readonly object: Expression; readonly method: string } & Arguments)
  | ({ readonly kind: 'function'; readonly name: string } & Arguments)
  | ({ readonly kind: 'filter'; readonly object: Expression; readonly name: string } & Arguments)
  | {
      readonly kind: 'test';
      readonly object: Expression;
      readonly name: string;
      readonly positional: readonly Expression[];
      readonly negated: boolean;
    }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'concat'; readonly items: readonly Expression[] }
  | { readonly kind: 'compare'; readonly first: Expression; readonly rest: readonly Comparison[] }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'condition';
      readonly test: Expression;
      readonly chosen: Expression;
      readonly otherwise: Expression | null;
    }
);

interface SliceBounds {
  readonly start: Expression | null;
  readonly stop: Expression | null;
  readonly step: Expression | null;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface Comparison {
  readonly operator: CompareOperator;
  readonly operand: Expression;
}

/** What a loop or `with` assigns to: a name, or names to unpack into. */
export type Target = string | readonly Target[];

export type Statement = { readonly at: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly expression: Expression }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: 'for';
      readonly isRecursive: boolean;
      readonly target: Target;
      readonly iterable: Expression;
      readonly test: Expression | null;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: 'with';
      readonly bindings: readonly { readonly target: Target; readonly value: Expression }[];
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: 'filter-block';
      /** The name that the text is assigned to, instead of being printed. */
      readonly target: string | null;
      readonly filters: readonly FilterCall[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'set'; readonly target: Target | FieldTarget; readonly value: Expression }
  | ({ readonly kind: 'macro'; readonly name: string } & MacroParts)
  /** Calls a macro, which finds the body as `caller`. */
  | ({ readonly kind: 'call'; readonly macro: Extract<Expression, { kind: 'function' }> } & MacroParts)
  | { readonly kind: 'autoescape'; readonly value: Expression; readonly body: readonly Statement[] }
);

export interface MacroParts {
  readonly parameters: readonly { readonly name: string; readonly fallback: Expression | null }[];
  /** The names in its body: arguments beyond the parameters are taken where it reads `varargs` or `kwargs`. */
  readonly takes: readonly string[];
  readonly body: readonly Statement[];
}

/** `set ns.name`: a field of what `namespace` made. */
export interface FieldTarget {
  readonly namespace: string;
  readonly field: string;
}

export interface FilterCall extends Arguments {
  readonly name: string;
  readonly at: number;
}

/** What an expression reads, as it is written: `a.b[0]`. */
export function pathOf(expression: Expression): string {
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'attribute':
      return `${pathOf(expression.object)}.${expression.name}`;
    case 'item':
      return `${pathOf(expression.object)}[${pathOf(expression.key)}]`;
    case 'constant':
      return typeof expression.value === 'string' ? `'${expression.value}'` : String(expression.value);
    default:
      return '…';
  }
}

/** Whether Jinja would mark the value as one that is not to be escaped. */
export function isMarked(expression: Expression): boolean {
  return expression.kind === 'filter' && MARKING.includes(expression.name);
}

const MARKING = ['escape', 'e', 'forceescape', 'safe', 'tojson', 'striptags'];
