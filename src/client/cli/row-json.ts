import type { CellRecord } from '../../store/records.ts';
import { fromPlain, type Value, type ValueObject } from '../../values.ts';
import type { RowView } from '../look/row-view.ts';

/** A row with all that made it, as one JSON object: counts and times are whole numbers; values and parameters stay what they are. */
export function rowJson({ values, columns, ...row }: RowView): ValueObject {
  return {
    ...(fromPlain(row) as object),
    values,
    columns: columns.map(({ cell, prompt, tries, ...column }) => ({
      ...(fromPlain(column) as object),
      cell: cell === null ? null : recordJson(cell),
      prompt: prompt === null ? null : { ...prompt, messages: fromPlain(prompt.messages) },
      tries: tries.map(recordJson),
    })),
  };
}

function recordJson({ value, ...record }: CellRecord): Value {
  return { ...(fromPlain(record) as object), value };
}
