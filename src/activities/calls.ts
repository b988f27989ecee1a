// The calls that makers make, whatever they ask: permits, tries, waits, refusals, records.
//
//   C1. Every call that ended is a record in the part before anything else happens; of an answer before its permit goes
//       back, so that what a crash can cost is what the limiter lets be in flight.
//   C2. A cell has MAX_TRIES for calls without an answer. A 5xx, timeout or cut connection counts only if another call
//       was answered there since the cell's last try; 429 never counts, nor does a call that we cut ourselves: its record
//       says that it may have been paid for.
//   C3. A refusal (4xx) fails the cell at once, unless it is about all cells (traits.ts): then the cell stays as it was.
//       One that was refused in an earlier start is not the first to be asked in this one, so that others can prove the
//       endpoint; and what it failed for then is about itself.
//   C4. A list that is refused, kills its thread, or twice has an answer that cannot be read: each cell is asked for alone.

import { type CallOf, type Calls, type CellKey, type Draft, type Sent, WaitError } from '../columns/calls.ts';
import { unreadable } from '../columns/unreadable.ts';
import { CellError, type CellErrorKind, ModelError } from '../errors.ts';
import { cancelled, failureOfTaken, isPassing, isRefusal } from '../models/failures.ts';
import { sleep } from '../models/sleep.ts';
import { MAX_REFUSALS, type StartedCall } from '../models/traits.ts';
import type { CallLimiter, Permit } from '../models/waiting-line.ts';
import type { LimiterRef } from '../plan.ts';
import type { CallRecord } from '../store/records.ts';
import { Backoff } from './backoff.ts';
import { CellRecords, type CellRecordsOptions } from './cell-records.ts';
import { type SendingOptions, type Way, WaySending } from './sending.ts';

/** Failed calls that a cell has in one start. */
const MAX_TRIES = 5;
/** For which a cell that was refused before lets others go first. */
const HEAD_START_MS = 1_000;
const HEAD_START_POLL_MS = 50;

