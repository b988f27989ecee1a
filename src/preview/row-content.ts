// A row that has ended, as a look at a dataset has it: its values as they would stand in the files, what processors make of
// them, and the records of its cells.

import type { Build } from '../activities/build.ts';
import { readContent } from '../activities/commit-row-group.ts';
import type { RowRange } from '../graph/types.ts';
import { setOwn } from '../own-keys.ts';
import { outputColumns } from '../plan.ts';
import { dropMisfits } from '../store/commit.ts';
import { cellsToShow, type RowLook } from '../store/look.ts';
import { asStored } from '../store/read-parquet.ts';
import type { CellRecord } from '../store/records.ts';
import type { Value, ValueObject } from '../values.ts';
import type { GroupRun } from './group-run.ts';

export interface EndedRow {
  readonly look: RowLook;
  /** What processors make of it for files of their own, by their names. */
  readonly processed: ValueObject;
}

/** Rows of a group that have ended, with what processors make of them together. Throws `ProcessorError`. */
export async function lookAtRows(
  build: Build,
  { conductor, rows }: GroupRun,
  of: RowRange,
): Promise<readonly EndedRow[]> {
  const { plan } = build;
  const { signal } = new AbortController();
  const input = { rows, dropped: conductor.dropped, parts: conductor.parts.all() };
  const content = await dropMisfits(plan, await readContent(build, input, { signal, of }));
  const written = await content.process(content);
  const drops = new Map(content.drops.map((drop) => [drop.row, drop]));
  const positions = new Map(content.completeRows.map((row, position) => [row, position]));
  const valuesByColumn = new Map<string, readonly Value[]>();
  for (const { name } of outputColumns(plan)) valuesByColumn.set(name, await written.valuesOf(name));

  const ended: EndedRow[] = [];
  for (let row = of.first; row <= of.last; row += 1) {
    const position = positions.get(row);
    const drop = drops.get(row) ?? null;
    if (position === undefined && drop === null) continue;
    const values: Record<string, Value> = {};
    for (const { name, type } of position === undefined ? [] : outputColumns(plan))
      setOwn(values, name, asStored(valuesByColumn.get(name)![position!] ?? null, type));
    const processed: Record<string, Value> = {};
    for (const { name, rows: made } of position === undefined ? [] : written.processed)
      setOwn(processed, name, made[position!] ?? null);
    const state = position === undefined ? 'dropped' : 'complete';
    const cells = cellsToShow(await recordsOf(build, row), drop);
    ended.push({ look: { row, plan, drop, state, values, ...cells }, processed });
  }
  return ended;
}

/** By column, the older ones first. */
async function recordsOf(build: Build, row: number): Promise<Map<string, readonly CellRecord[]>> {
  const records = new Map<string, readonly CellRecord[]>();
  for (const column of build.graph.storedColumns) {
    const found = (await build.readEarlierParts(column, { first: row, last: row })).get(row) ?? [];
    records.set(
      column,
      found.toSorted((left, right) => left.at - right.at),
    );
  }
  return records;
}
