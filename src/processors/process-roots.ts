// Runs a plan's processors before the batch on the roots of rows, each for itself. Roots are made whenever a group is opened,
// counted or looked for, so a function has to give the same for the same row every time: else its cells would be paid for
// again at each start. The first row of each call is made twice to find one that does not.

import { isDeepStrictEqual } from 'node:util';
import { ProcessorError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import type { BeforeBatch } from './before-batch/declare.ts';
import { openBeforeBatch } from './before-batch/make.ts';
import type { BatchRow, Processing } from './declaration.ts';

/** Rows that go to a thread together. */
const LIST_ROWS = 64;

/** A row's roots, or the name of the processor that drops it. */
export type ProcessedRoots = { readonly values: ValueObject } | { readonly droppedBy: string };

/** In the order of the rows. Throws `ProcessorError`, and `ModelError` `cancelled` when the signal fires. */
export async function processRoots(
  plan: Plan,
  rows: readonly BatchRow[],
  { functions, signal }: Pick<Processing, 'functions' | 'signal'>,
): Promise<readonly ProcessedRoots[]> {
  const { beforeBatch = [] } = plan;
  // The first failure calls off what waits for a thread.
  const failing = new AbortController();
  const processing = { plan, functions, signal: AbortSignal.any([signal, failing.signal]) };
  const processors = (beforeBatch as readonly BeforeBatch[]).map(
    (processor) => [processor.name, openBeforeBatch(processor, processing)] as const,
  );
  async function process(list: readonly BatchRow[]): Promise<readonly ProcessedRoots[]> {
    const ends = new Map<number, ProcessedRoots>(list.map(({ row, values }) => [row, { values }]));
    for (const [name, run] of processors) {
      const left = [...ends].flatMap(([row, end]) => ('values' in end ? [{ row, values: end.values }] : []));
      const made = left.length === 0 ? [] : await run(left);
      for (const [index, values] of made.entries())
        ends.set(left[index]!.row, values === null ? { droppedBy: name } : { values });
    }
    return [...ends.values()];
  }
  async function checkSame(first: BatchRow, [made]: readonly ProcessedRoots[]): Promise<void> {
    const [again] = await process([first]);
    if (!isDeepStrictEqual(made, again))
      throw new ProcessorError(beforeBatch.map(({ name }) => name).join('", "'), {
        rows: { first: first.row, last: first.row },
        message:
          'it gives other values for the same row each time. What is random has to come from context.random, which is the same at every start',
      });
  }
  const lists = Array.from({ length: Math.ceil(rows.length / LIST_ROWS) }, (_, index) =>
    rows.slice(index * LIST_ROWS, (index + 1) * LIST_ROWS),
  );
  try {
    const made = await Promise.all(lists.map(process));
    if (rows.length > 0) await checkSame(rows[0]!, made[0]!);
    return made.flat();
  } catch (error) {
    failing.abort();
    throw error;
  }
}
