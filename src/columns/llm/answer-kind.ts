// What a kind of model column asks for, and how its answer is read.

import { CellError } from '../../errors.ts';
import type { Value } from '../../values.ts';
import type { ChatColumn } from './declare-chat.ts';

export interface AnswerKind<Column extends ChatColumn> {
  /**
   * What of the column decides the answer, besides prompts and parameters: part of the cell's digest. As text: a model
   * answers in the order that it reads, and a digest knows no order of keys.
   */
  contract(column: Column): string | null;
  /** The JSON Schema of the answer, for endpoints that can hold the model to it; null for text. */
  schema(column: Column): Value | null;
  /** Rowloom's own words below the prompt; not part of the digest. */
  instructions(column: Column): string | null;
  /** Whether an answer keeps the tags of thoughts that its prompts name. */
  readonly keepsTags: boolean;
  /**
   * The cell's value, from an answer that is not empty and has no thoughts or white space around it. Throws `CellError`
   * `UnusableAnswer`, whose message tells the model what to correct.
   */
  read(column: Column, answer: string): Value;
}

export function unusable(message: string): CellError {
  return new CellError('UnusableAnswer', message);
}
