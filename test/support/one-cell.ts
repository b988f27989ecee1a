// One cell of a model column, made outside of any build.

import { CellCalls } from '../../src/activities/calls.ts';
import { type ForeignFiles, WaitError } from '../../src/columns/calls.ts';
import { openReader } from '../../src/columns/llm/answers.ts';
import type { ChatInput } from '../../src/columns/llm/chat-input.ts';
import { converse } from '../../src/columns/llm/conversation.ts';
import { CHAT_READ_VERSION, type ChatColumn } from '../../src/columns/llm/declare-chat.ts';
import { CellError, type ModelError } from '../../src/errors.ts';
import type { Model } from '../../src/models/models.ts';
import type { Settings } from '../../src/plan.ts';
import type { CellRecord } from '../../src/store/records.ts';
import type { Value } from '../../src/values.ts';
import { answerKindOf } from './chat-columns.ts';
import { NO_PICTURES } from './no-pictures.ts';
import { LOCAL } from './plans.ts';

export interface CellTask {
  readonly column: ChatColumn;
  readonly row: number;
  readonly digest: string;
  readonly input: ChatInput;
  /** Its records of this start, in any order. */
  readonly history: readonly CellRecord[];
  readonly model: Model;
  readonly settings: Pick<Settings, 'maxConversationRestarts' | 'maxConversationCorrectionSteps'>;
  readonly stop: AbortSignal;
  readonly signal: AbortSignal;
  readonly append: (record: CellRecord) => Promise<void>;
  readonly nextCallId: () => string;
  readonly now: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How one attempt at a cell ended. */
export type CellOutcome =
  | { readonly status: 'ok'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: CellError }
  | { readonly status: 'waiting'; readonly error: ModelError; readonly retryAfterMs: number };

export const NO_FILES: ForeignFiles = {
  writeRows: () => Promise.reject(new Error('No files')),
  makeCellsFolder: () => Promise.reject(new Error('No files')),
  readCells: () => Promise.reject(new Error('No files')),
};

/** Throws `ModelError` `denied` or `cancelled`, and what `append` throws. */
export async function makeCell(task: CellTask): Promise<CellOutcome> {
  const { column, row, digest, input, model } = task;
  const history = task.history.toSorted((left, right) => left.at - right.at);
  let last: CellRecord | undefined;
  const calls = new CellCalls({
    ...{ column: column.name, readVersion: CHAT_READ_VERSION, settings: task.settings, returned: null },
    async wayTo() {
      return { key: 'one', limiter: model.limiter, traits: model.traits, host: model.client.host, model };
    },
    fly: (_, { limiter }) => limiter,
    historyOf: () => history,
    module: () => Promise.reject(new Error('No modules')),
    files: NO_FILES,
    local: LOCAL,
    pictures: NO_PICTURES,
    async append(records) {
      for (const record of records) await task.append(record);
      last = records.at(-1);
    },
    ...{ nextCallId: task.nextCallId, now: task.now, stop: task.stop, cut: task.signal },
    ...(task.sleep === undefined ? {} : { sleep: task.sleep }),
  });
  const reader = openReader(answerKindOf(column), column);
  const cell = { row, digest, input, history, older: [] };
  try {
    await converse(cell, { calls, limiter: { model: column.form.alias }, reader });
  } catch (error) {
    if (error instanceof CellError) return { status: 'failed', error };
    if (error instanceof WaitError)
      return { status: 'waiting', error: error.error, retryAfterMs: error.retryAfterMs };
    throw error;
  }
  if (last?.status === 'ok') return { status: 'ok', value: last.value };
  const { kind, message } = last!.error!;
  return { status: 'failed', error: new CellError(kind, message) };
}
