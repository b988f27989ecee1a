// Inputs and answers of model columns for tests that do not open their makers.

import type { AnswerKind } from '../../src/columns/llm/answer-kind.ts';
import { type AnswerReader, openReader } from '../../src/columns/llm/answers.ts';
import { type ChatInput, openInputs } from '../../src/columns/llm/chat-input.ts';
import { CHAT_READ_VERSION, type ChatColumn } from '../../src/columns/llm/declare-chat.ts';
import { judgeAnswer } from '../../src/columns/llm-judge/make.ts';
import { structuredAnswer } from '../../src/columns/llm-structured/make.ts';
import { textAnswer } from '../../src/columns/llm-text/make.ts';
import type { Values } from '../../src/columns/maker.ts';
import { openViews } from '../../src/columns/row-view.ts';
import { CellError } from '../../src/errors.ts';
import { findOwn } from '../../src/own-keys.ts';
import type { Plan } from '../../src/plan.ts';
import type { CellRecord } from '../../src/store/records.ts';
import type { ModelTurn } from '../../src/turns.ts';
import { LOCAL } from './plans.ts';

const KINDS = {
  'llm-text': textAnswer,
  'llm-structured': structuredAnswer,
  'llm-judge': judgeAnswer,
};
const readers = new WeakMap<ChatColumn, AnswerReader>();
const inputs = new WeakMap<Plan, Map<ChatColumn, (row: number, values: Values) => CellInput>>();

export type CellInput = ChatInput & { readonly digest: string };

export function answerKindOf(column: ChatColumn): AnswerKind<ChatColumn> {
  const kind = findOwn(KINDS, column.kind);
  if (kind === undefined) throw new RangeError(`Cannot read answers for a column of kind "${column.kind}"`);
  return kind as AnswerKind<ChatColumn>;
}

export function readerOf(column: ChatColumn): AnswerReader {
  const reader = readers.get(column) ?? openReader(answerKindOf(column), column);
  readers.set(column, reader);
  return reader;
}

/** Throws `CellError`: `TemplateRenderError`, `EmptyRenderedPrompt`. */
export function cellInput(of: {
  readonly plan: Plan;
  readonly column: ChatColumn;
  readonly row: number;
  readonly values: Values;
}): CellInput {
  const { plan, column, row, values } = of;
  const ofPlan = inputs.get(plan) ?? new Map();
  inputs.set(plan, ofPlan);
  const inputOf = ofPlan.get(column) ?? openInput(plan, column);
  ofPlan.set(column, inputOf);
  return inputOf(row, values);
}

function openInput(plan: Plan, column: ChatColumn): (row: number, values: Values) => CellInput {
  const inputOf = openInputs(answerKindOf(column), { column, plan, local: LOCAL });
  const viewOf = openViews(plan, column);
  return (row, values) => {
    const { digest, input } = inputOf(viewOf(row, values));
    return { digest, ...input };
  };
}

export function reasoningOf(column: ChatColumn, turn: ModelTurn): string | null {
  return readerOf(column).reasoningOf(turn);
}

/** An `ok` record with its value as this version reads it: nothing is asked again. Null when the answer is of no use now. */
export function readAgain(column: ChatColumn, record: CellRecord): CellRecord | null {
  if (record.read === CHAT_READ_VERSION || record.turns.length === 0) return record;
  try {
    return { ...record, read: CHAT_READ_VERSION, value: readerOf(column).valueOf(record) };
  } catch (error) {
    if (error instanceof CellError) return null;
    throw error;
  }
}
