// `llm-structured`: a value that obeys the JSON Schema of `output_format`.

import { fitToSchema } from '../../schemas/schema-fit.ts';
import { parseJson, type Value } from '../../values.ts';
import type { AnswerKind } from '../llm/answer-kind.ts';
import { chatMaker } from '../llm/chat-maker.ts';
import { parseAnswer } from '../llm/parse-answer.ts';
import type { StructuredColumn, StructuredForm } from './declare.ts';

export const structuredAnswer: AnswerKind<StructuredColumn> = {
  contract: ({ form }) => form.schema,
  schema: ({ form }) => schemaOf(form),
  instructions: ({ form }) =>
    `Answer with JSON that obeys this JSON Schema, and with nothing else:\n${form.schema}`,
  keepsTags: false,
  read: ({ form }, answer) => parseAnswer(answer, (value) => fitToSchema(value, schemaOf(form))),
};

export const make = chatMaker(structuredAnswer);

const schemas = new WeakMap<StructuredForm, Value>();

/** The same object each time: what checks values is compiled once for it. */
function schemaOf(form: StructuredForm): Value {
  const schema = schemas.get(form) ?? parseJson(form.schema);
  schemas.set(form, schema);
  return schema;
}
