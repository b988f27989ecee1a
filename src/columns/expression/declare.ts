// `expression`: a template over the row, as text, number or truth value.

import { z } from 'zod';
import { CellError } from '../../errors.ts';
import type { ColumnType, PlanColumn } from '../../plan.ts';
import { isObject, NO_FIELDS, type Shape, type ShapeOf } from '../../templates/shape.ts';
import { pathOf } from '../../templates/syntax/syntax.ts';
import { TemplateSyntaxError } from '../../templates/syntax/template-error.ts';
import { parseTemplate } from '../../templates/template.ts';
import { columnFields, type Declaration, skipFields } from '../declaration.ts';
import { describe, map, oneOf } from '../fields.ts';
import { template } from '../marks.ts';
import { castValue, DTYPES, type Dtype } from './cast.ts';

export interface ExpressionForm {
  readonly expr: string;
  readonly dtype: Dtype;
}
export type ExpressionColumn = PlanColumn<'expression', ExpressionForm>;

const TYPES: { readonly [Name in Dtype]: ColumnType } = {
  str: { kind: 'text' },
  int: { kind: 'int' },
  float: { kind: 'float' },
  bool: { kind: 'bool' },
};

const schema = map({
  ...columnFields('expression'),
  expr: template(),
  dtype: oneOf(DTYPES).default('str'),
  ...skipFields(),
}).transform((config, context) => {
  const { skip, dtype } = config;
  if (skip === null || skip.value === null) return config;
  try {
    return { ...config, skip: { ...skip, value: castValue(skip.value, dtype) } };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    context.addIssue({
      ...{ code: 'custom', path: ['skip', 'value'], input: skip.value },
      message: `is ${describe(skip.value)}, which is no ${dtype}`,
    });
    return z.NEVER;
  }
});

export const declare: Declaration<
  'expression',
  z.output<typeof schema>,
  ExpressionForm,
  z.input<typeof schema>
> = {
  kind: 'expression',
  about: 'A template over the row, computed wherever it is needed, without a call.',
  schema,
  type: ({ dtype }) => TYPES[dtype],
  shape: ({ expr, dtype }, shapeOf) => (dtype === 'str' ? shapeOfPrinted(expr, shapeOf) : undefined),
  form: ({ expr, dtype }) => ({ expr, dtype }),
  strategy: () => 'inline',
  limiters: () => [],
  costs: () => false,
  onError: 'drop',
  readVersion: 1,
  words: { expr: { word: 'expression', field: 'expr' }, dtype: 'dtype' },
  follows: {},
  whyNoRedo: 'it is computed from other columns. Edit its expr, or redo a column that it needs',
  source: ({ expr }) => `expression ${expr}`,
  causeWord: null,
};

/** Text may be JSON, so nothing is known of it; but a printed object is none. */
function shapeOfPrinted(expr: string, shapeOf: ShapeOf): Shape | null {
  try {
    const [first, ...more] = parseTemplate(expr).statements;
    if (first?.kind !== 'output' || first.expression.kind !== 'name' || more.length > 0) return null;
    const shape = shapeOf(first.expression.name);
    return shape !== null && isObject(shape) && shape.item === undefined
      ? { ...NO_FIELDS, printed: pathOf(first.expression) }
      : null;
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    return null;
  }
}
