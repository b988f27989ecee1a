// Makes some cells of one column. One part a try: what an earlier attempt of this slice made is copied, what it paid
// for is replayed, the rest is asked for. All batches of cells run at once; limiters decide who calls.

import { type CellKey, WaitError } from '../columns/calls.ts';
import { declarationOf } from '../columns/kinds.ts';
import type { Cell, MakeEnd } from '../columns/maker.ts';
import type { OpenCells } from '../columns/open-columns.ts';
import { CellError, ModelError } from '../errors.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { SliceTask } from '../graph/types.ts';
import { remedyOf } from '../models/failures.ts';
import type { PlanColumn } from '../plan.ts';
import type { GenerateSliceInput, GenerateSliceResult } from '../protocol.ts';
import { type AssembledRow, foundIn } from '../rows/row.ts';
import { firstOf } from '../signals.ts';
import { type Crashes, type FlyingCell, isGuilty, isSuspect } from '../store/flights.ts';
import { createPart } from '../store/parts.ts';
import { type CellRecord, isCrash } from '../store/records.ts';
import { plural } from '../text/plural.ts';
import { type Attempt, LeftoverError } from './attempt.ts';
import type { Build } from './build.ts';
import { CellCalls, type CellCallsOptions } from './calls.ts';
import { foreignFiles } from './foreign-files.ts';
import { pictureFiles } from './picture-files.ts';
import { readSliceRows } from './read-rows.ts';
import { cellOf, failedRecord, inLists, inputsOf, skipRecord } from './slice-cells.ts';
import { SlicePart } from './slice-part.ts';
import { SliceTrace } from './slice-trace.ts';

export async function generateSliceActivity(
  build: Build,
  input: GenerateSliceInput,
  attempt: Attempt,
): Promise<GenerateSliceResult> {
  const { gate, flights } = build.calls;
  // The process that had it before may have crashed.
  if (attempt.number > 1) await flights.look();
  const { signal: stop, dispose } = firstOf([gate.closed, attempt.isCancelled]);
  try {
    const trace = build.traces && new SliceTrace(build.traces, input, attempt);
    const make = async () => (await Slice.open(build, input, { stop, cut: gate.cut, trace })).make();
    return await (trace === null ? make() : trace.around(make));
  } finally {
    dispose();
  }
}

interface SliceContent {
  readonly build: Build;
  readonly task: SliceTask;
  readonly open: OpenCells;
  /** Those that have what their cell is made from. */
  readonly rows: ReadonlyMap<number, AssembledRow>;
  readonly skipped: readonly number[];
  readonly history: ReadonlyMap<number, readonly CellRecord[]>;
  readonly part: SlicePart;
  /** Null where nobody asked for traces. */
  readonly trace: SliceTrace | null;
  readonly calls: Omit<CellCallsOptions, 'fly' | 'historyOf'>;
}

class Slice {
  readonly #content: SliceContent;
  readonly #waiting: { readonly error: WaitError; readonly cells: number }[] = [];
  /** Made, but an expression fails over their cells. */
  readonly #failing = new Set<number>();

  static async open(
    build: Build,
    { rowGroup, task, returned }: GenerateSliceInput,
    { trace, ...signals }: Pick<CellCallsOptions, 'stop' | 'cut'> & Pick<SliceContent, 'trace'>,
  ): Promise<Slice> {
    const open = build.makerOf(task.column);
    const { column } = open;
    const place = { column: column.name, rows: task.rows, rowGroup, epoch: build.ref.epoch };
    const { ready, skipped } = await readSliceRows(build, task);
    const rows = new Map(ready.map((row) => [row.row, row]));
    const history = await build.readEarlierParts(column.name, task.rows);
    // At once: nothing is paid for that cannot be kept.
    const onBroken = ({ message }: Error) => build.calls.stop(message);
    const part = new SlicePart(createPart(build.dataset, place), onBroken);
    const slice: Slice = new Slice({
      ...{ build, task, open, rows, skipped, history, part, trace },
      calls: {
        ...{ column: column.name, settings: build.settings },
        readVersion: declarationOf(column.kind).readVersion,
        returned: returned ?? null,
        files: foreignFiles(build.dataset, place),
        module: (hash) => build.moduleOf(hash),
        local: build.local,
        pictures: pictureFiles(build.dataset, column.name, onBroken),
        ...signals,
        wayTo: (limiter) => build.calls.wayTo(limiter),
        append: (records) => slice.#append(records),
        nextCallId: () => part.nextCallId(),
        now: Date.now,
      },
    });
    return slice;
  }

