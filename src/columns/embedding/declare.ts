// `embedding`: the vectors of a text, or of each text of a list.

import type { z } from 'zod';
import type { PlanColumn } from '../../plan.ts';
import { columnFields, type Declaration, skipFields } from '../declaration.ts';
import { map } from '../fields.ts';
import { columnName, modelAlias } from '../marks.ts';
import { FLOAT, INT, list, struct } from '../types.ts';

export interface EmbeddingForm {
  readonly target: string;
  readonly alias: string;
}
export type EmbeddingColumn = PlanColumn<'embedding', EmbeddingForm>;

const TYPE = struct({ embeddings: list(list(FLOAT)), num_embeddings: INT, dimension: INT });

const schema = map({
  ...columnFields('embedding'),
  target_column: columnName(),
  model_alias: modelAlias('embeddings'),
  ...skipFields(),
});

export const declare: Declaration<
  'embedding',
  z.output<typeof schema>,
  EmbeddingForm,
  z.input<typeof schema>
> = {
  kind: 'embedding',
  about: 'The vectors of a text, or of each text of a list: `{embeddings, num_embeddings, dimension}`.',
  schema,
  type: () => TYPE,
  form: ({ target_column, model_alias }) => ({ target: target_column, alias: model_alias }),
  strategy: () => 'cell',
  limiters: ({ alias }) => [{ model: alias }],
  costs: () => true,
  onError: 'drop',
  readVersion: 1,
  words: { target: { word: 'target column', field: 'target_column' }, alias: null },
  follows: {},
  whyNoRedo: null,
  source: () => null,
  causeWord: null,
};
