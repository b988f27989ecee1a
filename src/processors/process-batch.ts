// Runs a plan's processors on the rows of a group that is being committed, in their order.

import { findOwn, setOwn } from '../own-keys.ts';
import { cellColumns, type Plan } from '../plan.ts';
import type { Value } from '../values.ts';
import type { BatchRow, ProcessedBatch, Processing } from './declaration.ts';
import { loadProcessor } from './kinds.ts';

export interface Batch {
  /** The rows that are complete, ascending. */
  readonly completeRows: readonly number[];
  /** Their values. */
  readonly valuesOf: (column: string) => readonly Value[] | Promise<readonly Value[]>;
}

export interface BatchToWrite extends Pick<Batch, 'valuesOf'> {
  /** What processors keep in files of their own, by their names. */
  readonly processed: readonly ({ readonly name: string } & NonNullable<ProcessedBatch['own']>)[];
}

/** What is written of a batch: its values as processors left them, of added columns too. Throws `ProcessorError`. */
export async function processBatch(batch: Batch, { plan, ...processing }: Processing): Promise<BatchToWrite> {
  if (plan.processors.length === 0 || batch.completeRows.length === 0)
    return { valuesOf: batch.valuesOf, processed: [] };
  let rows = await rowsOf(plan, batch);
  const processed: BatchToWrite['processed'][number][] = [];
  for (const processor of plan.processors) {
    const { open } = await loadProcessor(processor.kind);
    const made = await open(processor, { plan, ...processing })(rows);
    if (made.own !== undefined) processed.push({ name: processor.name, ...made.own });
    rows = made.rows ?? rows;
  }
  return { valuesOf: (column) => rows.map(({ values }) => findOwn(values, column) ?? null), processed };
}

async function rowsOf(plan: Plan, { completeRows, valuesOf }: Batch): Promise<readonly BatchRow[]> {
  const rows = completeRows.map((row) => ({ row, values: {} as { [column: string]: Value } }));
  for (const { name } of cellColumns(plan)) {
    const values = await valuesOf(name);
    for (const [index, row] of rows.entries()) setOwn(row.values, name, values[index] ?? null);
  }
  return rows;
}
