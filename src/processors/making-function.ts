// What the processors of users' modules have in common that are given finished rows: they may add columns.

import type { z } from 'zod';
import { filledText, map, oneOf } from '../columns/fields.ts';
import { formatProblems, madeColumns, typeOfFormat } from '../columns/made-columns.ts';
import { typedValue } from '../columns/typed-value.ts';
import type { OutputColumn, PlanProcessor } from '../plan.ts';
import { formatJson, parseJson, type Value } from '../values.ts';
import type { ProcessorDeclaration } from './declaration.ts';
import {
  checkFunction,
  FUNCTION_WORDS,
  type FunctionForm,
  functionFields,
  functionForm,
  functionRefs,
} from './user-function.ts';

export interface MakingForm extends FunctionForm {
  /** The columns that it adds; `schema` is the JSON text of one. */
  readonly makes: readonly { readonly name: string; readonly schema: string | null }[];
}

const schemaOf = <Stage extends string>(stage: Stage) =>
  map({
    name: filledText(),
    stage: oneOf([stage]),
    ...functionFields(),
    side_effect_columns: madeColumns(),
  });
type MakingConfig<Stage extends string> = z.output<ReturnType<typeof schemaOf<Stage>>>;

/** The declaration of a stage. */
export function declareMaking<Stage extends string>(
  kind: Stage,
  own: Pick<ProcessorDeclaration<Stage, never, never>, 'stage' | 'needsBatch'>,
): ProcessorDeclaration<Stage, MakingConfig<Stage>, MakingForm, z.input<ReturnType<typeof schemaOf<Stage>>>> {
  return {
    kind,
    ...own,
    schema: schemaOf(kind),
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
}

/** The value of one of the columns as the files have it; it throws `CellError` for what it cannot be. */
export function openKeep(
  { form }: PlanProcessor<string, MakingForm>,
  columns: readonly OutputColumn[],
): (column: string, value: Value) => Value {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const schemas = new Map(
    form.makes.flatMap(({ name, schema }) => (schema === null ? [] : [[name, parseJson(schema)]])),
  );
  return (column, value) =>
    typedValue(value, { column, type: types.get(column)!, schema: schemas.get(column) });
}
