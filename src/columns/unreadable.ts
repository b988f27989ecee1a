import { CellError } from '../errors.ts';

/** What reading an answer met that nobody expects: thrown on, it would have the answer asked for and paid again and again. */
export function unreadable(thrown: unknown): CellError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new CellError('UnusableAnswer', `The answer cannot be read: ${why}`);
}
