// What makes the cells of the kinds that ask a chat model: they differ in what they ask for and how they read answers.

import { setOwn } from '../../own-keys.ts';
import { lastAnswer, type ModelTurn, type Turn } from '../../turns.ts';
import type { Value } from '../../values.ts';
import { eachRow } from '../each-row.ts';
import type { CellMaker, RowView, Values } from '../maker.ts';
import { contextsOf } from '../media/context.ts';
import { filesOf, nameOfMedia } from '../media/media-of.ts';
import type { AnswerKind } from './answer-kind.ts';
import { type AnswerReader, openReader } from './answers.ts';
import { type ChatInput, openInputs } from './chat-input.ts';
import { converse, correctionOf } from './conversation.ts';
import { type ChatColumn, reasoningColumn, traceColumn } from './declare-chat.ts';

export function chatMaker<Column extends ChatColumn>(kind: AnswerKind<Column>): CellMaker<Column, ChatInput> {
  return {
    shape: 'cells',
    open(column, opening) {
      const { name, form } = column;
      const reader = openReader(kind, column);
      const inputOf = openInputs(kind, { ...opening, column });
      const contexts = contextsOf(form);
      const limiter = { model: form.alias };
      return {
        batch: 1,
        inputs: eachRow(inputOf),
        async make(cells, calls) {
          await Promise.all(cells.map((cell) => converse(cell, { calls, limiter, reader })));
          return undefined;
        },
        ...(contexts.length > 0 ? { files: ({ values }: RowView) => filesOf(contexts, values) } : {}),
        read: (record) => reader.valueOf(record),
        reasoningOf: (answer) => reader.reasoningOf(answer),
        sides({ turns }, input) {
          const sides: { [column: string]: Value } = {};
          if (form.trace !== 'none') {
            const messages = traceOf(turns, input, reader);
            setOwn(sides, traceColumn(name), form.trace === 'last_message' ? messages.slice(-1) : messages);
          }
          const answer = lastAnswer(turns);
          if (form.showsReasoning && answer !== undefined)
            setOwn(sides, reasoningColumn(name), reader.reasoningOf(answer)?.trim() || null);
          return sides;
        },
      };
    },
  };
}

/** The conversation that ended with the value, answers as they came. Without its input only what came after that. */
function traceOf(turns: readonly Turn[], input: ChatInput | null, reader: AnswerReader): readonly Values[] {
  const asked = (input?.messages ?? []).map((message) => {
    const { role, content } = message;
    const shown = role === 'user' ? (message.media ?? []) : [];
    const blocks = shown.map((medium) => ({ type: medium.modality, text: nameOfMedia(medium) }));
    return messageOf(role, content, { blocks });
  });
  const said = turns
    .filter((turn): turn is ModelTurn => turn.by === 'model')
    .flatMap((turn) => {
      const answer = messageOf('assistant', turn.text, { reasoning: turn.reasoning ?? null });
      if (turn.problem === undefined) return [answer];
      const [, correction] = correctionOf(turn, reader);
      return correction === undefined ? [] : [answer, messageOf('user', correction.content)];
    });
  return [...asked, ...said];
}

/** Of what was shown stands its name: a trace holds no bytes of files. */
function messageOf(
  role: string,
  text: string,
  {
    blocks = [],
    reasoning = null,
  }: { readonly blocks?: readonly Values[]; readonly reasoning?: string | null } = {},
): Values {
  return { role, content: [...blocks, { type: 'text', text }], reasoning_content: reasoning };
}
