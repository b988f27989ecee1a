// `before_batch`: a function of the user's that is given the roots of one row, and changes them or drops the row.

import type { z } from 'zod';
import { filledText, map, oneOf } from '../../columns/fields.ts';
import type { PlanProcessor } from '../../plan.ts';
import type { ProcessorDeclaration } from '../declaration.ts';
import {
  checkFunction,
  FUNCTION_WORDS,
  type FunctionForm,
  functionFields,
  functionForm,
  functionRefs,
} from '../user-function.ts';

export type BeforeBatch = PlanProcessor<'before_batch', FunctionForm>;

const schema = map({ name: filledText(), stage: oneOf(['before_batch']), ...functionFields() });

export const declare: ProcessorDeclaration<
  'before_batch',
  z.output<typeof schema>,
  FunctionForm,
  z.input<typeof schema>
> = {
  kind: 'before_batch',
  stage: 'beforeBatch',
  schema,
  check: checkFunction,
  modules: functionRefs,
  form: functionForm,
  words: FUNCTION_WORDS,
};
