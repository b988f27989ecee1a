import { CellError, ProcessorError } from '../../errors.ts';
import { finishedColumns, type OutputColumn } from '../../plan.ts';
import type { ValueObject } from '../../values.ts';
import type { Processing } from '../declaration.ts';
import { openKeep } from '../making-function.ts';
import { contextOf, givenRow, withReturned } from '../user-function.ts';
import type { AfterGeneration } from './declare.ts';

/** From one piece of rows to the next: a function may read all of them before it yields the first. */
const DEADLINE_MS = 10 * 60_000;

/** Rows as they come, a piece at a time. */
export type RowPieces = AsyncIterable<readonly ValueObject[]>;

/**
 * What the processors after generation of a plan make of all its finished rows, one after the other. In memory are a
 * row group for each of them, and what their functions keep. Throws `ProcessorError`, and what the input throws.
 */
export function processFinishedRows(input: RowPieces, processing: Processing): RowPieces {
  const { plan } = processing;
  const processors = (plan.afterGeneration ?? []) as readonly AfterGeneration[];
  let rows = input;
  for (const [index, processor] of processors.entries()) {
    const columns = finishedColumns({ ...plan, afterGeneration: processors.slice(0, index + 1) });
    rows = processRows(rows, { processor, columns, processing });
  }
  return rows;
}

async function* processRows(
  input: RowPieces,
  {
    processor,
    columns,
    processing,
  }: {
    readonly processor: AfterGeneration;
    readonly columns: readonly OutputColumn[];
    readonly processing: Processing;
  },
): AsyncGenerator<readonly ValueObject[], void> {
  const { params, randomOf } = contextOf(processor, processing);
  const known = columns.map(({ name }) => name);
  const keep = openKeep(processor, columns);
  const nothing = Object.fromEntries(known.map((name) => [name, null]));
  let count = 0;
  function read(returned: unknown): ValueObject {
    try {
      return withReturned({ given: {}, values: nothing }, returned, { known, keep });
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      throw new CellError(error.kind, `${error.message} (row ${count} of what it makes)`);
    } finally {
      count += 1;
    }
  }
  const { functions, signal } = processing;
  const call = { input: givenRows(input), params, random: randomOf(0), signal, deadlineMs: DEADLINE_MS };
  try {
    for await (const piece of functions.stream(processor.form.module, call)) yield piece.map(read);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    throw new ProcessorError(processor.name, { message: error.message });
  }
}

async function* givenRows(input: RowPieces) {
  for await (const piece of input) yield piece.map(givenRow);
}
