import { expect, it } from 'vitest';
import type { CallOf, Calls, CellKey, Draft, Sending } from '../../../../src/columns/calls.ts';
import { converse } from '../../../../src/columns/llm/conversation.ts';
import { Toolbox } from '../../../../src/columns/llm/toolbox.ts';
import type { Message } from '../../../../src/models/model-client.ts';
import { readerOf } from '../../../support/chat-columns.ts';
import { textColumn } from '../../../support/plans.ts';
import { cellRecord } from '../../store/records.ts';

it('a tool that is there no more when a conversation goes on is what the model is told', async () => {
  const use = { servers: ['kb'], maxTurns: 5 };
  const toolCalls = [{ id: 'a', name: 'gone', args: '{}' }];
  const history = [cellRecord({ row: 0, status: 'call', turns: [{ by: 'model', text: '', toolCalls }] })];
  const drafts: Draft[] = [];
  const asked: (readonly Message[])[] = [];
  const sending = {
    listTools: async () => [{ name: 'search', description: '', parameters: {} }],
    chat: async ({ messages }: { readonly messages: readonly Message[] }) => {
      asked.push(messages);
      const answer = { text: 'Yes', toolCalls: [], finish: 'stop', reasoning: null, refusal: null };
      return { answer, cost: null };
    },
  } as unknown as Sending;
  const calls = {
    settings: {
      maxConversationRestarts: 0,
      maxConversationCorrectionSteps: 0,
      tools: { servers: [], aliases: { look: { use, timeoutMs: 1 } } },
    },
    async call<Cell extends CellKey, Answer>(cells: readonly Cell[], of: CallOf<Cell, Answer>) {
      drafts.push(...of.keep((await of.send(cells, sending)).answer, cells));
    },
    keep: async (_: unknown, kept: readonly Draft[]) => void drafts.push(...kept),
  } as unknown as Calls;
  const cell = {
    row: 0,
    digest: 'd',
    history,
    older: [],
    input: { messages: [], parameters: {}, responseSchema: null },
  };
  const toolbox = new Toolbox({ use, alias: 'look' });
  await converse(cell, { calls, limiter: { model: 'm' }, reader: readerOf(textColumn('body')), toolbox });
  expect(asked).toEqual([
    [
      { role: 'assistant', content: '', toolCalls },
      { role: 'tool', call: 'a', content: 'Error: there is no tool "gone"; the tools are search' },
    ],
  ]);
  expect(drafts.map(({ status }) => status)).toEqual(['call', 'ok']);
});
