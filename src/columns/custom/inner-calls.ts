// The calls to models that a function makes by itself.
//
//   I1. A request is known by its digest and by how many times the cell had made it before. One that any record of the
//       cell has an answer to, whatever the code was then, is not made again: a changed function pays for changed
//       requests only, and a crash for none.
//   I2. An answer is in the part before the function has it.
//   I3. An answer that is empty or not whole is no answer: the request is made again, as often as conversations start again.

import { CellError } from '../../errors.ts';
import type { ModelAnswer } from '../../models/model-client.ts';
import type { Answer } from '../../modules/function-threads.ts';
import type { Ask } from '../../modules/session-thread.ts';
import type { ModelTurn, Turn } from '../../turns.ts';
import type { CallOf, Calls, Draft } from '../calls.ts';
import { unusable } from '../llm/answer-kind.ts';
import { splitThoughts } from '../llm/thoughts.ts';
import { checkWhole } from '../llm/whole-answer.ts';
import type { Cell } from '../maker.ts';
import { askOf, type CustomInput } from './custom-input.ts';

/** A cell failed for a call that its function made: that it did is in its records already. */
export class FailedCallError extends CellError {}

type InnerTurn = Extract<Turn, { readonly by: 'inner' }>;

export class InnerCalls {
  readonly #cell: Cell<CustomInput>;
  readonly #calls: Calls;
  readonly #known: Map<string, InnerTurn>;
  /** In the order in which they were first asked for. */
  readonly #used = new Map<string, InnerTurn>();
  #counts = new Map<string, number>();

  /** `cells`: whose records count; the first of them makes the calls. */
  constructor(cells: readonly Cell<CustomInput>[], calls: Calls) {
    this.#cell = cells[0]!;
    this.#calls = calls;
    const turns = cells.flatMap(({ history, older }) => [...older, ...history].flatMap(({ turns }) => turns));
    this.#known = new Map(turns.flatMap((turn) => (turn.by === 'inner' ? [[turn.ask, turn]] : [])));
  }

  /** The turns that the value was made with. */
  get turns(): readonly Turn[] {
    return [...this.#used.values()];
  }

  /** The function begins anew. */
  begin(): void {
    this.#counts = new Map();
    this.#used.clear();
  }

  /** The answers to requests that are made together. Throws as `Calls.call`. */
  async answer(asks: readonly Ask[]): Promise<readonly Answer[]> {
    const named = asks.map((ask) => ({ ask, name: this.#nameOf(ask) }));
    const ends = await Promise.allSettled(
      named.map(async ({ ask, name }) => {
        const turn = this.#known.get(name) ?? (await this.#call(ask, name));
        return { name, turn, text: splitThoughts(turn.turn.text).answer, ask: ask.ask };
      }),
    );
    // Every call has ended by then: what was paid for is kept.
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return ends.flatMap((end) => {
      if (end.status === 'rejected') return [];
      const { name, turn, text, ask } = end.value;
      this.#used.set(name, turn);
      return [{ ask, text }];
    });
  }

  async #send(of: CallOf<Cell<CustomInput>, ModelAnswer>): Promise<void> {
    try {
      await this.#calls.call([this.#cell], of);
    } catch (error) {
      throw error instanceof CellError ? new FailedCallError(error.kind, error.message) : error;
    }
  }

  #nameOf({ alias, prompt, systemPrompt }: Ask): string {
    const { models, redo } = this.#cell.input;
    const asked = { prompt, systemPrompt, redo };
    const first = askOf(models.get(alias)!, { ...asked, nth: 1 });
    const nth = (this.#counts.get(first) ?? 0) + 1;
    this.#counts.set(first, nth);
    return nth === 1 ? first : askOf(models.get(alias)!, { ...asked, nth });
  }

  async #call({ alias, prompt, systemPrompt }: Ask, ask: string): Promise<InnerTurn> {
    const { parameters } = this.#cell.input.models.get(alias)!;
    const system = systemPrompt === null ? [] : [{ role: 'system', content: systemPrompt } as const];
    const messages = [...system, { role: 'user', content: prompt } as const];
    let restarts = this.#calls.settings.maxConversationRestarts;
    for (;;) {
      await this.#send({
        limiter: { model: alias },
        send: (_, sending) => sending.chat({ messages, parameters, responseSchema: null }),
        keep: (answer) => {
          const draft = draftOf(answer, { ask, canRestart: restarts > 0 });
          if (draft.status === 'call') this.#known.set(ask, draft.turns[0]);
          return [draft];
        },
      });
      const turn = this.#known.get(ask);
      if (turn !== undefined) return turn;
      restarts -= 1;
    }
  }
}

type AnswerDraft = Draft &
  ({ readonly status: 'call'; readonly turns: readonly [InnerTurn] } | { readonly status: 'retry' });

/** Throws `CellError` where no other try is left. */
function draftOf(
  answer: ModelAnswer,
  { ask, canRestart }: { readonly ask: string; readonly canRestart: boolean },
): AnswerDraft {
  const { text, reasoning, finish } = answer;
  const turn: ModelTurn = { by: 'model', text, ...(reasoning === null ? {} : { reasoning }) };
  try {
    checkWhole(answer);
    if (splitThoughts(text).answer === '') throw unusable('The answer is empty');
    return { status: 'call', finish, turns: [{ by: 'inner', ask, turn }] };
  } catch (error) {
    if (!(error instanceof CellError) || !canRestart) throw error;
    return { status: 'retry', finish, error: { kind: error.kind, message: error.message } };
  }
}
