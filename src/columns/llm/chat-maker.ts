// What makes the cells of the kinds that ask a chat model: they differ in what they ask for and how they read answers.

import { setOwn } from '../../own-keys.ts';
import { lastAnswer, type ToolCall, type Turn } from '../../turns.ts';
import type { Value } from '../../values.ts';
import { eachRow } from '../each-row.ts';
import type { CellMaker, RowView, Values } from '../maker.ts';
import { contextsOf } from '../media/context.ts';
import { filesOf, nameOfMedia, type ShownMedia } from '../media/media-of.ts';
import type { AnswerKind } from './answer-kind.ts';
import { type AnswerReader, openReader } from './answers.ts';
import { type ChatInput, openInputs } from './chat-input.ts';
import { converse } from './conversation.ts';
import { type ChatColumn, reasoningColumn, traceColumn } from './declare-chat.ts';
import { correctionOf, inOrder, mediaOf, type Spoken } from './spoken.ts';
import { Toolbox } from './toolbox.ts';

export function chatMaker<Column extends ChatColumn>(kind: AnswerKind<Column>): CellMaker<Column, ChatInput> {
  return {
    shape: 'cells',
    open(column, opening) {
      const { name, form } = column;
      const reader = openReader(kind, column);
      const inputOf = openInputs(kind, { ...opening, column });
      const contexts = contextsOf(form);
      const limiter = { model: form.alias };
      const { tools: use, toolAlias } = form;
      const toolbox = use === undefined ? null : new Toolbox({ use, alias: toolAlias! });
      return {
        batch: 1,
        inputs: eachRow(inputOf),
        async make(cells, calls) {
          await Promise.all(cells.map((cell) => converse(cell, { calls, limiter, reader, toolbox })));
          return undefined;
        },
        ...(contexts.length > 0 ? { files: ({ values }: RowView) => filesOf(contexts, values) } : {}),
        read: (record) => reader.valueOf(record),
        reasoningOf: (answer) => reader.reasoningOf(answer),
        sides({ turns }, input) {
          const sides: { [column: string]: Value } = {};
          if (form.trace !== 'none') {
            const messages = traceOf(turns, { input, reader, hasTools: use !== undefined });
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
function traceOf(turns: readonly Turn[], { input, reader, hasTools }: TraceOptions): readonly Values[] {
  const messageOf = hasTools ? messageWithTools : plainMessage;
  const asked = (input?.messages ?? []).map((message) => {
    const { role, content } = message;
    const shown = role === 'user' ? (message.media ?? []) : [];
    return messageOf(role, content, { blocks: blocksOf(shown) });
  });
  const spoken = turns.filter((turn): turn is Spoken => turn.by === 'model' || turn.by === 'tool');
  const said = inOrder(spoken).flatMap((turn) => {
    if (turn.by === 'tool')
      return [messageOf('tool', turn.text, { call: turn.call, blocks: blocksOf(mediaOf(turn)) })];
    const { reasoning = null, toolCalls: calls = null } = turn;
    const answer = messageOf('assistant', turn.text, { reasoning, calls });
    if (turn.problem === undefined) return [answer];
    const [, correction] = correctionOf(turn, reader);
    return correction === undefined ? [] : [answer, messageOf('user', correction.content)];
  });
  return [...asked, ...said];
}

function blocksOf(media: readonly ShownMedia[]): readonly Values[] {
  return media.map((medium) => ({ type: medium.modality, text: nameOfMedia(medium) }));
}

interface TraceOptions {
  readonly input: ChatInput | null;
  readonly reader: AnswerReader;
  readonly hasTools: boolean;
}

interface MessageParts {
  /** Of what was shown stands its name: a trace holds no bytes of files. */
  readonly blocks?: readonly Values[];
  readonly reasoning?: string | null;
  readonly calls?: readonly ToolCall[] | null;
  /** The id of the call that a tool gave the message for. */
  readonly call?: string;
}

function plainMessage(
  role: string,
  text: string,
  { blocks = [], reasoning = null }: MessageParts = {},
): Values {
  return { role, content: [...blocks, { type: 'text', text }], reasoning_content: reasoning };
}

/** As Data Designer writes it. */
function messageWithTools(role: string, text: string, parts: MessageParts = {}): Values {
  const { calls = null, call = null } = parts;
  const asked = calls?.map(({ id, name, args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
  return { ...plainMessage(role, text, parts), tool_calls: asked ?? null, tool_call_id: call };
}
