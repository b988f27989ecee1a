// Jinja templates: parse once, list what they need, render many times. No template runs JavaScript, and any ends within
// 100 ms (see limits.ts). There is one engine: all that Data Designer's secure engine takes renders as it does there, and
// `refusals` tell what only its native one takes.

import type { Value } from '../values.ts';
import { factsOfExpression, factsOfTemplate, type MissingField, type TreeFacts } from './check.ts';
import { Evaluation } from './evaluate.ts';
import { Budget, MAX_SECURE_DEPTH } from './limits.ts';
import {
  CellText,
  describe,
  entriesOf,
  ItemView,
  isList,
  isMapping,
  type Runtime,
  Tuple,
  Undefined,
} from './runtime.ts';
import type { ShapeOf } from './shape.ts';
import { tokenize, tokenizeExpression } from './syntax/lexer.ts';
import { parseExpressionNode } from './syntax/parse-expression.ts';
import { parseStatements } from './syntax/parse-template.ts';
import type { Expression as ExpressionNode, Statement } from './syntax/syntax.ts';
import { placeOf, renderError, TemplateRenderError, TemplateSyntaxError } from './syntax/template-error.ts';
import { type Refusal, TokenStream } from './syntax/token-stream.ts';
import { openCell } from './values/cell-text.ts';
import { isTrue } from './values/comparison.ts';
import { textOf } from './values/python-text.ts';

/** A parsed template. */
export interface Template {
  readonly source: string;
  /** The names that it takes from the row, sorted. */
  readonly variables: readonly string[];
  readonly statements: readonly Statement[];
  /** What Data Designer's secure engine does not take of it. */
  readonly refusals: readonly Refusal[];
}

/** A parsed expression without braces. */
export interface Expression {
  readonly source: string;
  /** The names that it takes from the row, sorted. */
  readonly variables: readonly string[];
  readonly node: ExpressionNode;
  /** What Data Designer's secure engine does not take of it. */
  readonly refusals: readonly Refusal[];
}

export type TemplateValues = { readonly [name: string]: Value };

export interface RenderOptions {
  /** A uniform draw from [0, 1) for the filter `random`, keyed by the caller. */
  readonly draw: () => number;
}

/** Parses a template. Throws `TemplateSyntaxError` for bad syntax and for all that templates may not do. */
export function parseTemplate(source: string): Template {
  const stream = new TokenStream(source, tokenize(source));
  const statements = parseStatements(stream);
  return { source, statements, ...partsOf(stream, factsOfTemplate(statements)) };
}

/** The fields that a template or an expression reads where they can never be. */
export function missingFieldsOf(read: Template | Expression, shapeOf: ShapeOf): readonly MissingField[] {
  const facts =
    'node' in read ? factsOfExpression(read.node, shapeOf) : factsOfTemplate(read.statements, shapeOf);
  return facts.missingFields;
}

/** Parses an expression without braces, such as a condition of a sampler. Throws `TemplateSyntaxError`. */
export function parseExpression(source: string): Expression {
  if (/^\s*\{\{/.test(source)) {
    throw new TemplateSyntaxError(
      'Cannot read the expression: it stands here without braces',
      placeOf(source, 0),
    );
  }
  const stream = new TokenStream(source, tokenizeExpression(source));
  const node = parseExpressionNode(stream);
  if (stream.current.type !== 'end') throw stream.unexpected('expected the end');
  return { source, node, ...partsOf(stream, factsOfExpression(node)) };
}

/**
 * Renders a template with the values of a row. A missing field prints nothing. Throws `TemplateRenderError`: a
 * name or a field below something missing, values that an operation does not fit, or a limit.
 */
export function renderTemplate(template: Template, values: TemplateValues, { draw }: RenderOptions): string {
  const evaluation = new Evaluation(values, { budget: new Budget(), draw, open: openCell });
  return located(template.source, evaluation, () => evaluation.render(template.statements));
}

/**
 * The value of an expression; a missing field is `null`. Texts are not opened, as Data Designer leaves them in
 * conditions: the text "2" is not 2. Throws `TemplateRenderError`.
 */
export function evaluateExpression(
  expression: Expression,
  values: TemplateValues,
  { draw }: RenderOptions,
): Value {
  const budget = new Budget();
  const evaluation = new Evaluation(values, { budget, draw, open: (value) => value });
  return located(expression.source, evaluation, () => toValue(evaluation.evaluate(expression.node), budget));
}

/**
 * Whether a condition in braces holds, as Data Designer's native templates tell: a missing value is none to look at, and a
 * text counts as the Python literal that it is, if it is one. With anything around its braces it is text, and holds.
 * Throws `TemplateRenderError`.
 */
export function conditionHolds(template: Template, values: TemplateValues, { draw }: RenderOptions): boolean {
  const budget = new Budget();
  const evaluation = new Evaluation(values, { budget, draw, open: openCell, isStrict: true });
  return located(template.source, evaluation, () => {
    const [first, ...more] = template.statements;
    if (first?.kind !== 'output' || more.length > 0) {
      return !isFalseText(evaluation.render(template.statements));
    }
    const value = evaluation.use(first.expression);
    const text = value instanceof CellText ? value.text : value;
    return typeof text === 'string' ? !isFalseText(text) : isTrue(text);
  });
}

/** Literals that Python takes for false: `ast.literal_eval` reads them; blanks before them are an indentation, an error. */
const FALSE_LITERAL =
  /^(?:|None|False|(?:[+-]\s*)?(?:0(?:_?0)*|0(?:_?0)*\.(?:0(?:_?0)*)?|\.0(?:_?0)*|0(?:_?0)*\.?(?:0(?:_?0)*)?e[+-]?\d+|0x[0_]+|0b[0_]+|0o[0_]+)j?|[bru]{0,2}(?:''|"")|\[\s*\]|\{\s*\}|\(\s*\)|set\(\s*\))$/;

function isFalseText(text: string): boolean {
  return FALSE_LITERAL.test(text);
}

function partsOf(
  { refusals }: TokenStream,
  { variables, tooDeepAt }: TreeFacts,
): Pick<Template, 'variables' | 'refusals'> {
  if (tooDeepAt === null) return { variables, refusals };
  const what = `more than ${MAX_SECURE_DEPTH} levels in each other`;
  return { variables, refusals: [...refusals, { at: tooDeepAt, what, level: 'error' }] };
}

/** Adds to an error the place of the operation under way. */
function located<Result>(source: string, evaluation: Evaluation, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TemplateRenderError)) throw error;
    throw new TemplateRenderError(error.kind, error.message, placeOf(source, evaluation.at));
  }
}

function toValue(value: Runtime, budget: Budget): Value {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint')
    return value;
  if (value instanceof CellText) return value.text;
  budget.spend(1);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw renderError('Cannot keep the number: it is not finite');
    return value;
  }
  if (isList(value)) return value.map((item) => toValue(item, budget));
  if (value instanceof Tuple || value instanceof ItemView)
    return value.items.map((item) => toValue(item, budget));
  if (value instanceof Undefined) return null;
  if (!isMapping(value)) throw renderError(`Cannot keep ${describe(value)} as a value`);
  return Object.fromEntries(
    entriesOf(value, budget).map(([key, item]) => [textOf(key, budget), toValue(item, budget)]),
  );
}