export interface CellCallsOptions
  extends Pick<Calls, 'returned' | 'files' | 'pictures' | 'module' | 'settings'>,
    CellRecordsOptions,
    SendingOptions {
  /** Throws `ConfigError` where this process has no key for it. */
  wayTo(limiter: LimiterRef): Promise<Way>;
  /** The limiter for one call for some cells, which the store knows as in flight then. */
  fly(cells: readonly CellKey[], way: Way): CallLimiter;
  /** No call starts once it fires; one in flight goes on. */
  readonly stop: AbortSignal;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One `call`, from its first try to its last. What it learns is its own: other cells try at other times. */
interface Asking<Cell extends CellKey, Answer> {
  readonly of: CallOf<Cell, Answer>;
  readonly way: Way;
  /** Calls that had been answered when the last try ended; null before the first. */
  answeredBefore: number | null;
  /** Of a list: its answer could not be read. */
  wasUnread: boolean;
  /** A call with the schema was refused, and it is not known yet whether for that. */
  doubtsSchema: boolean;
  readonly backoff: Backoff;
}

/** A call with its permit. */
interface Flight<Cell extends CellKey, Answer> {
  readonly cells: readonly Cell[];
  readonly asking: Asking<Cell, Answer>;
  readonly permit: Permit;
}

interface SentFlight<Cell extends CellKey, Answer> extends Flight<Cell, Answer> {
  readonly startedAt: number;
  readonly started: StartedCall;
}

/** The cells that are to be asked for once more, or that those of a list are to be asked for each alone. */
type Left<Cell> = readonly Cell[] | 'one by one';

/** The calls of the cells of one `make`. */
export class CellCalls implements Calls {
  readonly returned: readonly string[] | null;
  readonly files: Calls['files'];
  readonly pictures: Calls['pictures'];
  readonly module: Calls['module'];
  readonly settings: Calls['settings'];
  readonly #options: CellCallsOptions;
  readonly #records: CellRecords;
  readonly #ways = new Map<string, Promise<Way>>();

  constructor(options: CellCallsOptions) {
    this.returned = options.returned;
    this.files = options.files;
    this.pictures = options.pictures;
    this.module = options.module;
    this.settings = options.settings;
    this.#options = options;
    this.#records = new CellRecords(options);
  }

  async call<Cell extends CellKey, Answer>(cells: readonly Cell[], of: CallOf<Cell, Answer>): Promise<void> {
    const way = await this.#wayTo(of.limiter);
    await this.#letOthersGoFirst(way, cells);
    const asking: Asking<Cell, Answer> = {
      ...{ of, way, answeredBefore: null, wasUnread: false, doubtsSchema: false, backoff: new Backoff() },
    };
    let left = cells;
    while (left.length > 0) {
      const permit = await this.#permit(way, left);
      const end = await this.#send({ cells: left, asking, permit });
      if (end === 'one by one') return this.#askOneByOne(left, of);
      left = end;
    }
  }

  keep(cells: readonly CellKey[], drafts: readonly Draft[]): Promise<void> {
    return this.#records.write(cells, drafts, { call: null, host: null });
  }

  async #letOthersGoFirst({ traits }: Way, cells: readonly CellKey[]): Promise<void> {
    if (cells.every((cell) => this.#records.of(cell).refusedBefore === null)) return;
    for (let waitedMs = 0; waitedMs < HEAD_START_MS && !traits.isProved; waitedMs += HEAD_START_POLL_MS)
      await this.#sleep(HEAD_START_POLL_MS);
  }

  async #permit(way: Way, cells: readonly CellKey[]): Promise<Permit> {
    try {
      return await this.#options.fly(cells, way).acquire(this.#options.stop);
    } catch (error) {
      if (error instanceof ModelError && isPassing(error))
        throw new WaitError(error, error.retryAfterMs ?? 0);
      throw error;
    }
  }

  async #send<Cell extends CellKey, Answer>(flight: Flight<Cell, Answer>): Promise<Left<Cell>> {
    const { cells, asking, permit } = flight;
    const { of, way } = asking;
    const { column, now } = this.#options;
    asking.answeredBefore ??= way.limiter.answered;
    const attempt = { ...flight, startedAt: now(), started: way.traits.startCall(column) };
    const sending = new WaySending(this.#options, { way, cells, mayHaveSchema: !asking.doubtsSchema });
    let sent: Sent<Answer>;
    try {
      sent = await of.send(cells, sending);
    } catch (thrown) {
      return this.#afterFailure(thrown, attempt);
    }
    attempt.started.answered();
    if (sending.hasSchema) way.traits.learnSchema(column, true);
    else if (asking.doubtsSchema) way.traits.learnSchema(column, false);
    asking.doubtsSchema = false;
    try {
      return await this.#keepAnswer(sent, attempt);
    } finally {
      permit.succeed();
    }
  }

  async #keepAnswer<Cell extends CellKey, Answer>(
    { answer, cost }: Sent<Answer>,
    attempt: SentFlight<Cell, Answer>,
  ): Promise<Left<Cell>> {
    const { cells, asking } = attempt;
    const { of, way } = asking;
    const call = cost === null ? null : this.#records.callOf(cost, attempt.startedAt, way);
    let drafts: readonly Draft[];
    try {
      drafts = of.keep(answer, cells);
    } catch (thrown) {
      return this.#fail(thrown instanceof CellError ? thrown : unreadable(thrown), attempt, call);
    }
    if (call === null && drafts.length === 0) return [];
    await this.#records.write(cells, drafts, { call, host: way.host });
    return [];
  }

  async #afterFailure<Cell extends CellKey, Answer>(
    thrown: unknown,
    attempt: SentFlight<Cell, Answer>,
  ): Promise<Left<Cell>> {
    const { cells, asking, permit, started } = attempt;
    const { of, way } = asking;
    if (thrown instanceof CellError) {
      started.passed();
      try {
        return await this.#fail(thrown, attempt, null);
      } finally {
        permit.succeed();
      }
    }
    if (!(thrown instanceof ModelError)) {
      // A fault of our own says nothing about whom we asked: the next may ask.
      started.passed();
      permit.fail(cancelled());
      throw thrown;
    }
    const error = this.#judge(thrown, attempt);
    const { failure } = error;
    if (failure === 'schema') return this.#sendWithoutSchema(error, attempt);
    permit.fail(error);
    const call = this.#records.callOf(unknownCost(error), attempt.startedAt, attempt.asking.way);
    const ended = { call, host: way.host };
    if (failure === 'cancelled') {
      const cut = 'Cut off before its answer came: it may have been paid for';
      await this.#records.write(cells.slice(0, 1), [retryFor('CutCall', cut)], ended);
      throw error;
    }
    const isUnread = cells.length > 1 && failure === 'unavailable' && error.status === 200;
    const isInVain = (isUnread && asking.wasUnread) || (cells.length > 1 && isRefusal(error));
    if (isInVain) return this.#fail(new CellError('RefusedCall', error.message), attempt, call);
    asking.wasUnread = isUnread;
    if (isRefusal(error)) {
      const draft = of.whenRefused?.(error) ?? null;
      if (draft !== null) {
        await this.#records.write(cells, [draft], ended);
        return [];
      }
    }
    const left = await this.#recordTry(error, attempt, call);
    if (left.length === 0) throw new CellError(kindOf(error), error.message);
    if (failure === 'denied') throw error;
    await this.#sleep(asking.backoff.after(error));
    return left;
  }

  /** Returns the cells that have tries left. */
  async #recordTry<Cell extends CellKey, Answer>(
    error: ModelError,
    { cells, asking }: Flight<Cell, Answer>,
    call: CallRecord,
  ): Promise<readonly Cell[]> {
    const { way } = asking;
    const { answered } = way.limiter;
    const counts = isRefusal(error) || (error.failure === 'unavailable' && answered > asking.answeredBefore!);
    asking.answeredBefore = answered;
    const isLast = (cell: Cell) =>
      isRefusal(error) || (counts && this.#records.of(cell).tries + 1 >= MAX_TRIES);
    const left = cells.filter((cell) => !isLast(cell));
    const { status, error: why } = retryFor(kindOf(error), error.message);
    const tried = counts ? cells : cells.slice(0, 1);
    const drafts = tried.map((cell): Draft => {
      const end = { status: left.includes(cell) ? status : 'failed', error: why } as const;
      return counts ? { ...end, counts } : end;
    });
    await this.#records.write(tried, drafts, { call, host: way.host });
    return left;
  }

  /** What a failure is, seen beside the other calls to the endpoint: `denied` when no cell can be answered. */
  #judge<Cell extends CellKey, Answer>(error: ModelError, attempt: SentFlight<Cell, Answer>): ModelError {
    const { cells, asking, started } = attempt;
    const { of } = asking;
    const { traits } = asking.way;
    const { column } = this.#options;
    const { message } = error;
    let { failure } = error;
    if (failure === 'schema' && !traits.mayRefuseSchema(column)) failure = failureOfTaken(error);
    // Refused without the schema as well: that was not what it was about.
    if (failure === 'rejected' && asking.doubtsSchema) traits.learnSchema(column, true);
    const isAboutCells =
      cells.length > 1 ||
      of.isContinued === true ||
      cells.some((cell) => this.#records.of(cell).refusedBefore === 'cell');
    if (failure === 'rejected' && !isAboutCells) {
      const hadAnswers = traits.isProved;
      if (started.refused()) {
        const why = hadAnswers
          ? `${MAX_REFUSALS} calls in a row were refused, this one so: ${message}`
          : `${message} · no call was answered before it`;
        return new ModelError(why, { ...error, failure: 'denied' });
      }
    } else started.passed();
    return failure === error.failure ? error : new ModelError(message, { ...error, failure });
  }

  /** Under the same permit: where nothing was answered yet, others would be refused for the same. */
  async #sendWithoutSchema<Cell extends CellKey, Answer>(
    error: ModelError,
    attempt: SentFlight<Cell, Answer>,
  ): Promise<Left<Cell>> {
    const { cells, asking, permit } = attempt;
    try {
      const ended = {
        call: this.#records.callOf(unknownCost(error), attempt.startedAt, attempt.asking.way),
        host: asking.way.host,
      };
      await this.#records.write(cells.slice(0, 1), [retryFor(kindOf(error), error.message)], ended);
      if (this.#options.stop.aborted) throw cancelled();
    } catch (thrown) {
      permit.fail(cancelled());
      throw thrown;
    }
    asking.doubtsSchema = true;
    return this.#send(attempt);
  }

  /** What came back is of no use. */
  async #fail<Cell extends CellKey, Answer>(
    error: CellError,
    { cells, asking }: Flight<Cell, Answer>,
    call: CallRecord | null,
  ): Promise<Left<Cell>> {
    const { kind, message } = error;
    const ended = { call, host: asking.way.host };
    if (cells.length === 1) {
      await this.#records.write(cells, [{ status: 'failed', error: { kind, message } }], ended);
      throw error;
    }
    if (call !== null) await this.#records.write(cells.slice(0, 1), [retryFor(LIST, message)], ended);
    return 'one by one';
  }

  async #askOneByOne<Cell extends CellKey, Answer>(
    cells: readonly Cell[],
    of: CallOf<Cell, Answer>,
  ): Promise<void> {
    const ends = await Promise.allSettled(cells.map((cell) => this.call([cell], of)));
    const faults = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    const worst = faults.find((fault) => !(fault instanceof CellError));
    if (worst !== undefined) throw worst;
    if (faults.length === cells.length) throw faults[0];
  }

  #sleep(ms: number): Promise<void> {
    return (this.#options.sleep ?? sleep)(ms, this.#options.stop);
  }

  #wayTo(limiter: LimiterRef): Promise<Way> {
    const key = Object.entries(limiter).flat().join(' ');
    const opening = this.#ways.get(key) ?? this.#options.wayTo(limiter);
    this.#ways.set(key, opening);
    return opening;
  }
}

/** Nobody knows what a call without an answer has cost. */
function unknownCost({ status }: ModelError) {
  return { promptTokens: 0, completionTokens: 0, status: status ?? 0 };
}

/** The kind of error of a list that says nothing about any one of its cells. */
const LIST = 'UnusableList';

function retryFor(kind: CellErrorKind, message: string) {
  return { status: 'retry', error: { kind, message } } as const;
}

function kindOf(error: ModelError): CellErrorKind {
  return isPassing(error) ? 'TriesExhausted' : 'RefusedCall';
}
