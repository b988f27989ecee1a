// Makes the cells of `custom` columns.

import { CellError } from '../../errors.ts';
import { asValue, plainOf, wrong } from '../../modules/user-values.ts';
import type { Value } from '../../values.ts';
import type { Calls, Draft } from '../calls.ts';
import type { Cell, CellMaker, MakeEnd } from '../maker.ts';
import { type CustomInput, openInputs } from './custom-input.ts';
import type { CustomColumn, CustomForm } from './declare.ts';
import { makeElsewhere } from './elsewhere.ts';
import { FailedCallError } from './inner-calls.ts';
import { type MadeColumns, openMade } from './returned-value.ts';
import { runFunction } from './run-function.ts';

interface Making {
  readonly form: CustomForm;
  readonly made: MadeColumns;
  readonly calls: Calls;
}

export const make: CellMaker<CustomColumn, CustomInput> = {
  shape: 'cells',
  open(column, { plan }) {
    const { form } = column;
    const made = openMade(column);
    const isOneByOne = form.calling === 'row' && form.activity === null;
    return {
      batch: isOneByOne ? 1 : Number.POSITIVE_INFINITY,
      inputs: openInputs(column, plan),
      async make(cells, calls): Promise<MakeEnd> {
        const making = { form, made, calls };
        if (form.activity !== null) return makeElsewhere(cells, { ...making, activity: form.activity });
        if (form.calling === 'row') for (const cell of cells) await makeCell(cell, making);
        else if (form.calling === 'column') await makeWhole(cells, making);
        else await makeInOrder(cells, making);
        return undefined;
      },
      read: ({ value }) => made.own(value),
      sides: ({ value }) => made.sides(value),
    };
  },
};

async function makeCell(cell: Cell<CustomInput>, { form, made, calls }: Making): Promise<void> {
  const input = plainOf(cell.input.values);
  const { value, turns } = await runFunction({ form, calls, cells: [cell], input });
  await calls.keep([cell], [{ status: 'ok', value: made.keep(asValue(value)), turns }]);
}

/** Its own calls stand at its first row. */
async function makeWhole(cells: readonly Cell<CustomInput>[], { form, made, calls }: Making): Promise<void> {
  const known = cells.flatMap((cell) => keptOf(cell) ?? []).filter(({ status }) => status === 'ok');
  if (known.length === cells.length) return calls.keep(cells, known);
  const input = cells.map((cell) => plainOf(cell.input.values));
  const { value: returned, turns } = await runFunction({ form, calls, cells, input });
  if (!Array.isArray(returned)) throw wrong('is no list, and a full_column function returns one value a row');
  if (returned.length !== cells.length)
    throw wrong(
      `has ${returned.length} values for ${cells.length} rows: it has to be one a row, in their order`,
    );
  const values = returned.map((value) => made.keep(asValue(value)));
  const drafts = values.map(
    (value, index): Draft => ({
      ...{ status: 'ok', value },
      ...(index === 0 ? { turns } : {}),
    }),
  );
  await calls.keep(cells, drafts);
}

/**
 * A crash goes on after the last row that was made. A row that is made anew changes what the function keeps, so that all
 * rows after it are made anew too.
 */
async function makeInOrder(cells: readonly Cell<CustomInput>[], making: Making): Promise<void> {
  const { form, made, calls } = making;
  let state: Value = null;
  let isAnew = false;
  for (const cell of cells) {
    const known = isAnew ? undefined : keptOf(cell);
    if (known !== undefined) {
      await calls.keep([cell], [known]);
      if (known.status === 'ok') state = known.state ?? null;
      continue;
    }
    isAnew = true;
    const input = plainOf(cell.input.values);
    const kept = { kept: plainOf(state) };
    try {
      const end = await runFunction({ form, calls, cells: [cell], input, state: kept });
      const draft = { value: made.keep(asValue(end.value)), state: asValue(end.state) };
      await calls.keep([cell], [{ status: 'ok', ...draft, turns: end.turns }]);
      ({ state } = draft);
    } catch (error) {
      // Its row is dropped; the next goes on from what the row before it left.
      if (!(error instanceof CellError)) throw error;
      if (error instanceof FailedCallError) continue;
      const { kind, message } = error;
      await calls.keep([cell], [{ status: 'failed', error: { kind, message } }]);
    }
  }
}

/** How a cell ended in an earlier attempt. */
function keptOf({ history }: Cell<CustomInput>): Draft | undefined {
  const record = history.findLast(({ status }) => status === 'ok' || status === 'failed');
  if (record === undefined) return undefined;
  const { status, value, turns, error, state } = record;
  return { status, value, turns, error, ...(state === undefined ? {} : { state }) };
}
