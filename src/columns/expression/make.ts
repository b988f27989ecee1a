// `expression`: what a template prints, cast to a type.

import type { InlineMaker } from '../maker.ts';
import type { ExpressionColumn } from './declare.ts';
import { makeExpression } from './expression.ts';

export const make: InlineMaker<ExpressionColumn> = {
  shape: 'inline',
  open({ form }) {
    const evaluate = makeExpression(form);
    return ({ values, draw }) => evaluate({ values, draw: draw() });
  },
};
