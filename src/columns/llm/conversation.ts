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
//   T7. The tools that an answer asks for are called at once, and what each gives is a record of its own. A conversation
//       that starts again goes on after the last of them: no tool is called twice.

import { CellError, type ModelError } from '../../errors.ts';
import type { ModelAnswer } from '../../models/model-client.ts';
import type { LimiterRef } from '../../plan.ts';
import type { OfferedTools } from '../../tools/choose-tools.ts';
import type { ModelTurn, ToolCall } from '../../turns.ts';
import type { Value } from '../../values.ts';
import type { Calls, Draft } from '../calls.ts';
import type { Cell } from '../maker.ts';
import { unreadable } from '../unreadable.ts';
import { unusable } from './answer-kind.ts';
import type { AnswerReader } from './answers.ts';
import type { ChatInput } from './chat-input.ts';
import { messagesOf, openCalls, type Spoken, toolPhase, toolTurnsIn, withTurns } from './spoken.ts';
import type { Toolbox } from './toolbox.ts';
import { checkWhole } from './whole-answer.ts';

/** How a record names the end of an answer that the model refused to give. */
const REFUSAL = 'refusal';

export interface ConversationOptions {
  readonly calls: Calls;
  readonly limiter: LimiterRef;
  readonly reader: AnswerReader;
  /** Null where the model may call nothing. */
  readonly toolbox?: Toolbox | null;
}

/** Makes a cell. Throws as `Calls.call`. */
export async function converse(cell: Cell<ChatInput>, options: ConversationOptions): Promise<void> {
  const conversation = new Conversation(cell, options);
  while (!conversation.isOver) await conversation.next();
}

class Conversation {
  readonly #cell: Cell<ChatInput>;
  readonly #options: ConversationOptions;
  /** Since the conversation began. */
  #turns: readonly Spoken[] = [];
  /** Answers since then, or since it started again, that went back with what is wrong with them. */
  #corrections = 0;
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

