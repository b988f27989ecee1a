// `llm-code`: the last fenced block of a chat model's answer, as text.

import type { PlanColumn } from '../../plan.ts';
import { TEXT } from '../../templates/shape.ts';
import { oneOf } from '../fields.ts';
import { type ChatForm, declareChat } from '../llm/declare-chat.ts';

const LANGUAGES = [
  ...['bash', 'c', 'cobol', 'cpp', 'csharp', 'go', 'java', 'javascript', 'kotlin', 'python', 'ruby', 'rust'],
  ...['scala', 'swift', 'typescript', 'sql:sqlite', 'sql:tsql', 'sql:bigquery', 'sql:mysql', 'sql:postgres'],
  'sql:ansi',
] as const;

export interface CodeForm extends ChatForm {
  readonly language: string;
}
export type CodeColumn = PlanColumn<'llm-code', CodeForm>;

const chat = declareChat({
  kind: 'llm-code',
  about: "The last fenced block of a chat model's answer.",
  fields: { code_lang: oneOf(LANGUAGES) },
  type: () => ({ kind: 'text' }),
  shape: () => TEXT,
  form: ({ code_lang }) => ({ language: code_lang }),
  words: { language: { word: 'language', field: 'code_lang' } },
});

export const declare = { ...chat, code: ({ language }: CodeForm) => ({ language }) };
