// Cells that an activity of somebody else's worker makes, in whatever language: a file of rows, a folder of files of cells.
//
//   Rows     {"key": …, "row": 12, "values": {column: value}, "params": …}, one a line
//   Cells    {"key": …, "value": …} or {"key": …, "value": {column: value, …}} where it makes several columns, or
//            {"key": …, "error": "why there is none"}, one a line, each attempt in a file of its own
//
// A key names the exact input of a cell. What has a cell under a key in any of the files need not be made again, whoever
// wrote it: an earlier attempt, or an earlier start.

import { CellError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import { isValueObject, parseJson, type Value, type ValueObject } from '../../values.ts';
import type { Calls, Draft } from '../calls.ts';
import type { Cell, MakeEnd } from '../maker.ts';
import type { CustomInput } from './custom-input.ts';
import type { CustomForm } from './declare.ts';
import type { MadeColumns } from './returned-value.ts';

export async function makeElsewhere(
  cells: readonly Cell<CustomInput>[],
  of: {
    readonly form: CustomForm;
    readonly activity: NonNullable<CustomForm['activity']>;
    readonly made: MadeColumns;
    readonly calls: Calls;
  },
): Promise<MakeEnd> {
  const { form, activity, made, calls } = of;
  if (calls.returned === null) {
    const params = parseJson(form.params);
    const rows = cells.map(({ digest: key, row, input: { values } }) => ({
      ...{ key, row: BigInt(row), values, params },
    }));
    const files = { rows: await calls.files.writeRows(rows), cells: await calls.files.makeCellsFolder() };
    return { elsewhere: { queue: activity.queue, activity: activity.name, ...files } };
  }
  const found = new Map<string, ValueObject>();
  for (const name of calls.returned) {
    for (const line of await calls.files.readCells(name)) {
      if (!isValueObject(line)) continue;
      const key = findOwn(line, 'key');
      // A cell that one attempt made stands whatever another one failed for.
      const isBetter = findOwn(line, 'error') === undefined || !found.has(String(key));
      if (typeof key === 'string' && isBetter) found.set(key, line);
    }
  }
  await calls.keep(
    cells,
    cells.map(({ digest }) => draftOf(found.get(digest), made)),
  );
  return undefined;
}

function draftOf(line: ValueObject | undefined, made: MadeColumns): Draft {
  if (line === undefined) return failed('NoCell', 'The activity wrote no cell for it');
  const error: Value | undefined = findOwn(line, 'error');
  if (error !== undefined && error !== null) return failed('FunctionError', `The activity failed: ${error}`);
  try {
    return { status: 'ok', value: made.keep(findOwn(line, 'value') ?? null) };
  } catch (thrown) {
    if (!(thrown instanceof CellError)) throw thrown;
    return failed(thrown.kind, thrown.message);
  }
}

function failed(kind: string, message: string): Draft {
  return { status: 'failed', error: { kind, message } };
}
