// `llm-structured`: a value that obeys the JSON Schema of `output_format`.

import type { PlanColumn } from '../../plan.ts';
import { fromDraft4 } from '../../schemas/dialect.ts';
import { schemaProblems, typeOfSchema } from '../../schemas/json-schema.ts';
import { shapeOfSchema } from '../../schemas/shape-of-schema.ts';
import { formatJson } from '../../values.ts';
import { value } from '../fields.ts';
import { type ChatForm, declareChat } from '../llm/declare-chat.ts';

export interface StructuredForm extends ChatForm {
  /** The JSON Schema as text: models read and answer in the order of its properties. */
  readonly schema: string;
}
export type StructuredColumn = PlanColumn<'llm-structured', StructuredForm>;

export const declare = declareChat({
  kind: 'llm-structured',
  about: "A chat model's answer as a value that obeys a JSON Schema.",
  fields: { output_format: value().transform(fromDraft4) },
  type: ({ output_format }) => typeOfSchema(output_format),
  shape: ({ output_format }) => shapeOfSchema(output_format),
  check({ output_format }, { add }) {
    for (const { path, message } of schemaProblems(output_format)) add(['output_format', ...path], message);
  },
  form: ({ output_format }) => ({ schema: formatJson(output_format) }),
  words: { schema: { word: 'output format', field: 'output_format' } },
});
