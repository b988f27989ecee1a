// `llm-text`: the answer itself, without the white space around it.

import type { AnswerKind } from '../llm/answer-kind.ts';
import { chatMaker } from '../llm/chat-maker.ts';
import type { TextColumn } from './declare.ts';

export const textAnswer: AnswerKind<TextColumn> = {
  contract: () => null,
  schema: () => null,
  instructions: () => null,
  keepsTags: true,
  read: (_column, answer) => answer,
};

export const make = chatMaker(textAnswer);
