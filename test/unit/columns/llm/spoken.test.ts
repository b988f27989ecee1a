import { describe, expect, it } from 'vitest';
import { messagesOf, openCalls, toolPhase, withTurns } from '../../../../src/columns/llm/spoken.ts';
import type { ModelTurn, ToolTurn } from '../../../../src/turns.ts';
import { readerOf } from '../../../support/chat-columns.ts';
import { textColumn } from '../../../support/plans.ts';

const asks = (...ids: readonly string[]): ModelTurn => ({
  ...{ by: 'model', text: '' },
  toolCalls: ids.map((id) => ({ id, name: 'search', args: '{}' })),
});
const gives = (call: string, text = `of ${call}`): ToolTurn => ({ by: 'tool', call, text });
const corrected: ModelTurn = { by: 'model', text: 'Seven', problem: 'It is no number' };

describe('turns with tools', () => {
  it('have open calls until each has its result', () => {
    expect(openCalls([asks('a', 'b'), gives('b')]).map(({ id }) => id)).toEqual(['a']);
    expect(openCalls([asks('a'), gives('a')])).toEqual([]);
    expect(openCalls([corrected])).toEqual([]);
    // Some models number the calls of each answer from the start.
    expect(openCalls([asks('a'), gives('a'), asks('a')]).map(({ id }) => id)).toEqual(['a']);
  });

  it('of attempts that overlapped are one conversation, in which each call has one result', () => {
    const first = [asks('a', 'b'), gives('a')];
    const late = [asks('c'), gives('a', 'again'), gives('c'), gives('b')];
    expect(withTurns(first, late)).toEqual([asks('a', 'b'), gives('a'), gives('b')]);
  });

  it('start again after the last result', () => {
    expect(toolPhase([corrected, asks('a'), gives('a'), corrected])).toEqual([
      corrected,
      asks('a'),
      gives('a'),
    ]);
    expect(toolPhase([corrected])).toEqual([]);
  });

  it('are told with results in the order of the calls, and thoughts where tools were asked for', () => {
    const turns = [{ ...asks('a', 'b'), reasoning: 'Look' }, gives('b'), gives('a'), corrected];
    expect(messagesOf(turns, readerOf(textColumn('body')))).toEqual([
      { role: 'assistant', content: '', toolCalls: asks('a', 'b').toolCalls, reasoning: 'Look' },
      { role: 'tool', call: 'a', content: 'of a' },
      { role: 'tool', call: 'b', content: 'of b' },
      { role: 'assistant', content: 'Seven' },
      {
        role: 'user',
        content: 'Your answer cannot be used. It is no number. Give the whole answer again, corrected.',
      },
    ]);
  });
});
