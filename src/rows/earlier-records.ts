// What earlier starts recorded of cells, to be chosen from.

import type { OpenColumn } from '../columns/open-columns.ts';
import { CellError } from '../errors.ts';
import type { PlanColumn } from '../plan.ts';
import { misfitOf } from '../store/parquet-values.ts';
import type { CellRecord } from '../store/records.ts';
import { formatJson, type Value } from '../values.ts';
import { foundIn } from './row.ts';

export interface Accepted {
  readonly record: CellRecord;
  readonly value: Value;
}

export function acceptedIn(open: OpenColumn, record: CellRecord): Accepted[] {
  const found = record.status === 'ok' ? foundIn(open, record) : undefined;
  return typeof found !== 'object' || found instanceof CellError || found.record === null
    ? []
    : [{ record: found.record, value: found.value }];
}

export function fits({ type }: PlanColumn, value: Value): boolean {
  return misfitOf(value, type) === undefined;
}

export function isChosen({ chosen }: CellRecord): boolean {
  return chosen === true;
}

export function byRow(records: readonly CellRecord[]): ReadonlyMap<number, readonly CellRecord[]> {
  const rows = new Map<number, CellRecord[]>();
  for (const record of records) {
    const row = rows.get(record.row);
    if (row === undefined) rows.set(record.row, [record]);
    else row.push(record);
  }
  return rows;
}

export function byAge({ record: left }: Accepted, { record: right }: Accepted): number {
  return left.at - right.at || (idOf(left) < idOf(right) ? -1 : 1);
}

function idOf(record: CellRecord): string {
  return record.calls[0]?.id ?? '';
}

export function isSameValue(left: Value, right: Value): boolean {
  return left === right || formatJson(left) === formatJson(right);
}
