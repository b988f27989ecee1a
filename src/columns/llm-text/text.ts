// `llm-text`: the answer itself, without the white space around it.

import type { PlanText } from '../../plan.ts';
import type { AnswerKind } from '../llm/answer-kind.ts';

export const textAnswer: AnswerKind<PlanText> = {
  contract: () => null,
  schema: () => null,
  instructions: () => null,
  read: (_column, answer) => answer,
};
