import { CellError } from '../../errors.ts';
import { parseTemplate, renderTemplate } from '../../templates/template.ts';
import type { InlineMaker } from '../maker.ts';
import { orFailCell } from '../or-fail-cell.ts';
import { castText } from './cast.ts';
import type { ExpressionColumn } from './declare.ts';

/** A value renders, casts and is not empty, or it throws `CellError`. */
export const make: InlineMaker<ExpressionColumn> = {
  shape: 'inline',
  open({ form: { expr, dtype } }) {
    const template = parseTemplate(expr);
    return ({ values, draw }) => {
      const text = orFailCell(() => renderTemplate(template, values, { draw: draw() }));
      if (text.trim() === '') {
        throw new CellError('EmptyRenderedExpression', 'Cannot use the expression: it renders empty');
      }
      return castText(text, dtype);
    };
  },
};
