// `image`: the pictures that a model makes, as files of the dataset; a cell is the list of their paths.

import type { z } from 'zod';
import type { PlanColumn } from '../../plan.ts';
import { listOf, TEXT } from '../../templates/shape.ts';
import { columnFields, type Declaration, skipFields } from '../declaration.ts';
import { map } from '../fields.ts';
import { modelAlias, prompt } from '../marks.ts';
import { CONTEXT_WORD, contextForm, mediaContexts } from '../media/context.ts';

export interface ImageForm {
  readonly prompt: string;
  readonly alias: string;
  /** What is shown beside the prompt, see `contextsOf`; left out where nothing is. */
  readonly context?: string;
}
export type ImageColumn = PlanColumn<'image', ImageForm>;

const schema = map({
  ...columnFields('image'),
  prompt: prompt(),
  model_alias: modelAlias('images'),
  multi_modal_context: mediaContexts(),
  ...skipFields(),
});

export const declare: Declaration<'image', z.output<typeof schema>, ImageForm, z.input<typeof schema>> = {
  kind: 'image',
  about:
    'The pictures that a model makes, as a list of paths below the dataset: `images/<column>/<hash of the content>.png`.',
  schema,
  type: () => ({ kind: 'list', item: { kind: 'text' } }),
  // The path of an image.
  shape: () => listOf(() => TEXT),
  check({ prompt: text }, { add }) {
    if (text.trim() === '') add(['prompt'], 'is empty');
  },
  form: (config) => ({
    prompt: config.prompt,
    alias: config.model_alias,
    ...contextForm(config.multi_modal_context),
  }),
  strategy: () => 'cell',
  limiters: ({ alias }) => [{ model: alias }],
  costs: () => true,
  onError: 'drop',
  readVersion: 1,
  words: { prompt: 'prompt', alias: null, context: CONTEXT_WORD },
  follows: {},
  whyNoRedo: null,
  source: () => null,
  causeWord: null,
};
