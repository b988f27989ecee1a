import { typedValue } from '../../columns/typed-value.ts';
import type { ValueObject } from '../../values.ts';
import type { BatchRow, Processing } from '../declaration.ts';
import { givenRow, openFunction, withReturned } from '../user-function.ts';
import type { BeforeBatch } from './declare.ts';

/** A function of a row has to be quick: each opening of its group runs it again. */
const DEADLINE_MS = 60_000;

/** What a row's roots are now; null: the row is dropped. Throws `ProcessorError`. */
export function openBeforeBatch(
  processor: BeforeBatch,
  of: Processing,
): (row: BatchRow) => Promise<ValueObject | null> {
  const call = openFunction<ValueObject | null>(processor, of);
  const types = new Map(
    of.plan.columns.filter(({ strategy }) => strategy === 'root').map(({ name, type }) => [name, type]),
  );
  return ({ row, values }) => {
    const given = givenRow(values);
    return call({ input: given, rows: { first: row, last: row }, deadlineMs: DEADLINE_MS }, (returned) => {
      if (returned === null) return null;
      return withReturned({ given, values }, returned, {
        known: Object.keys(given),
        keep: (column, value) => typedValue(value, { column, type: types.get(column)! }),
      });
    });
  };
}
