// `llm-judge`: for each score the option that the model chose, and why: `{name: {score, reasoning}}`.

import { z } from 'zod';
import type { PlanColumn } from '../../plan.ts';
import { formatJson } from '../../values.ts';
import { filledText, map, mapOf, text } from '../fields.ts';
import { type ChatForm, declareChat } from '../llm/declare-chat.ts';
import { struct, TEXT } from '../types.ts';

/** `options` by the text of the score; keys are text. */
const judgeScore = map({
  // Readers of Parquet take a field of this name for something else.
  name: filledText().refine((name) => name !== '__proto__', { message: 'cannot be "__proto__"' }),
  description: text(),
  options: mapOf(text()).superRefine((options, context) => {
    const keys = Object.keys(options);
    if (keys.length === 0) context.addIssue({ code: 'custom', message: 'has to have at least 1 option' });
    const seen = new Map<string, string>();
    for (const key of keys) {
      // Answers are matched to options without regard to case and outer spaces.
      const plain = key.trim().toLowerCase();
      const twin = seen.get(plain);
      if (twin !== undefined) {
        const message = `has options "${twin}" and "${key}", which an answer cannot tell apart`;
        context.addIssue({ code: 'custom', message });
      }
      seen.set(plain, key);
    }
  }),
});
export type JudgeScore = z.output<typeof judgeScore>;

export interface JudgeForm extends ChatForm {
  /** A list of {@link JudgeScore} as JSON text: models read options in their order. */
  readonly scores: string;
}
export type JudgeColumn = PlanColumn<'llm-judge', JudgeForm>;

/** Scores come back as the text of their option, number options too. */
const SCORE = struct({ reasoning: TEXT, score: TEXT });

export const declare = declareChat({
  kind: 'llm-judge',
  about: 'For each score the option that a chat model chose, and why: `{name: {score, reasoning}}`.',
  fields: { scores: z.array(judgeScore).min(1).superRefine(checkScoreNames) },
  type: ({ scores }) => ({ kind: 'struct', fields: scores.map(({ name }) => ({ name, type: SCORE })) }),
  form: ({ scores }) => ({ scores: formatJson(scores) }),
  words: { scores: 'scores' },
});

function checkScoreNames(scores: readonly JudgeScore[], context: z.RefinementCtx): void {
  scores.forEach(({ name }, index) => {
    if (scores.findIndex((score) => score.name === name) < index) {
      const message = `"${name}" is the name of an earlier score`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  });
}
