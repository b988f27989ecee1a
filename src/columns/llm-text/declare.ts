// `llm-text`: the answer of a chat model, as text.

import type { PlanColumn } from '../../plan.ts';
import { type ChatForm, declareChat } from '../llm/declare-chat.ts';

export type TextColumn = PlanColumn<'llm-text', ChatForm>;

export const declare = declareChat({
  kind: 'llm-text',
  about: 'The answer of a chat model, as text.',
  fields: {},
  type: () => ({ kind: 'text' }),
  form: () => ({}),
  words: {},
});
