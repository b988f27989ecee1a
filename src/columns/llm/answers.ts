// How the answers of a model column are read.

import { misfitOf } from '../../store/parquet-values.ts';
import type { CellRecord } from '../../store/records.ts';
import { lastAnswer, type ModelTurn } from '../../turns.ts';
import type { Value } from '../../values.ts';
import { type AnswerKind, unusable } from './answer-kind.ts';
import { CHAT_READ_VERSION, type ChatColumn } from './declare-chat.ts';
import { splitThoughts } from './thoughts.ts';

export interface AnswerReader {
  /** What the model thought and what it answered. */
  split(raw: string): ReturnType<typeof splitThoughts>;
  /** A cell's value from the answer's text. Throws `CellError` `UnusableAnswer`. */
  read(raw: string): Value;
  /** The value of an `ok` record, as this version reads it. Throws `CellError`: its answer is of no use now. */
  valueOf(record: CellRecord): Value;
  /** The thoughts that came in a field of their own, and those that came in the answer's text. */
  reasoningOf(turn: ModelTurn): string | null;
}

export function openReader<Column extends ChatColumn>(
  kind: AnswerKind<Column>,
  column: Column,
): AnswerReader {
  const { prompt, systemPrompt } = column.form;
  const kept = kind.keepsTags ? `${prompt}\n${systemPrompt ?? ''}` : '';
  const split = (raw: string) => splitThoughts(raw, kept);

  function read(raw: string): Value {
    const { thoughts, answer } = split(raw);
    if (answer === '') {
      throw unusable(
        thoughts === null ? 'The answer is empty' : 'The answer is empty: nothing follows the thoughts',
      );
    }
    const value = kind.read(column, answer);
    // What no file can hold, such as a whole number beyond 64 bits, is for the model to correct: at the commit it is too late.
    const misfit = misfitOf(value, column.type);
    if (misfit !== undefined) throw unusable(`The answer cannot be kept: ${misfit}`);
    return value;
  }

  return {
    split,
    read,
    valueOf(record) {
      const answer = lastAnswer(record.turns);
      return record.read === CHAT_READ_VERSION || answer === undefined ? record.value : read(answer.text);
    },
    reasoningOf({ text, reasoning }) {
      const { thoughts } = split(text);
      if (thoughts === null || reasoning?.includes(thoughts)) return reasoning ?? null;
      return reasoning === undefined ? thoughts : `${reasoning}\n\n${thoughts}`;
    },
  };
}
