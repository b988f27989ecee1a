// `llm-text`: the answer itself, without the white space around it.

import type { PlanText } from '../../plan.ts';
import { type AnswerKind, unusable } from './answer-kind.ts';

export const textAnswer: AnswerKind<PlanText> = {
  contract: () => null,
  schema: () => null,
  instructions: () => null,
  read(_column, raw) {
    const text = raw.trim();
    if (text === '') throw unusable('The answer is empty');
    return text;
  },
};
