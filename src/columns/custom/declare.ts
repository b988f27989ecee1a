// `custom`: a function of the user's, of a module that is bundled with the dataset or an activity of a Temporal worker.

import { z } from 'zod';
import type { PlanColumn } from '../../plan.ts';
import { shapeOfSchema } from '../../schemas/shape-of-schema.ts';
import { formatJson } from '../../values.ts';
import { type ColumnChecks, columnFields, type Declaration, skipFields } from '../declaration.ts';
import { filledText, flag, map, oneOf, value, whole } from '../fields.ts';
import { formatProblems, madeColumns, outputFormat, typeOfFormat } from '../made-columns.ts';
import { columnName, modelAlias } from '../marks.ts';
import { isCode, moduleOf, moduleRefs } from '../module-name.ts';

/**
 * How the function is called.
 *   row       for each row by itself
 *   column    once, with all rows of a group
 *   in order  for one row after the other, with what it keeps between them
 */
export type Calling = 'row' | 'column' | 'in order';

export interface CustomForm {
  /** The bundle that runs, where the function is a module's. */
  readonly module: { readonly hash: string; readonly export: string } | null;
  /** Where it is an activity's. */
  readonly activity: { readonly queue: string; readonly name: string } | null;
  /** What stands for the code in digests: its bundle and export, or nothing where `version` does. */
  readonly code: string | null;
  readonly version: string | null;
  readonly calling: Calling;
  readonly reads: readonly string[];
  readonly aliases: readonly string[];
  /** JSON text. */
  readonly params: string;
  /** The columns that it makes, its own first; `schema` is the JSON text of one. */
  readonly makes: readonly { readonly name: string; readonly schema: string | null }[];
}
export type CustomColumn = PlanColumn<'custom', CustomForm>;

const schema = map({
  ...columnFields('custom'),
  generator_function: filledText(),
  required_columns: z.array(columnName()).default([]),
  side_effect_columns: madeColumns(),
  model_aliases: z.array(modelAlias('text')).default([]),
  generator_params: value().default(null),
  generation_strategy: oneOf(['cell_by_cell', 'full_column']).nullable().default(null),
  in_order: flag().default(false),
  concurrency: whole({ min: 1 }).nullable().default(null),
  output_format: outputFormat(),
  version: filledText().nullable().default(null),
  task_queue: filledText().nullable().default(null),
  ...skipFields(),
});
type CustomConfig = z.output<typeof schema>;

export const declare: Declaration<'custom', CustomConfig, CustomForm, z.input<typeof schema>> = {
  kind: 'custom',
  about:
    'What a function of yours makes of a row, or of all rows of a row group; it may ask models, and make several columns.',
  schema,
  check,
  modules({ generator_function, task_queue }) {
    return task_queue === null ? moduleRefs(generator_function, ['generator_function']) : [];
  },
  sideEffects: ({ side_effect_columns }) =>
    side_effect_columns.map(({ name, output_format }) => ({ name, type: typeOfFormat(output_format) })),
  type: ({ output_format }) => typeOfFormat(output_format),
  shape: ({ output_format }) => (output_format === null ? undefined : shapeOfSchema(output_format)),
  form(config, { modules }) {
    const { generator_function: name, task_queue: queue, version } = config;
    const { file, export: exported } = moduleOf(name);
    const module = queue === null ? { hash: modules.get(file) ?? '', export: exported } : null;
    const own = { name: config.name, output_format: config.output_format };
    return {
      module,
      activity: queue === null ? null : { queue, name },
      code: module === null || version !== null ? null : `${module.hash}#${module.export}`,
      version: version,
      calling: callingOf(config),
      reads: config.required_columns,
      aliases: config.model_aliases,
      params: formatJson(config.generator_params),
      makes: [own, ...config.side_effect_columns].map((made) => ({
        name: made.name,
        schema: made.output_format === null ? null : formatJson(made.output_format),
      })),
    };
  },
  strategy: ({ calling }) => (calling === 'row' ? 'cell' : 'column'),
  // A function that asks models mostly waits for them: so many cells go at once as the models take, not as there are threads.
  limiters: ({ activity, aliases }) => {
    if (activity !== null) return [{ queue: activity.queue }];
    return aliases.length === 0 ? [{ threads: 'cpu' }] : aliases.map((model) => ({ model }));
  },
  inOrder: ({ calling }) => calling === 'in order',
  costs: () => true,
  onError: 'drop',
  readVersion: 1,
  words: {
    code: { word: 'function', field: 'generator_function' },
    version: 'version',
    calling: { word: 'generation strategy', field: 'generation_strategy' },
    reads: { word: 'required columns', field: 'required_columns' },
    params: { word: 'generator params', field: 'generator_params' },
    makes: { word: 'output format', field: 'output_format' },
    activity: { word: 'activity', field: 'generator_function' },
    module: null,
    aliases: null,
  },
  follows: { seed: 'seed changed' },
  whyNoRedo: null,
  source: () => null,
  causeWord: null,
};

function callingOf({ in_order, generation_strategy }: CustomConfig): Calling {
  if (in_order) return 'in order';
  return generation_strategy === 'full_column' ? 'column' : 'row';
}

function check(config: CustomConfig, checks: ColumnChecks): void {
  const { add } = checks;
  if (config.task_queue === null) checkModule(config, checks);
  else checkActivity(config, checks);
  const { in_order, concurrency, generation_strategy, side_effect_columns } = config;
  if (in_order && generation_strategy !== null)
    add(
      ['generation_strategy'],
      `is "${generation_strategy}", but in_order calls the function for one row after the other: leave one of them out`,
    );
  if (concurrency !== null && !in_order)
    add(['concurrency'], 'is for in_order alone: how many cells go at once follows from the models');
  if (concurrency !== null && concurrency !== 1)
    add(['concurrency'], `cannot be ${concurrency}: rows in order go one at a time`);
  for (const { path, format } of [
    { path: ['output_format'], format: config.output_format },
    ...side_effect_columns.map(({ output_format }, index) => ({
      path: ['side_effect_columns', index, 'output_format'],
      format: output_format,
    })),
  ]) {
    for (const problem of formatProblems(format)) add([...path, ...problem.path], problem.message);
  }
}

function checkModule({ generator_function }: CustomConfig, { add }: ColumnChecks): void {
  const { file, export: exported } = moduleOf(generator_function);
  if (file === '' || exported === '')
    add(['generator_function'], 'has to be a module and its export: ./gen.ts#title');
  else if (!isCode(file))
    add(
      ['generator_function'],
      `names "${file}", which is no JavaScript or TypeScript: write ./gen.ts#title, or add the task_queue of a Temporal activity`,
    );
}

/** An activity is told of files alone, and runs where nobody here knows its code. */
function checkActivity(config: CustomConfig, { add }: ColumnChecks): void {
  const { version, model_aliases, in_order, generation_strategy } = config;
  if (version === null)
    add(
      ['task_queue'],
      'needs a version beside it: nobody here sees the code of an activity, so only that tells a changed one',
    );
  if (model_aliases.length > 0)
    add(['model_aliases'], 'cannot be given to a Temporal activity: it asks models by itself');
  if (in_order) add(['in_order'], 'is for functions of a module: an activity gets rows as they are ready');
  if (generation_strategy === 'full_column')
    add(['generation_strategy'], 'is for functions of a module: an activity gets rows as they are ready');
}
