// `llm-text`: the answer itself, without the white space around it.

import type { AnswerKind } from '../llm/answer-kind.ts';
import type { TextColumn } from './declare.ts';

export const textAnswer: AnswerKind<TextColumn> = {
  contract: () => null,
  schema: () => null,
  instructions: () => null,
  read: (_column, answer) => answer,
};
