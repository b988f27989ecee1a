// `llm-structured`: a value that obeys the JSON Schema of `output_format`.

import type { PlanStructured } from '../../plan.ts';
import { formatJson } from '../../values.ts';
import type { AnswerKind } from '../llm/answer-kind.ts';
import { parseAnswer } from '../llm/parse-answer.ts';
import { fitToSchema } from '../llm/schema-fit.ts';

export const structuredAnswer: AnswerKind<PlanStructured> = {
  contract: ({ schema }) => formatJson(schema),
  schema: ({ schema }) => schema,
  instructions: ({ schema }) =>
    `Answer with JSON that obeys this JSON Schema, and with nothing else:\n${formatJson(schema)}`,
  read: ({ schema }, answer) => parseAnswer(answer, (value) => fitToSchema(value, schema)),
};
