import { expect, it } from 'vitest';
import { hasToolTurn, openTurns } from '../../../src/store/records.ts';
import type { Turn } from '../../../src/turns.ts';
import { answerTurn, cellRecord } from './records.ts';

const turn = (of: Turn) => cellRecord({ row: 0, status: 'call', turns: [of] });
const asked = turn({ by: 'model', text: '', toolCalls: [{ id: 'a', name: 'search', args: '' }] });
const given = turn({ by: 'tool', call: 'a', text: 'found' });
const corrected = turn(answerTurn('no', { problem: 'It is wrong' }));
const restart = cellRecord({
  row: 0,
  status: 'retry',
  error: { kind: 'UnusableAnswer', message: 'It is wrong' },
});
const open = (...records: Parameters<typeof openTurns>[0]) =>
  openTurns(records as never, hasToolTurn as never);

it('of a conversation that was started again are those since then, and what tools gave before', () => {
  expect(open(corrected, restart, corrected)).toEqual([corrected]);
  expect(open(corrected, asked, given, corrected, restart)).toEqual([corrected, asked, given]);
  expect(open(asked, given, restart, corrected)).toEqual([asked, given, corrected]);
});

it('are none of one that has ended', () => {
  expect(open(asked, given, cellRecord({ row: 0 }))).toEqual([]);
  expect(open(asked, given, cellRecord({ row: 0, status: 'failed' }))).toEqual([]);
});
