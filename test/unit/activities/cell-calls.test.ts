import { expect, it } from 'vitest';
import { CellCalls } from '../../../src/activities/calls.ts';
import type { Draft } from '../../../src/columns/calls.ts';
import { ModelError } from '../../../src/errors.ts';
import { Limiter } from '../../../src/models/limiter.ts';
import { ModelTraits } from '../../../src/models/traits.ts';
import type { CellRecord } from '../../../src/store/records.ts';
import { NO_PICTURES } from '../../support/no-pictures.ts';
import { NO_FILES } from '../../support/one-cell.ts';
import { LOCAL } from '../../support/plans.ts';

interface ListsOptions {
  /** Rows whose request is refused. */
  readonly refused?: readonly number[];
  /** Fails a request for these rows otherwise. */
  readonly fails?: (rows: readonly number[], nth: number) => ModelError | undefined;
  readonly keeps?: (row: number) => Draft;
}

/** Calls for lists of rows, at a model that answers all others. */
function listsOf({ refused = [], fails, keeps }: ListsOptions = {}) {
  const writes: (readonly CellRecord[])[] = [];
  const asked: (readonly number[])[] = [];
  const limiter = new Limiter({ max: 1, skipProbe: true });
  const never = new AbortController().signal;
  const calls = new CellCalls({
    ...{ column: 'vector', readVersion: 1, returned: null, stop: never, cut: never, now: () => 1 },
    module: () => Promise.reject(new Error('No modules')),
    files: NO_FILES,
    local: LOCAL,
    pictures: NO_PICTURES,
    settings: { maxConversationRestarts: 0, maxConversationCorrectionSteps: 0 },
    wayTo: async () => ({
      ...{
        key: 'one',
        limiter,
        traits: new ModelTraits({ hasAnswered: () => true }),
        host: 'here',
        model: null,
      },
    }),
    fly: () => limiter,
    historyOf: () => [],
    append: async (records) => void writes.push(records),
    nextCallId: () => `n:${asked.length}`,
    sleep: async () => undefined,
  });
  const call = (rows: readonly number[]) =>
    calls.call(
      rows.map((row) => ({ row, digest: `d${row}` })),
      {
        limiter: { model: 'm' },
        async send(cells) {
          const sent = cells.map(({ row }) => row);
          asked.push(sent);
          if (sent.some((row) => refused.includes(row)))
            throw new ModelError('too long', { failure: 'input', status: 400 });
          const failure = fails?.(sent, asked.filter((rows) => rows.join() === sent.join()).length);
          if (failure !== undefined) throw failure;
          return { answer: sent, cost: { promptTokens: sent.length, completionTokens: 0, status: 200 } };
        },
        keep: (answer) => answer.map((row) => keeps?.(row) ?? { status: 'ok', value: BigInt(row) }),
      },
    );
  const told = () =>
    writes.map((records) => records.map(({ row, status, calls }) => `${row} ${status} ${calls.length}`));
  return { call, asked, writes, told };
}

it('keeps the records of a list in one write, with the call in the first', async () => {
  const { call, told } = listsOf();
  await call([1, 2, 3]);
  expect(told()).toEqual([['1 ok 1', '2 ok 0', '3 ok 0']]);
});

it('asks for the cells of a refused list one by one, of which those fail that are refused', async () => {
  const { call, asked, told } = listsOf({ refused: [2] });
  await call([1, 2, 3]);
  expect(asked).toEqual([[1, 2, 3], [1], [2], [3]]);
  expect(told()).toEqual([['1 retry 1'], ['1 ok 1'], ['2 failed 1'], ['3 ok 1']]);
});

it('rejects when no cell of a list is left', async () => {
  const { call } = listsOf({ refused: [1, 2] });
  await expect(call([1, 2])).rejects.toMatchObject({ kind: 'RefusedCall', message: 'too long' });
});

it('counts the calls of answers that cannot be read, and fails their cells instead of asking again and again', async () => {
  const { call, asked, told } = listsOf({
    keeps(row) {
      if (row === 2) throw new TypeError('row is not iterable');
      return { status: 'ok' };
    },
  });
  await call([1, 2, 3]);
  expect(asked).toEqual([[1, 2, 3], [1], [2], [3]]);
  expect(told()).toEqual([['1 retry 1'], ['1 ok 1'], ['2 failed 1'], ['3 ok 1']]);
  await expect(call([2])).rejects.toMatchObject({
    kind: 'UnusableAnswer',
    message: 'The answer cannot be read: row is not iterable',
  });
});

it('counts the tries of each cell of a refused list by what was answered since its own last one', async () => {
  const gone = new ModelError('gone', { failure: 'unavailable', status: 503 });
  // Row 3 is answered between the first two tries of the others.
  const { call, writes } = listsOf({
    fails(rows, nth) {
      if (rows.length > 1) return new ModelError('too long', { failure: 'input', status: 400 });
      return rows[0] !== 3 && nth < 3 ? gone : undefined;
    },
  });
  await call([1, 2, 3]);
  const counted = writes.flat().filter(({ counts }) => counts === true);
  expect(counted.map(({ row }) => row)).toEqual([1, 2]);
});
