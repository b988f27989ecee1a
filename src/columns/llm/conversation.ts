// One cell of a model column: the conversation that ends with its value.
//
//   T1. An answer that cannot be used goes back to the model with the reason, as often as corrections allow; then the
//       conversation starts again, as often as restarts allow; then the cell has failed.
//   T2. What an earlier attempt of this start recorded is taken up where it ended: turns are replayed, not asked again.
//   T3. An empty answer and one that is not whole are not usable: what was paid for is half a text at most, and nobody
//       who reads the dataset could tell.
//   T4. The model is shown its answer, never its thoughts, nor an empty turn, which endpoints refuse: after an empty
//       answer the conversation starts again; where no restart is left, the same is asked once more as a correction.
//   T5. A model that refused is asked once more, from the start: chance may have it answer. Then it means it.
//   T6. Of a correction that the endpoint refuses the prompt alone was answered before: the conversation starts again.

import { CellError, type ModelError } from '../../errors.ts';
import type { Message, ModelAnswer } from '../../models/model-client.ts';
import type { LimiterRef } from '../../plan.ts';
import type { ModelTurn } from '../../turns.ts';
import type { Value } from '../../values.ts';
import type { Calls, Draft } from '../calls.ts';
import type { Cell } from '../maker.ts';
import { unreadable } from '../unreadable.ts';
import type { AnswerReader } from './answers.ts';
import type { ChatInput } from './chat-input.ts';
import { checkWhole } from './whole-answer.ts';

/** How a record names the end of an answer that the model refused to give. */
const REFUSAL = 'refusal';

export interface ConversationOptions {
  readonly calls: Calls;
  readonly limiter: LimiterRef;
  readonly reader: AnswerReader;
}

/** Makes a cell. Throws as `Calls.call`. */
export async function converse(cell: Cell<ChatInput>, options: ConversationOptions): Promise<void> {
  const conversation = new Conversation(cell, options);
  while (!conversation.isOver) await conversation.next();
}

/** An answer as it goes back to the model, with what it is told about it; nothing for one that the model is not shown. */
export function correctionOf({ text, problem }: ModelTurn, reader: AnswerReader): readonly Message[] {
  const { answer } = reader.split(text);
  if (answer === '') return [];
  const asked = `Your answer cannot be used. ${problem}. Give the whole answer again, corrected.`;
  return [
    { role: 'assistant', content: answer },
    { role: 'user', content: asked },
  ];
}

class Conversation {
  readonly #cell: Cell<ChatInput>;
  readonly #options: ConversationOptions;
  /** Since the conversation began: each answer with what is wrong with it. */
  #turns: ModelTurn[] = [];
  #restarts = 0;
  #refusals = 0;
  #isOver = false;

  constructor(cell: Cell<ChatInput>, options: ConversationOptions) {
    this.#cell = cell;
    this.#options = options;
    for (const record of cell.history) this.#learn(record);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Makes one call, with the record of what came of it. */
  next(): Promise<void> {
    const { calls, limiter, reader } = this.#options;
    const { messages, parameters, responseSchema } = this.#cell.input;
    const asked = [...messages, ...this.#turns.flatMap((turn) => correctionOf(turn, reader))];
    return calls.call([this.#cell], {
      limiter,
      isContinued: this.#turns.length > 0,
      send: (_, sending) => sending.chat({ messages: asked, parameters, responseSchema }),
      keep: (answer: ModelAnswer) => {
        const draft = this.#draftOf(answer);
        this.#isOver = draft.status === 'ok' || draft.status === 'failed';
        return [this.#learn(draft)];
      },
      whenRefused: (error) => this.#whenRefused(error),
    });
  }

  #draftOf(answer: ModelAnswer): Draft {
    const { reader, calls } = this.#options;
    const { maxConversationRestarts, maxConversationCorrectionSteps } = calls.settings;
    const { reasoning, refusal } = answer;
    const text = answer.text.trim() === '' ? (refusal ?? answer.text) : answer.text;
    const turn: ModelTurn = { by: 'model', text, ...(reasoning === null ? {} : { reasoning }) };
    const finish = refusal === null ? answer.finish : REFUSAL;
    let value: Value;
    try {
      checkWhole(answer);
      value = reader.read(text);
    } catch (thrown) {
      const { kind, message } = thrown instanceof CellError ? thrown : unreadable(thrown);
      const isRefusal = refusal !== null;
      const canRestart = this.#restarts < maxConversationRestarts && !(isRefusal && this.#refusals > 0);
      const isShown = !isRefusal && (!canRestart || reader.split(text).answer !== '');
      if (isShown && this.#turns.length < maxConversationCorrectionSteps)
        return { status: 'call', finish, turns: [{ ...turn, problem: message }] };
      return { status: canRestart ? 'retry' : 'failed', finish, turns: [turn], error: { kind, message } };
    }
    return { status: 'ok', finish, turns: [...this.#turns, turn], value };
  }

  #whenRefused({ failure, message }: ModelError): Draft | null {
    const isAboutAnswer = failure === 'unusable' || this.#turns.length > 0;
    if (!isAboutAnswer || this.#restarts >= this.#options.calls.settings.maxConversationRestarts) return null;
    return this.#learn({ status: 'retry', error: { kind: 'UnusableAnswer', message } });
  }

  /** What a record changes, whether it is made now or an earlier attempt made it. */
  #learn(record: Draft): Draft {
    const { status, turns = [], finish, error } = record;
    if (finish === REFUSAL) this.#refusals += 1;
    if (status === 'call') this.#turns.push(...turns.filter((turn) => turn.by === 'model'));
    if (status === 'retry' && error?.kind === 'UnusableAnswer') {
      this.#restarts += 1;
      this.#turns = [];
    }
    return record;
  }
}
