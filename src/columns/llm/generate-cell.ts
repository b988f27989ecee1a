// One cell of a model column: the conversation that ends with its value.
//
//   C1. Every HTTP call that ended is a record in the part before anything else happens.
//   C2. An answer that cannot be used goes back to the model with the reason, as often as corrections allow; then the
//       conversation starts again, as often as restarts allow; then the cell has failed.
//   C3. A cell has MAX_TRIES for calls without an answer. A 5xx, timeout or cut connection counts only if the model
//       answered another call since the cell's last try; 429 never counts.
//       Nor does a call that we cut ourselves: its record says that it may have been paid for.
//   C4. What an earlier attempt of this start recorded is taken up where it ended: turns are replayed, not asked again.
//   C5. An empty answer and one that is not whole are not usable: what was paid for is half a text at most, and nobody
//       who reads the dataset could tell.
//   C6. The model is shown its answer, never its thoughts, nor an empty turn, which endpoints refuse: after an empty
//       answer the conversation starts again; where no restart is left, the same is asked once more as a correction.
//   C7. A model that refused is asked once more, from the start: chance may have it answer. Then it means it.
//   C8. A refusal (4xx) fails the cell at once, unless it is about all cells (traits.ts): then the cell stays as it was,
//       or about the corrections: then the conversation starts again.
//       One that was refused in an earlier start is not the first to be asked in this one, so that others can prove the
//       model; and what it failed for then is about itself.

import { CellError, type CellErrorKind, ModelError } from '../../errors.ts';
import { cancelled, failureOfTaken } from '../../models/failures.ts';
import { MAX_BLOCKED_MS } from '../../models/limiter.ts';
import type { ChatRequest, Message, ModelAnswer } from '../../models/model-client.ts';
import type { Model } from '../../models/models.ts';
import { sleep } from '../../models/sleep.ts';
import { MAX_REFUSALS, type StartedCall } from '../../models/traits.ts';
import type { Permit } from '../../models/waiting-line.ts';
import type { Settings } from '../../plan.ts';
import type { CellOutcome } from '../../rows/generator.ts';
import { type CallRecord, type CellRecord, RECORD_VERSION } from '../../store/records.ts';
import type { ModelTurn } from '../../turns.ts';
import type { Value } from '../../values.ts';
import { unusable } from './answer-kind.ts';
import { type CellInput, readerOf } from './by-kind.ts';
import { CHAT_READ_VERSION, type ChatColumn } from './declare-chat.ts';
import { checkWhole } from './whole-answer.ts';

export interface CellTask {
  readonly column: ChatColumn;
  readonly row: number;
  readonly input: CellInput;
  /**
   * The cell's records of this start that were made from this input; those of one part in their order. Turns that an
   * earlier start left open may stand before them.
   */
  readonly history: readonly CellRecord[];
  readonly model: Model;
  readonly settings: Pick<Settings, 'maxConversationRestarts' | 'maxConversationCorrectionSteps'>;
  /** No call starts once it fires; one in flight goes on. */
  readonly stop: AbortSignal;
  /** Ends the call in flight. */
  readonly signal: AbortSignal;
  /** Written when it resolves: a killed process does not lose it. */
  readonly append: (record: CellRecord) => Promise<void>;
  readonly nextCallId: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Failed calls that a cell has in one start. */
const MAX_TRIES = 5;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 15_000;
/** How a record names the end of an answer that the model refused to give. */
const REFUSAL = 'refusal';
/** For which a cell that was refused before lets others go first. */
const HEAD_START_MS = 1_000;
const HEAD_START_POLL_MS = 50;

/** Throws `ModelError` `denied` or `cancelled`, and what `append` throws. */
export async function generateCell(task: CellTask): Promise<CellOutcome> {
  const failed = task.history.find(({ status }) => status === 'failed');
  if (failed !== undefined) {
    await task.append(failed);
    return { status: 'failed', error: errorOf(failed) };
  }
  const conversation = new Conversation(task);
  await conversation.letOthersGoFirst();
  for (;;) {
    const outcome = await conversation.next();
    if (outcome !== null) return outcome;
  }
}

/** What one call came to: a record but for what all records of the cell share. */
type Ended = Pick<CellRecord, 'status' | 'error' | 'calls'> &
  Partial<Pick<CellRecord, 'turns' | 'value' | 'finish' | 'counts'>>;

class Conversation {
  readonly #task: CellTask;
  /** Since the conversation began: each answer with what is wrong with it. */
  #turns: ModelTurn[] = [];
  #restarts = 0;
  #refusals = 0;
  #tries = 0;
  /** Calls that the model had answered when this cell's last try ended. */
  #answeredBefore: number | null = null;
  #nextBackoffMs = FIRST_BACKOFF_MS;
  #waitedMs = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** What an earlier start met: a refusal that ended it, or one that the cell failed for. */
  #refusedBefore: 'all' | 'cell' | null = null;
  /** A call with the schema was refused, and it is not known yet whether for that. */
  #doubtsSchema = false;

