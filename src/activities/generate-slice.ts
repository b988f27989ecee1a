// Makes some cells of one column. One part a try: what an earlier attempt of this slice made is copied, what it paid
// for is replayed, the rest is asked for. All cells run at once; the limiter decides who calls.

import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type CellInput, cellInput, readAgain } from '../columns/llm/by-kind.ts';
import type { ChatColumn } from '../columns/llm/declare-chat.ts';
import { generateCell } from '../columns/llm/generate-cell.ts';
import { CellError, ModelError, StoreError } from '../errors.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { SliceTask } from '../graph/types.ts';
import { remedyOf } from '../models/failures.ts';
import { isMade } from '../plan.ts';
import {
  type ColumnTotals,
  FAILURE,
  type GenerateSliceInput,
  type GenerateSliceResult,
} from '../protocol.ts';
import type { RowValues } from '../rows/generator.ts';
import { firstOf } from '../signals.ts';
import { type Crashes, type FlyingCell, isGuilty } from '../store/flights.ts';
import { createPart } from '../store/parts.ts';
import { type CellRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../store/records.ts';
import { plural } from '../text/plural.ts';
import type { Build } from './build.ts';
import { readSliceRows } from './read-rows.ts';

type CellEnd =
  | { readonly end: 'made' | 'dropped' }
  /** `waiting`: for a model that does not answer now; null for a cell that was stopped. */
  | { readonly end: 'leftover'; readonly waiting: Waiting | null };

interface Waiting {
  readonly error: ModelError;
  readonly retryAfterMs: number;
}

export async function generateSliceActivity(
  build: Build,
  input: GenerateSliceInput,
  isCancelled: AbortSignal,
): Promise<GenerateSliceResult> {
  const { gate, flights } = build.calls;
  // The process that had it before may have crashed.
  if (activityInfo().attempt > 1) await flights.look();
  const { signal, dispose } = firstOf([gate.closed, isCancelled]);
  try {
    return await generateSlice(build, input, { stop: signal, cut: gate.cut });
  } finally {
    dispose();
  }
}

interface SliceSignals {
  /** No call starts any more; those in flight go on. */
  readonly stop: AbortSignal;
  /** Calls in flight are cut. */
  readonly cut: AbortSignal;
}

async function generateSlice(
  build: Build,
  { rowGroup, task }: GenerateSliceInput,
  { stop, cut }: SliceSignals,
): Promise<GenerateSliceResult> {
  const { calls } = build;
  const column = build.columnOf(task.column);
  if (!isMade(column)) throw new TypeError(`Column "${column.name}" asks no model`);
  const rows = await readSliceRows(build, task);
  const history = await build.readEarlierParts(column.name, task.rows);
  const part = createPart(build.dataset, {
    column: column.name,
    rows: task.rows,
    rowGroup,
    epoch: build.ref.epoch,
  });
  const masks = {
    made: RowMask.empty(task.rows),
    dropped: RowMask.empty(task.rows),
    leftover: RowMask.empty(task.rows),
  };
  const waiting: Waiting[] = [];
  const usage = new UsageSum();

  async function append(record: CellRecord): Promise<void> {
    try {
      await part.append(record);
    } catch (error) {
      // At once: nothing is paid for that cannot be kept.
      if (error instanceof StoreError) calls.stop(error.message);
      throw error;
    }
    usage.add(record);
  }

  async function makeCell(row: number): Promise<CellEnd> {
    const values = rows.get(row);
    if (values === undefined) return { end: 'dropped' };
    let input: CellInput;
    try {
      input = cellInput({ plan: build.plan, column: column as ChatColumn, row, values });
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      await append(failedRecord(row, error));
      return { end: 'dropped' };
    }
    const earlier = (history.get(row) ?? []).filter((record) => record.in === input.digest);
    const made = earlier.find(({ status }) => status === 'ok');
    const copy = made === undefined ? null : readAgain(column as ChatColumn, made);
    if (copy !== null) {
      await append(copy);
      return { end: 'made' };
    }
    const cell: FlyingCell = { column: column.name, row, in: input.digest };
    const crashes = calls.flights.crashesOf(cell);
    if (isGuilty(crashes)) {
      await append(failedRecord(row, crashedWorker(cell, crashes), input.digest));
      return { end: 'dropped' };
    }
    const models = await calls.openModels();
    const model = models.forAlias((column as ChatColumn).form.alias);
    const outcome = await generateCell({
      column: column as ChatColumn,
      row,
      input,
      history: earlier,
      model: { ...model, limiter: calls.flights.limiterFor(cell, model.limiter) },
      settings: build.settings,
      stop,
      signal: cut,
      append,
      nextCallId: () => part.nextCallId(),
      now: Date.now,
    });
    if (outcome.status === 'waiting') return { end: 'leftover', waiting: outcome };
    // One that had failed in an earlier attempt was counted there: an outage has its slice tried again and again.
    const isDone = outcome.status === 'ok' && !failsRow(row, { ...values, [column.name]: outcome.value });
    if (!earlier.some(({ status }) => status === 'failed')) calls.outcomes.add(row, isDone);
    return { end: isDone ? 'made' : 'dropped' };
  }

  /** Whether an expression fails over these cells: no other cell of the row is asked for then. */
  function failsRow(row: number, values: RowValues): boolean {
    const isFailing = build.inline.complete(row, values).failure !== null;
    if (isFailing) calls.outcomes.failRow(row);
    return isFailing;
  }

  async function endOf(row: number): Promise<CellEnd> {
    try {
      return await makeCell(row);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      if (error.failure === 'denied') calls.stop(error.message, remedyOf(error));
      else if (error.failure !== 'cancelled') throw error;
      return { end: 'leftover', waiting: null };
    }
  }

  try {
    const ends = RowMask.fromHex(task.rows, task.mask)
      .rows()
      .map(async (row) => {
        const cell = await endOf(row);
        masks[cell.end].set(row);
        if (cell.end === 'leftover' && cell.waiting !== null) waiting.push(cell.waiting);
      });
    await allSettledThenThrow(ends);
  } finally {
    await part.close();
  }
  if (task.isLeftover && waiting.length > 0 && !stop.aborted) throw leftoverFailure(task, waiting);
  return {
    part: part.isEmpty ? null : part.name,
    made: masks.made.toHex(),
    dropped: masks.dropped.toHex(),
    leftover: masks.leftover.toHex(),
    afterMs: null,
    elsewhere: null,
    usage: usage.totals,
  };
}

/** Every cell ends before the part is closed: an answer that is paid for must still be written. */
async function allSettledThenThrow(ends: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(ends);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function crashedWorker({ column, row }: FlyingCell, { alone }: Crashes): CellError {
  return new CellError(
    'CrashedWorker',
    `Making it crashed the worker ${alone} times with nothing else in flight · to try again: --redo ${column} --rows ${row}`,
  );
}

function failedRecord(row: number, error: CellError, digest = ''): CellRecord {
  const { kind, message } = error;
  const failed = { row, in: digest, status: 'failed', error: { kind, message }, at: Date.now() } as const;
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, ...failed };
}

class UsageSum {
  #sum = { made: 0, failed: 0, calls: 0, failedCalls: 0, promptTokens: 0, completionTokens: 0 };

  add(record: CellRecord): void {
    const sum = this.#sum;
    if (record.status === 'ok') sum.made += 1;
    if (record.status === 'failed') sum.failed += 1;
    for (const call of record.calls) {
      sum.calls += 1;
      if (call.status !== 200) sum.failedCalls += 1;
      sum.promptTokens += call.promptTokens;
      sum.completionTokens += call.completionTokens;
    }
  }

  get totals(): ColumnTotals {
    return this.#sum;
  }
}

/** Only a leftover slice throws, always retryable; a cell that failed for good is a record, not an error. */
function leftoverFailure({ column, rows }: SliceTask, waiting: readonly Waiting[]): ApplicationFailure {
  const retryAfterMs = Math.max(...waiting.map((cell) => cell.retryAfterMs));
  return ApplicationFailure.create({
    message: `Cannot yet generate ${plural(waiting.length, 'cell')} of column "${column}" in rows ${rows.first}-${rows.last}: ${waiting[0]?.error.message}`,
    type: FAILURE.modelUnavailable,
    // Jitter, or all slices wake at once.
    ...(retryAfterMs === 0 ? {} : { nextRetryDelay: Math.round(retryAfterMs * (1 + Math.random() / 4)) }),
  });
}
