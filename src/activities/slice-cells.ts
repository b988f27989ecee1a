// The cells of a slice before they are made.

import { breathe } from '../breathe.ts';
import type { Cell, Keyed, RowView } from '../columns/maker.ts';
import type { OpenCells } from '../columns/open-columns.ts';
import type { CellError } from '../errors.ts';
import { type CellRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../store/records.ts';

/** What each row's cell is made from. Row by row, where each is looked at alone: files that it names are read for that. */
export async function inputsOf(
  { column, maker }: OpenCells,
  views: readonly RowView[],
): Promise<readonly (Keyed<unknown> | CellError)[]> {
  if (column.strategy === 'column') return maker.inputs(views);
  const inputs: (Keyed<unknown> | CellError)[] = [];
  for (const view of views) {
    await breathe();
    inputs.push(...maker.inputs([view]));
  }
  return inputs;
}

export function cellOf(row: number, keyed: Keyed<unknown>, known: readonly CellRecord[]): Cell<unknown> {
  if (known.length === 0) return { ...keyed, row, history: known, older: known };
  const isOwn = (record: CellRecord) => record.in === keyed.digest;
  // They come from several parts, whose names say nothing about their order.
  const byAge = known.toSorted((left, right) => left.at - right.at);
  return {
    ...keyed,
    row,
    history: byAge.filter(isOwn),
    older: byAge.filter((record) => !isOwn(record)),
  };
}

/** Lists in the order of their first items, each as long as its items allow. */
export function inLists<Item>(
  items: readonly Item[],
  lengthFor: (item: Item) => number,
): readonly (readonly Item[])[] {
  const lists: Item[][] = [];
  let open: Item[] = [];
  for (const item of items) {
    const length = lengthFor(item);
    if (length === 1) lists.push([item]);
    else {
      if (open.length === 0) lists.push(open);
      open.push(item);
      if (open.length >= length) open = [];
    }
  }
  return lists;
}

export function skipRecord(row: number): CellRecord {
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, row, in: '', status: 'skip', at: Date.now() };
}

export function failedRecord(row: number, error: CellError, digest = ''): CellRecord {
  const { kind, message } = error;
  const failed = { row, in: digest, status: 'failed', error: { kind, message }, at: Date.now() } as const;
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, ...failed };
}