  constructor(task: CellTask) {
    this.#task = task;
    // They come from several parts, whose names say nothing about their order.
    for (const record of [...task.history].sort((left, right) => left.at - right.at)) this.#learn(record);
  }

  async letOthersGoFirst(): Promise<void> {
    const { model, stop } = this.#task;
    if (this.#refusedBefore === null) return;
    for (let waitedMs = 0; waitedMs < HEAD_START_MS && !model.traits.isProved; waitedMs += HEAD_START_POLL_MS)
      await (this.#task.sleep ?? sleep)(HEAD_START_POLL_MS, stop);
  }

  /** Makes one call and what it entails. Null when another is to follow. */
  async next(): Promise<CellOutcome | null> {
    const { model, stop } = this.#task;
    let permit: Permit;
    try {
      permit = await model.limiter.acquire(stop);
    } catch (error) {
      if (error instanceof ModelError && isPassing(error)) return waiting(error, error.retryAfterMs ?? 0);
      throw error;
    }
    return this.#ask(permit);
  }

  async #ask(permit: Permit): Promise<CellOutcome | null> {
    const { model, column, now } = this.#task;
    const startedAt = now();
    this.#answeredBefore ??= model.limiter.answered;
    const request = this.#request();
    const call = model.traits.startCall(column.name);
    let answer: ModelAnswer;
    try {
      answer = await model.client.chat(request);
    } catch (thrown) {
      // A fault of our own says nothing about the model, which the next may call.
      const error = thrown instanceof ModelError ? this.#judge(thrown, call) : cancelled();
      if (error.failure === 'schema') return this.#askWithoutSchema(error, permit, startedAt);
      permit.fail(error);
      if (!(thrown instanceof ModelError)) throw thrown;
      return this.#afterFailure(error, startedAt);
    }
    call.answered();
    if (request.responseSchema !== null) model.traits.learnSchema(column.name, true);
    else if (this.#doubtsSchema) model.traits.learnSchema(column.name, false);
    this.#doubtsSchema = false;
    try {
      return await this.#afterAnswer(answer, startedAt);
    } finally {
      // Not before the answer is in the part: what a crash can cost is what the limiter lets be in flight.
      permit.succeed();
    }
  }

  /** What a failure is, seen beside the other calls of the model: `denied` when no cell can be answered. */
  #judge(error: ModelError, call: StartedCall): ModelError {
    const { traits } = this.#task.model;
    const { column } = this.#task;
    const { message } = error;
    let { failure } = error;
    if (failure === 'schema' && !traits.mayRefuseSchema(column.name)) failure = failureOfTaken(error);
    // Refused without the schema as well: that was not what it was about.
    if (failure === 'rejected' && this.#doubtsSchema) traits.learnSchema(column.name, true);
    const isAboutCell = this.#refusedBefore === 'cell' || this.#turns.length > 0;
    if (failure === 'rejected' && !isAboutCell) {
      const hadAnswers = traits.isProved;
      if (call.refused()) {
        const why = hadAnswers
          ? `${MAX_REFUSALS} calls in a row were refused, this one so: ${message}`
          : `${message} · no call was answered before it`;
        return new ModelError(why, { ...error, failure: 'denied' });
      }
    } else call.passed();
    return failure === error.failure ? error : new ModelError(message, { ...error, failure });
  }

  /** Under the same permit: where nothing was answered yet, others would be refused for the same. */
  async #askWithoutSchema(error: ModelError, permit: Permit, startedAt: number): Promise<CellOutcome | null> {
    try {
      await this.#record(this.#endedWithout(error, startedAt, 'retry'));
      if (this.#task.stop.aborted) throw cancelled();
    } catch (thrown) {
      permit.fail(cancelled());
      throw thrown;
    }
    this.#doubtsSchema = true;
    return this.#ask(permit);
  }

  #request(): ChatRequest {
    const { model, input, column, row, signal } = this.#task;
    const isSchemaSent = !this.#doubtsSchema && model.traits.sendsSchema(column.name);
    const turns = this.#turns.flatMap(({ text, problem }): Message[] => {
      const { answer } = readerOf(column).split(text);
      if (answer === '') return [];
      const asked = `Your answer cannot be used. ${problem}. Give the whole answer again, corrected.`;
      return [
        { role: 'assistant', content: answer },
        { role: 'user', content: asked },
      ];
    });
    return {
      model: model.name,
      messages: [...input.messages, ...turns],
      parameters: input.parameters,
      responseSchema: isSchemaSent ? input.responseSchema : null,
      timeoutMs: model.timeoutMs,
      signal,
      cell: { column: column.name, row },
    };
  }

