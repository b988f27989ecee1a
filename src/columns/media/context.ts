// `multi_modal_context`: the columns whose images, sounds and videos a model is shown beside the prompt.

import { z } from 'zod';
import { formatJson, parseJson } from '../../values.ts';
import { oneOf, plainValue } from '../fields.ts';
import { columnName } from '../marks.ts';

export const MODALITIES = ['image', 'audio', 'video'] as const;
export type Modality = (typeof MODALITIES)[number];

/** By modality: the formats that are known, each with what HTTP calls it. They are the endings of files, too. */
export const FORMATS: Readonly<Record<Modality, Readonly<Record<string, string>>>> = {
  image: {
    ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' },
  },
  audio: { mp3: 'audio/mpeg', wav: 'audio/wav' },
  video: { mp4: 'video/mp4', mov: 'video/quicktime', webm: 'video/webm' },
};

/** One column of a context, as it stands in a form. */
export interface MediaContext {
  readonly modality: Modality;
  readonly column: string;
  /** What its cells hold; null: each is looked at. */
  readonly dataType: 'url' | 'base64' | null;
  /** Of base64 text that does not say it itself. */
  readonly format: string | null;
}

/** Older documents have images alone and do not say so. */
function withModality(input: unknown): unknown {
  const fields = plainValue(input);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return fields;
  const isOlder = !['modality', 'audio_format', 'video_format'].some((name) => Object.hasOwn(fields, name));
  return isOlder ? { modality: 'image', ...fields } : fields;
}

const optional = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  oneOf(words).nullable().default(null);

// Not strict: Data Designer takes these items with any other fields beside.
const fields = z
  .object({
    modality: oneOf(MODALITIES),
    column_name: columnName(),
    data_type: optional(['url', 'base64']),
    image_format: optional(['png', 'jpg', 'jpeg', 'gif', 'webp']),
    audio_format: optional(['mp3', 'wav']),
    video_format: optional(['mp4', 'mov', 'webm']),
  })
  .superRefine((item, context) => {
    const field = `${item.modality}_format` as const;
    if (item.data_type !== 'base64' || item[field] !== null) return;
    const message = `is missing: base64 text does not say what it is, so name one of ${Object.keys(FORMATS[item.modality]).join(', ')}`;
    context.addIssue({ code: 'custom', path: [field], message });
  });

type ContextInput = Omit<z.input<typeof fields>, 'modality'> & { readonly modality?: Modality };

export const mediaContexts = () =>
  z
    .array(z.preprocess(withModality, fields) as unknown as z.ZodType<z.output<typeof fields>, ContextInput>)
    .nullable()
    .default(null);

export type ContextConfig = z.output<ReturnType<typeof mediaContexts>>;

/** What a form has of a context: JSON text, as a model is shown things in their order. None leaves no field. */
export function contextForm(config: ContextConfig): { readonly context?: string } {
  if (config === null || config.length === 0) return {};
  const contexts = config.map(
    (item): MediaContext => ({
      modality: item.modality,
      column: item.column_name,
      dataType: item.data_type,
      format: item[`${item.modality}_format`],
    }),
  );
  return { context: formatJson(contexts as never) };
}

export function contextsOf({ context }: { readonly context?: string }): readonly MediaContext[] {
  return context === undefined ? [] : (parseJson(context) as unknown as readonly MediaContext[]);
}

/** The words for a change of it. */
export const CONTEXT_WORD = { word: 'context', field: 'multi_modal_context' } as const;