  private constructor(content: SliceContent) {
    this.#content = content;
  }

  async make(): Promise<GenerateSliceResult> {
    const { task, part, calls } = this.#content;
    let ends: readonly MakeEnd[];
    try {
      ends = await this.#makeAll();
    } finally {
      await part.close();
    }
    if (task.isLeftover && this.#waiting.length > 0 && !calls.stop.aborted) throw this.#leftoverError();
    const told = ends.filter((end) => end !== undefined);
    const afterMs = told.map((end) => ('afterMs' in end ? end.afterMs : 0));
    return {
      part: part.name,
      ...this.#masks(),
      afterMs: Math.max(0, ...afterMs) || null,
      elsewhere: told.find((end) => 'elsewhere' in end)?.elsewhere ?? null,
      usage: part.usage,
    };
  }

  async #makeAll(): Promise<readonly MakeEnd[]> {
    const {
      build,
      part,
      open: { column, maker },
    } = this.#content;
    const { ended, open } = await this.#sort();
    const { flights } = build.calls;
    // Those whose prompt cannot be made, and those that crashed the worker.
    for (const record of ended) {
      if (record.status === 'failed') build.calls.cellFailed(column.name, record);
    }
    // A cell that may have crashed the process goes in no list, so that the next crash tells.
    const isLoner = (cell: CellKey) =>
      column.strategy === 'cell' && isSuspect(flights.crashesOf(this.#flyingOf(cell)));
    const lists = inLists(open, (cell) => (isLoner(cell) ? 1 : maker.batch));
    const made = lists.map((list) => this.#make(list));
    // Every cell ends before the part is closed: an answer that is paid for must still be written.
    const results = await Promise.allSettled([part.append(ended), ...made]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return Promise.all(made);
  }

  /** The cells that have ended already, as records for this part, and those that are to be made. */
  async #sort(): Promise<{ readonly ended: readonly CellRecord[]; readonly open: readonly Cell<unknown>[] }> {
    const {
      build,
      open: { column },
      rows,
      skipped,
      history,
    } = this.#content;
    const views = [...rows.values()].map((row) => build.assembler.viewOf(column, row));
    const inputs = await inputsOf(this.#content.open, views);
    const ended = skipped.map(skipRecord);
    const open: Cell<unknown>[] = [];
    const all: Cell<unknown>[] = [];
    for (const [index, { row }] of views.entries()) {
      const keyed = inputs[index]!;
      if (keyed instanceof CellError) {
        ended.push(failedRecord(row, keyed));
        continue;
      }
      const cell = cellOf(row, keyed, history.get(row) ?? []);
      const end = this.#endOf(cell);
      all.push(cell);
      if (end === null) open.push(cell);
      else ended.push(end);
    }
    if (column.strategy !== 'column' || open.length === 0) return { ended, open };
    const crash = ended.find(isCrash);
    if (crash !== undefined) return { ended: all.map(({ row }) => ({ ...crash, row })), open: [] };
    // They are made together: what there is of them tells the maker where to go on.
    return { ended, open: all };
  }

  /** How a cell has ended in this start; null for one that is to be made. */
  #endOf(cell: Cell<unknown>): CellRecord | null {
    const { build, open } = this.#content;
    for (const record of cell.history) {
      const found = record.status === 'ok' ? foundIn(open, record) : undefined;
      if (found !== undefined && typeof found === 'object' && 'record' in found) return found.record;
    }

    const crashes = build.calls.flights.crashesOf(this.#flyingOf(cell));
    if (isGuilty(crashes))
      return failedRecord(cell.row, crashedWorker(open.column, cell, crashes), cell.digest);
    return cell.history.find(({ status }) => status === 'failed') ?? null;
  }

  async #make(list: readonly Cell<unknown>[]): Promise<MakeEnd> {
    const { build, open, calls, part, trace } = this.#content;
    const histories = new Map(list.map(({ row, history }) => [row, history]));
    const flying = (some: readonly CellKey[]) => some.map((cell) => this.#flyingOf(cell));
    const visit = build.calls.flights.visit(flying(list));
    const cellCalls = new CellCalls({
      ...calls,
      fly(some, way) {
        const limiter = visit.limiterFor(flying(some), way.limiter);
        return trace?.watch(limiter, { cells: some, way, part }) ?? limiter;
      },
      historyOf: ({ row }) => histories.get(row) ?? [],
    });
    try {
      return await open.maker.make(list, cellCalls);
    } catch (error) {
      await this.#endWith(error, { list, cellCalls });
      return undefined;
    }
  }

  async #endWith(
    error: unknown,
    { list, cellCalls }: { readonly list: readonly Cell<unknown>[]; readonly cellCalls: CellCalls },
  ): Promise<void> {
    const left = list.filter(({ row }) => !isEnd(this.#content.part.statusOf(row)));
    if (error instanceof CellError) {
      const { kind, message } = error;
      await cellCalls.keep(
        left,
        left.map(() => ({ status: 'failed', error: { kind, message } })),
      );
    } else if (error instanceof WaitError) this.#waiting.push({ error, cells: left.length });
    else if (error instanceof ModelError && error.failure === 'denied')
      this.#content.build.calls.stop(error.message, remedyOf(error));
    else if (!(error instanceof ModelError && error.failure === 'cancelled')) throw error;
  }

  /** Writes records of cells that are made now. */
  async #append(records: readonly CellRecord[]): Promise<void> {
    const { part, build, open } = this.#content;
    const isWhole = open.column.strategy === 'column';
    await part.append(records);
    build.calls.spending.add(records);
    for (const record of records) {
      const { row, status } = record;
      if (status !== 'ok' && status !== 'failed') continue;
      if (status === 'failed') build.calls.cellFailed(open.column.name, record);
      build.calls.outcomes.add(isWhole ? null : row, !this.#failsRow(record) && status === 'ok');
    }
  }

  /** Whether an expression fails over these cells: no other cell of the row is asked for then. */
  #failsRow(record: CellRecord): boolean {
    const { build, open, rows } = this.#content;
    const { name } = open.column;
    const row = rows.get(record.row)!;
    const failure = build.assembler.addMade(row, name, foundIn(open, record));
    if (failure === null || failure.column === name) return false;
    build.calls.outcomes.failRow(row.row);
    this.#failing.add(row.row);
    return true;
  }

  #masks(): Pick<GenerateSliceResult, 'made' | 'dropped' | 'leftover'> {
    const {
      task,
      open: { column },
      rows,
      part,
    } = this.#content;
    const [made, dropped, leftover] = [0, 1, 2].map(() => RowMask.empty(task.rows)) as [
      RowMask,
      RowMask,
      RowMask,
    ];
    const isOpen = (row: number) => !isEnd(part.statusOf(row));
    // Those of a `column` end together: with fewer rows it would be another column.
    const areAllOpen = column.strategy === 'column' && [...rows.keys()].some(isOpen);
    for (const row of RowMask.fromHex(task.rows, task.mask).rows()) {
      if (!rows.has(row)) (part.statusOf(row) === 'skip' ? made : dropped).set(row);
      else if (areAllOpen || isOpen(row)) leftover.set(row);
      else {
        const isFailed = part.statusOf(row) === 'failed' && column.onError === 'drop';
        // A cell below which an expression fails is there: a column made as a whole may need it and not the expression.
        if (!isFailed) made.set(row);
        if (isFailed || this.#failing.has(row)) dropped.set(row);
      }
    }
    return { made: made.toHex(), dropped: dropped.toHex(), leftover: leftover.toHex() };
  }

  /** Only a leftover slice throws; a cell that failed for good is a record, not an error. */
  #leftoverError(): LeftoverError {
    const { column, rows } = this.#content.task;
    const count = this.#waiting.reduce((sum, { cells }) => sum + cells, 0);
    const retryAfterMs = Math.max(...this.#waiting.map(({ error }) => error.retryAfterMs));
    const what = `Cannot yet generate ${plural(count, 'cell')} of column "${column}" in rows ${rows.first}-${rows.last}: ${this.#waiting[0]?.error.message}`;
    // Jitter, or all slices wake at once.
    return new LeftoverError(what, Math.round(retryAfterMs * (1 + Math.random() / 4)));
  }

  #flyingOf({ row, digest }: CellKey): FlyingCell {
    return { column: this.#content.open.column.name, row, in: digest };
  }
}

function isEnd(status: CellRecord['status'] | undefined): boolean {
  return status === 'ok' || status === 'skip' || status === 'failed';
}

function crashedWorker({ name }: PlanColumn, { row }: CellKey, { alone }: Crashes): CellError {
  return new CellError(
    'CrashedWorker',
    `Making it crashed the worker ${alone} times with nothing else in flight · to try again: --redo ${name} --rows ${row}`,
  );
}
