import { typedValue } from '../../columns/typed-value.ts';
import { ProcessorError } from '../../errors.ts';
import type { ValueObject } from '../../values.ts';
import type { BatchRow, Processing } from '../declaration.ts';
import { givenRow, openFunction, withReturned } from '../user-function.ts';
import type { BeforeBatch } from './declare.ts';

/** A function of a row has to be quick: each opening of its group runs it again. */
const DEADLINE_MS = 60_000;

/**
 * What the roots of rows are now, in their order; null: the row is dropped. The function is called with one row at a time; they
 * go to its thread together, since a message costs far more than a quick function. Throws `ProcessorError`.
 */
export function openBeforeBatch(
  processor: BeforeBatch,
  of: Processing,
): (rows: readonly BatchRow[]) => Promise<readonly (ValueObject | null)[]> {
  const call = openFunction<readonly (ValueObject | null)[]>(processor, of);
  const types = new Map(
    of.plan.columns.filter(({ strategy }) => strategy === 'root').map(({ name, type }) => [name, type]),
  );
  function process(rows: readonly BatchRow[]): Promise<readonly (ValueObject | null)[]> {
    const input = rows.map(({ values }) => givenRow(values));
    const numbers = rows.map(({ row }) => row);
    return call({ input, rows: numbers, isRowByRow: true, deadlineMs: DEADLINE_MS }, (returned) =>
      rows.map(({ values }, index) => {
        const own = (returned as readonly unknown[])[index];
        if (own === null) return null;
        const given = input[index]!;
        return withReturned({ given, values }, own, {
          known: Object.keys(given),
          keep: (column, value) => typedValue(value, { column, type: types.get(column)! }),
        });
      }),
    );
  }
  return async (rows) => {
    try {
      return await process(rows);
    } catch (error) {
      if (!(error instanceof ProcessorError) || rows.length === 1) throw error;
    }
    // Each alone tells which of them it was.
    const ends: (ValueObject | null)[] = [];
    for (const row of rows) ends.push(...(await process([row])));
    return ends;
  };
}
