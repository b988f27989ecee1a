import { CellError } from '../../errors.ts';
import { wrong } from '../../modules/user-values.ts';
import { setOwn } from '../../own-keys.ts';
import { outputColumns } from '../../plan.ts';
import type { AfterBatchMaker, BatchRow } from '../declaration.ts';
import { openKeep } from '../making-function.ts';
import { givenRow, openFunction, withReturned } from '../user-function.ts';
import type { AfterBatch } from './declare.ts';

/** For a whole group at once. */
const DEADLINE_MS = 10 * 60_000;

export const make: AfterBatchMaker<AfterBatch> = {
  open(processor, of) {
    const call = openFunction<readonly BatchRow[]>(processor, of);
    const own = processor.form.makes.map(({ name }) => name);
    const keep = openKeep(processor, outputColumns(of.plan));
    return async (rows) => {
      const given = rows.map(({ values }) => givenRow(values));
      const numbers = rows.map(({ row }) => row);
      const changed = await call(
        { input: given, rows: numbers, isRowByRow: false, deadlineMs: DEADLINE_MS },
        (returned) => {
          if (!Array.isArray(returned))
            throw wrong('is no list: it has to be one row for each row, in their order');
          if (returned.length !== rows.length)
            throw wrong(
              `has ${returned.length} rows for ${rows.length}: it has to be one for each, in their order`,
            );
          return rows.map(({ row, values: made }, index): BatchRow => {
            const values = { ...made };
            for (const name of own) setOwn(values, name, null);
            const known = [...Object.keys(given[index]!), ...own];
            try {
              return {
                row,
                values: withReturned({ given: given[index]!, values }, returned[index], { known, keep }),
              };
            } catch (error) {
              if (!(error instanceof CellError)) throw error;
              throw new CellError(error.kind, `${error.message} (row ${row})`);
            }
          });
        },
      );
      return { rows: changed };
    };
  },
};
