// The kinds of model columns by their `column_type`, and the version of how their answers are read.

import { CellError } from '../../errors.ts';
import type { ModelColumn } from '../../plan.ts';
import type { CellRecord } from '../../store/records.ts';
import type { Value } from '../../values.ts';
import type { AnswerKind } from './answer-kind.ts';
import { judgeAnswer } from './judge.ts';
import { structuredAnswer } from './structured.ts';
import { textAnswer } from './text.ts';

/** Raised when any answer is read into another value than before: `ok` records of other versions are read again. */
export const READ_VERSION = 3;

const KINDS: { readonly [Kind in ModelColumn['kind']]: AnswerKind<Extract<ModelColumn, { kind: Kind }>> } = {
  'llm-text': textAnswer,
  'llm-structured': structuredAnswer,
  'llm-judge': judgeAnswer,
};

export function answerKindOf(column: ModelColumn): AnswerKind<ModelColumn> {
  return KINDS[column.kind];
}

/** Reads a cell's value from the answer's text. Throws `CellError` `UnusableAnswer`. */
export function readAnswer(column: ModelColumn, raw: string): Value {
  return answerKindOf(column).read(column, raw);
}

/** An `ok` record with its value as this version reads it: nothing is asked again. Null when the answer is of no use now. */
export function readAgain(column: ModelColumn, record: CellRecord): CellRecord | null {
  if (record.read === READ_VERSION || record.raw === null) return record;
  try {
    return { ...record, read: READ_VERSION, value: readAnswer(column, record.raw) };
  } catch (error) {
    if (error instanceof CellError) return null;
    throw error;
  }
}
