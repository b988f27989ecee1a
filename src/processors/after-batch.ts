// Runs a plan's processors on the rows of a group that is being committed, in their order.

import { setOwn } from '../own-keys.ts';
import { outputColumns, type Plan } from '../plan.ts';
import type { Value } from '../values.ts';
import type { BatchRow, ProcessedBatch } from './declaration.ts';
import { loadProcessor } from './kinds.ts';

export interface Batch {
  /** The rows that are complete, ascending. */
  readonly completeRows: readonly number[];
  /** Their values. */
  readonly valuesOf: (column: string) => readonly Value[] | Promise<readonly Value[]>;
}

/** What processors keep of a batch in files of their own, by the name of the processor. Throws `ProcessorError`. */
export async function processBatch(
  plan: Plan,
  batch: Batch,
): Promise<readonly ({ readonly name: string } & NonNullable<ProcessedBatch['own']>)[]> {
  if (plan.processors.length === 0) return [];
  const rows = await rowsOf(plan, batch);
  const kept: ({ readonly name: string } & NonNullable<ProcessedBatch['own']>)[] = [];
  for (const processor of plan.processors) {
    const { open } = await loadProcessor(processor.kind);
    const { own } = await open(processor, { plan })(rows);
    if (own !== undefined && rows.length > 0) kept.push({ name: processor.name, ...own });
  }
  return kept;
}

async function rowsOf(plan: Plan, { completeRows, valuesOf }: Batch): Promise<readonly BatchRow[]> {
  const rows = completeRows.map((row) => ({ row, values: {} as { [column: string]: Value } }));
  for (const { name } of outputColumns(plan)) {
    const values = await valuesOf(name);
    for (const [index, row] of rows.entries()) setOwn(row.values, name, values[index] ?? null);
  }
  return rows;
}
