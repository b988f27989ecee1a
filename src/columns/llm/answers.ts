// The kinds of model columns by their `column_type`, and the version of how their answers are read.

import { CellError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import { misfitOf } from '../../store/parquet.ts';
import type { CellRecord } from '../../store/records.ts';
import { lastAnswer, type ModelTurn } from '../../turns.ts';
import type { Value } from '../../values.ts';
import { judgeAnswer } from '../llm-judge/judge.ts';
import { structuredAnswer } from '../llm-structured/structured.ts';
import { textAnswer } from '../llm-text/text.ts';
import { type AnswerKind, unusable } from './answer-kind.ts';
import { CHAT_READ_VERSION, type ChatColumn } from './declare-chat.ts';
import { splitThoughts } from './thoughts.ts';

const KINDS = {
  'llm-text': textAnswer,
  'llm-structured': structuredAnswer,
  'llm-judge': judgeAnswer,
};

export function answerKindOf(column: ChatColumn): AnswerKind<ChatColumn> {
  const kind = findOwn(KINDS, column.kind);
  if (kind === undefined) throw new RangeError(`Cannot read answers for a column of kind "${column.kind}"`);
  return kind as AnswerKind<ChatColumn>;
}

/** What the model thought and what it answered. A text column whose prompt names a tag for thoughts asks for them. */
export function partsOf(column: ChatColumn, raw: string): ReturnType<typeof splitThoughts> {
  const asked = column.kind === 'llm-text' ? `${column.form.prompt}\n${column.form.systemPrompt ?? ''}` : '';
  return splitThoughts(raw, asked);
}

/** Reads a cell's value from the answer's text. Throws `CellError` `UnusableAnswer`. */
export function readAnswer(column: ChatColumn, raw: string): Value {
  const { thoughts, answer } = partsOf(column, raw);
  if (answer === '') {
    throw unusable(
      thoughts === null ? 'The answer is empty' : 'The answer is empty: nothing follows the thoughts',
    );
  }
  const value = answerKindOf(column).read(column, answer);
  // What no file can hold, such as a whole number beyond 64 bits, is for the model to correct: at the commit it is too late.
  const misfit = misfitOf(value, column.type);
  if (misfit !== undefined) throw unusable(`The answer cannot be kept: ${misfit}`);
  return value;
}

/** The thoughts that came in a field of their own, and those that came in the answer's text. */
export function reasoningOf(column: ChatColumn, { text, reasoning }: ModelTurn): string | null {
  const { thoughts } = partsOf(column, text);
  if (thoughts === null || reasoning?.includes(thoughts)) return reasoning ?? null;
  return reasoning === undefined ? thoughts : `${reasoning}\n\n${thoughts}`;
}

/** An `ok` record with its value as this version reads it: nothing is asked again. Null when the answer is of no use now. */
export function readAgain(column: ChatColumn, record: CellRecord): CellRecord | null {
  const answer = lastAnswer(record.turns);
  if (record.read === CHAT_READ_VERSION || answer === undefined) return record;
  try {
    return { ...record, read: CHAT_READ_VERSION, value: readAnswer(column, answer.text) };
  } catch (error) {
    if (error instanceof CellError) return null;
    throw error;
  }
}
