// The generator of `expression` columns.

import type { Source } from '../../draws.ts';
import { CellError } from '../../errors.ts';
import type { RowValues } from '../../rows/generator.ts';
import { TemplateRenderError } from '../../templates/syntax/template-error.ts';
import { parseTemplate, renderTemplate } from '../../templates/template.ts';
import type { Value } from '../../values.ts';
import { castText } from './cast.ts';
import type { ExpressionForm } from './declare.ts';

interface ExpressionPlace {
  readonly values: RowValues;
  /** For the filter `random`. */
  readonly draw: Source;
}

/** Makes one cell. Throws `CellError`: it renders empty, cannot be rendered, or does not cast. */
export type EvaluateExpression = (place: ExpressionPlace) => Value;

/** Parses the expression once. Throws `TemplateSyntaxError`. */
export function makeExpression({ expr, dtype }: ExpressionForm): EvaluateExpression {
  const template = parseTemplate(expr);
  return ({ values, draw }) => {
    const text = orCellError(() => renderTemplate(template, values, { draw }));
    if (text.trim() === '') {
      throw new CellError('EmptyRenderedExpression', 'Cannot use the expression: it renders empty');
    }
    return castText(text, dtype);
  };
}

/** Runs a template; what its values do not allow is the cell's failure. */
export function orCellError<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TemplateRenderError)) throw error;
    throw new CellError('TemplateRenderError', error.message);
  }
}
