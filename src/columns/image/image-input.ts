// What a picture is made from: prompt and context, and the digest of all that can change it.

import { digestOf } from '../../digest.ts';
import { CellError } from '../../errors.ts';
import type { Message } from '../../models/model-client.ts';
import { providerKindOf } from '../../models/providers/kinds.ts';
import { findOwn } from '../../own-keys.ts';
import { parseTemplate } from '../../templates/template.ts';
import { formatJson } from '../../values.ts';
import { type ChatInput, renderPrompt } from '../llm/chat-input.ts';
import type { Keyed, Opening, RowView } from '../maker.ts';
import { contextsOf } from '../media/context.ts';
import { digestOfMedia, mediaOf, type ShownMedia } from '../media/media-of.ts';
import type { ImageColumn } from './declare.ts';

/** The input of a row; it throws `CellError`. */
export function openImageInputs(
  { name, form, needs }: ImageColumn,
  { plan, local }: Opening,
): (row: RowView) => Keyed<ChatInput> {
  const prompt = parseTemplate(form.prompt);
  const { model, providerType, extraBody } = findOwn(plan.models, form.alias)!;
  // A route that takes no context is sent none: what stands in those columns changes no picture then.
  const contexts = providerKindOf(providerType).showsForImages(model) ? contextsOf(form) : [];
  return (row) => {
    const text = renderPrompt(prompt, row, 'prompt');
    if (text.trim() === '') {
      const named = needs.map((need) => `"${need}"`).join(', ');
      throw new CellError(
        'EmptyRenderedPrompt',
        `The prompt renders empty: look at ${named || 'the template'}`,
      );
    }
    const media = mediaOf(contexts, row.values, local);
    const digest = digestOf({
      ...{ kind: 'image', column: name, model, providerType, prompt: text },
      media: media.length > 0 ? media.map(digestOfMedia) : undefined,
      parameters: Object.keys(extraBody).length > 0 ? formatJson(extraBody) : undefined,
      redo: row.redo > 0 ? row.redo : undefined,
    });
    const message: Message<ShownMedia> = {
      role: 'user',
      content: text,
      ...(media.length > 0 ? { media } : {}),
    };
    return { digest, input: { messages: [message], parameters: extraBody, responseSchema: null } };
  };
}
