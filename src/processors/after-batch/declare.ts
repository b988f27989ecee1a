// `after_batch`: a function of the user's that is given the rows of a group when they are written, and returns them with
// changed values and added columns.

import type { z } from 'zod';
import { filledText, map, oneOf } from '../../columns/fields.ts';
import { formatProblems, madeColumns, typeOfFormat } from '../../columns/made-columns.ts';
import type { PlanProcessor } from '../../plan.ts';
import { formatJson } from '../../values.ts';
import type { ProcessorDeclaration } from '../declaration.ts';
import {
  checkFunction,
  FUNCTION_WORDS,
  type FunctionForm,
  functionFields,
  functionForm,
  functionRefs,
} from '../user-function.ts';

export interface AfterBatchForm extends FunctionForm {
  /** The columns that it adds; `schema` is the JSON text of one. */
  readonly makes: readonly { readonly name: string; readonly schema: string | null }[];
}
export type AfterBatch = PlanProcessor<'after_batch', AfterBatchForm>;

const schema = map({
  name: filledText(),
  stage: oneOf(['after_batch']),
  ...functionFields(),
  side_effect_columns: madeColumns(),
});

export const declare: ProcessorDeclaration<
  'after_batch',
  z.output<typeof schema>,
  AfterBatchForm,
  z.input<typeof schema>
> = {
  kind: 'after_batch',
  needsBatch: true,
  schema,
  check(config, checks) {
    checkFunction(config, checks);
    for (const [index, { output_format }] of config.side_effect_columns.entries())
      for (const { path, message } of formatProblems(output_format))
        checks.add(['side_effect_columns', index, 'output_format', ...path], message);
  },
  adds: ({ side_effect_columns }) =>
    side_effect_columns.map(({ name, output_format }, index) => ({
      name,
      type: typeOfFormat(output_format),
      path: ['side_effect_columns', index],
    })),
  modules: functionRefs,
  form: (config, facts) => ({
    ...functionForm(config, facts),
    makes: config.side_effect_columns.map(({ name, output_format }) => ({
      name,
      schema: output_format === null ? null : formatJson(output_format),
    })),
  }),
  words: { ...FUNCTION_WORDS, makes: 'side effect columns' },
};