  async #afterAnswer(answer: ModelAnswer, startedAt: number): Promise<CellOutcome | null> {
    const { column, settings } = this.#task;
    const { reasoning, refusal } = answer;
    const text = answer.text.trim() === '' ? (refusal ?? answer.text) : answer.text;
    const turn: ModelTurn = { by: 'model', text, ...(reasoning === null ? {} : { reasoning }) };
    const finish = refusal === null ? answer.finish : REFUSAL;
    const ended = { finish, calls: [this.#callRecord(answer, startedAt)] };
    let value: Value;
    try {
      checkWhole(answer);
      value = readerOf(column).read(text);
    } catch (thrown) {
      const error = thrown instanceof CellError ? thrown : unreadable(thrown);
      const isRefusal = refusal !== null;
      const canRestart =
        this.#restarts < settings.maxConversationRestarts && !(isRefusal && this.#refusals > 0);
      const isShown = !isRefusal && (!canRestart || readerOf(column).split(text).answer !== '');
      const canCorrect = isShown && this.#turns.length < settings.maxConversationCorrectionSteps;
      const { kind, message } = error;
      if (canCorrect) {
        await this.#record({ ...ended, status: 'call', turns: [{ ...turn, problem: message }], error: null });
        return null;
      }
      const status = canRestart ? 'retry' : 'failed';
      await this.#record({ ...ended, status, turns: [turn], error: { kind, message } });
      return status === 'failed' ? { status, error } : null;
    }
    await this.#record({ ...ended, status: 'ok', turns: [...this.#turns, turn], value, error: null });
    return { status: 'ok', value };
  }

  async #afterFailure(error: ModelError, startedAt: number): Promise<CellOutcome | null> {
    const { model, stop, settings } = this.#task;
    if (error.failure === 'cancelled') {
      await this.#record({
        ...this.#endedWithout(error, startedAt, 'retry'),
        error: { kind: 'CutCall', message: 'Cut off before its answer came: it may have been paid for' },
      });
      throw error;
    }
    const { answered } = model.limiter;
    const { failure, message } = error;
    const isRefused = failure === 'rejected' || failure === 'input' || failure === 'unusable';
    // The prompt alone was answered before: it is about what was added to it.
    const isAboutAnswer = failure === 'unusable' || (isRefused && this.#turns.length > 0);
    if (isAboutAnswer && this.#restarts < settings.maxConversationRestarts) {
      const ended = this.#endedWithout(error, startedAt, 'retry');
      await this.#record({ ...ended, error: { kind: 'UnusableAnswer', message } });
      return null;
    }
    const counts = isRefused || (failure === 'unavailable' && answered > this.#answeredBefore!);
    this.#answeredBefore = answered;
    const isLast = isRefused || (counts && this.#tries + 1 >= MAX_TRIES);
    const ended = this.#endedWithout(error, startedAt, isLast ? 'failed' : 'retry');
    await this.#record({ ...ended, ...(counts ? { counts } : {}) });
    if (isLast) return { status: 'failed', error: new CellError(kindOf(error), message) };
    if (failure === 'denied') throw error;
    // After a 429 the limiter waits for all.
    if (failure === 'busy') return null;
    const backoffMs = Math.max(this.#nextBackoffMs, error.retryAfterMs ?? 0);
    if (this.#waitedMs + backoffMs > MAX_BLOCKED_MS) return waiting(error, backoffMs);
    this.#waitedMs += backoffMs;
    this.#nextBackoffMs = Math.min(this.#nextBackoffMs * 2, MAX_BACKOFF_MS);
    await (this.#task.sleep ?? sleep)(backoffMs, stop);
    return null;
  }

  #endedWithout(error: ModelError, startedAt: number, status: 'retry' | 'failed'): Ended {
    const cost = { promptTokens: 0, completionTokens: 0, status: error.status ?? 0 };
    return {
      status,
      error: { kind: kindOf(error), message: error.message },
      calls: [this.#callRecord(cost, startedAt)],
    };
  }

  async #record(ended: Ended): Promise<void> {
    const { row, input, model, append, now } = this.#task;
    const record: CellRecord = {
      v: RECORD_VERSION,
      row,
      in: input.digest,
      read: CHAT_READ_VERSION,
      turns: [],
      value: null,
      finish: null,
      host: model.client.host,
      // Its place among the records of several parts, so later than what it follows though the clock was set back.
      at: Math.max(now(), this.#lastAt + 1),
      ...ended,
    };
    await append(record);
    this.#learn(record);
  }

  /** What a record changes, whether it was made now or by an earlier attempt. */
  #learn({ status, turns, finish, error, counts, at }: CellRecord): void {
    this.#lastAt = Math.max(this.#lastAt, at);
    if (error?.kind === 'RefusedCall')
      this.#refusedBefore = counts === true ? 'cell' : (this.#refusedBefore ?? 'all');
    else if (counts === true) this.#tries += 1;
    if (finish === REFUSAL) this.#refusals += 1;
    if (status === 'call') this.#turns.push(...turns.filter((turn) => turn.by === 'model'));
    if (status === 'retry' && error?.kind === 'UnusableAnswer') {
      this.#restarts += 1;
      this.#turns = [];
    }
  }

  #callRecord(
    cost: Pick<CallRecord, 'promptTokens' | 'completionTokens' | 'status'>,
    startedAt: number,
  ): CallRecord {
    const { promptTokens, completionTokens, status } = cost;
    const { nextCallId, now } = this.#task;
    return { id: nextCallId(), promptTokens, completionTokens, status, ms: now() - startedAt };
  }
}

/** Whatever else reading met: thrown on, it would have the answer asked for and paid again and again. */
function unreadable(thrown: unknown): CellError {
  return unusable(`The answer cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
}

function isPassing({ failure }: ModelError): boolean {
  return failure === 'busy' || failure === 'unavailable';
}

function kindOf(error: ModelError): CellErrorKind {
  return isPassing(error) ? 'TriesExhausted' : 'RefusedCall';
}

function waiting(error: ModelError, retryAfterMs: number): CellOutcome {
  return { status: 'waiting', error, retryAfterMs };
}

function errorOf({ error }: CellRecord): CellError {
  return new CellError(error?.kind ?? 'TriesExhausted', error?.message ?? '');
}