  /** Asks the model once, or calls the tools that it asked for, with the record of what came of each call. */
  async next(): Promise<void> {
    const { calls, toolbox = null } = this.#options;
    const offered = await toolbox?.open(this.#cell, calls);
    const open = openCalls(this.#turns);
    return offered === undefined || open.length === 0 ? this.#ask(offered) : this.#callTools(open, offered);
  }

  async #callTools(open: readonly ToolCall[], offered: OfferedTools): Promise<void> {
    const { calls, toolbox } = this.#options;
    const keep = (turn: Spoken) => {
      this.#turns = withTurns(this.#turns, [turn]);
    };
    // Between two starts a server may have lost a tool.
    const refused = toolbox!.refusedOf(open, { ...offered, turnsBefore: 0 });
    if (refused.length > 0)
      return calls.keep([this.#cell], [this.#learn({ status: 'call', turns: refused })]);
    const of = { cell: this.#cell, calls, offered, keep };
    const ends = await Promise.allSettled(open.map((call) => toolbox!.call(call, of)));
    // Every call has ended by then: what was paid for is kept.
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #ask(offered: OfferedTools | undefined): Promise<void> {
    const { calls, limiter, reader } = this.#options;
    const { messages, parameters, responseSchema } = this.#cell.input;
    const asked = [...messages, ...messagesOf(this.#turns, reader)];
    // Endpoints refuse an empty list.
    const { definitions = [] } = offered ?? {};
    const tools = definitions.length === 0 ? {} : { tools: definitions };
    return calls.call([this.#cell], {
      limiter,
      isContinued: this.#turns.length > 0,
      send: (_, sending) => sending.chat({ messages: asked, parameters, responseSchema, ...tools }),
      keep: (answer: ModelAnswer) => {
        const draft = this.#draftOf(answer, offered);
        this.#isOver = draft.status === 'ok' || draft.status === 'failed';
        return [this.#learn(draft)];
      },
      whenRefused: (error) => this.#whenRefused(error),
    });
  }

  #draftOf(answer: ModelAnswer, offered: OfferedTools | undefined): Draft {
    const { reader, calls } = this.#options;
    const { maxConversationRestarts, maxConversationCorrectionSteps } = calls.settings;
    const { reasoning, refusal } = answer;
    const text = answer.text.trim() === '' ? (refusal ?? answer.text) : answer.text;
    const turn: ModelTurn = { by: 'model', text, ...(reasoning === null ? {} : { reasoning }) };
    const finish = refusal === null ? answer.finish : REFUSAL;
    let value: Value;
    try {
      const asking = offered === undefined ? null : this.#toolsOf(answer, { turn, offered });
      if (asking !== null) return asking;
      checkWhole(answer);
      value = reader.read(text);
    } catch (thrown) {
      const { kind, message } = thrown instanceof CellError ? thrown : unreadable(thrown);
      const isRefusal = refusal !== null;
      const canRestart = this.#restarts < maxConversationRestarts && !(isRefusal && this.#refusals > 0);
      const isShown = !isRefusal && (!canRestart || reader.split(text).answer !== '');
      if (isShown && this.#corrections < maxConversationCorrectionSteps)
        return { status: 'call', finish, turns: [{ ...turn, problem: message }] };
      return { status: canRestart ? 'retry' : 'failed', finish, turns: [turn], error: { kind, message } };
    }
    return { status: 'ok', finish, turns: [...this.#turns, turn], value };
  }

  /** An answer that asks for tools; null for any other. Throws `CellError` for one of no use. */
  #toolsOf(
    answer: ModelAnswer,
    of: { readonly turn: ModelTurn; readonly offered: OfferedTools },
  ): Draft | null {
    const { turn, offered } = of;
    const { finish } = answer;
    if (answer.toolCalls.length === 0) return null;
    // Of one that was cut the arguments are.
    checkWhole(finish === 'tool-calls' ? { ...answer, finish: 'stop' } : answer);
    const { toolbox } = this.#options;
    const turnsBefore = toolTurnsIn(this.#turns);
    const problem = toolbox!.problemOf(turnsBefore);
    if (problem !== null) throw unusable(problem);
    const toolCalls = withOwnIds(answer.toolCalls, turnsBefore);
    const refused = toolbox!.refusedOf(toolCalls, { ...offered, turnsBefore });
    return { status: 'call', finish, turns: [{ ...turn, toolCalls }, ...refused] };
  }

  #whenRefused({ failure, message }: ModelError): Draft | null {
    const isAboutAnswer = failure === 'unusable' || this.#turns.length > toolPhase(this.#turns).length;
    if (!isAboutAnswer || this.#restarts >= this.#options.calls.settings.maxConversationRestarts) return null;
    return this.#learn({ status: 'retry', error: { kind: 'UnusableAnswer', message } });
  }

  /** What a record changes, whether it is made now or an earlier attempt made it. */
  #learn(record: Draft): Draft {
    const { status, turns = [], finish, error } = record;
    if (finish === REFUSAL) this.#refusals += 1;
    if (status === 'call') {
      this.#turns = withTurns(this.#turns, turns);
      if (turns.some((turn) => turn.by === 'model' && turn.problem !== undefined)) this.#corrections += 1;
    }
    if (status === 'retry' && error?.kind === 'UnusableAnswer') {
      this.#restarts += 1;
      this.#turns = toolPhase(this.#turns);
      this.#corrections = 0;
    }
    return record;
  }
}

/** Some endpoints give calls no ids, or one to several. */
function withOwnIds(calls: readonly ToolCall[], turnsBefore: number): readonly ToolCall[] {
  const areOwn =
    new Set(calls.map(({ id }) => id)).size === calls.length && calls.every(({ id }) => id !== '');
  return areOwn ? calls : calls.map((call, index) => ({ ...call, id: `call_${turnsBefore}_${index}` }));
}
