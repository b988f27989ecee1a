import { expect, it } from 'vitest';
import { groupFailures } from '../../../src/store/failures.ts';
import type { Drop } from '../../../src/store/groups.ts';

function drops(column: string, kind: Drop['kind'], messages: readonly string[]): Drop[] {
  return messages.map((message, row) => ({ row, column, kind, message }));
}

async function countsOf(failures: readonly Drop[]): Promise<(readonly [number, string])[]> {
  return (await groupFailures(failures)).map(({ count, example }) => [count, example.message]);
}

it('groups failures by column and cause, the commonest first, the first of each as its example', async () => {
  const failures = [
    ...drops('rating', 'UnusableAnswer', ['The answer is empty']),
    ...drops('story', 'UnusableAnswer', ['The answer is empty', 'The answer is empty']),
  ];
  expect(await groupFailures(failures)).toEqual([
    { column: 'story', count: 2, example: failures[1] },
    { column: 'rating', count: 1, example: failures[0] },
  ]);
  expect(await groupFailures([])).toEqual([]);
});

it('takes numbers, ids and quoted cells for what differs between rows', async () => {
  const cut = 'The answer was cut at the token limit, after';
  const refused = 'models.test answered 400: flagged, request';
  expect(
    await countsOf([
      ...drops('a', 'UnusableAnswer', [`${cut} 510 tokens`, `${cut} 512 tokens`]),
      ...drops('a', 'RefusedCall', [`${refused} req-7f3`, `${refused} req-81c`, `${refused} 0b6e`]),
      ...drops('a', 'TypeCastError', ['Cannot cast "x" to int', 'Cannot cast "a long one" to int']),
    ]),
  ).toEqual([
    [3, `${refused} req-7f3`],
    [2, `${cut} 510 tokens`],
    [2, 'Cannot cast "x" to int'],
  ]);
});

it('keeps apart what has another status, another kind, or another name of the document in it', async () => {
  const failures = [
    ...drops('a', 'RefusedCall', ['models.test answered 400: no', 'models.test answered 413: no']),
    ...drops('a', 'TriesExhausted', ['models.test answered 400: no']),
    ...drops('a', 'TemplateRenderError', ['"x" has no "levle"', '"x" has no "leve"']),
  ];
  expect(await countsOf(failures)).toHaveLength(5);
});
