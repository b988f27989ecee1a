// Who may call one model at one endpoint with one key, and when. One limiter for each of them in a process, whichever
// builds ask. Calls start in the order they were asked for.
//
// unproved
//   Nothing was answered yet. One call goes alone as the probe: were the key or the name wrong, all others would fail for
//   the same. A refusal of its input says nothing about others, so the next call is the probe then. The first answer
//   makes it `open`; a probe without an answer makes it `out`.
// open
//   At most as many calls as `CallLimit` says are in flight. Passing faults hold up nobody, but OUTAGE_FAILURES calls in a
//   row without an answer make it `out`.
// out
//   The endpoint answers nobody. Calls pause, then one goes alone as the probe; each probe that fails doubles the pause.
//   The first sign of life ends it, also from a call of before: an answer makes it `open`, a refusal what it was before.
//
// A 429 lowers the limit to what is still in flight, and only its cell waits (`Calls`). When nothing is in flight the
// endpoint takes nobody: a pause for all, of Retry-After or BUSY_PAUSE_MS. An outage has pauses of its own. No call starts
// before a pause has ended. Nobody waits longer than MAX_BLOCKED_MS through pauses with no answer between them: then, and
// while the pause lasts, `acquire` rejects with what is wrong and when to come back. Waiting for others to finish is not
// limited.
//
// A call that was denied (no cell of its build can be answered) shuts the limiter for that build alone; another build may
// have corrected what was wrong, and finds out for itself.

import { ModelError } from '../errors.ts';
import { CallLimit } from './call-limit.ts';
import { cancelled } from './failures.ts';
import { ANYBODY, type Asker, type Permit, WaitingLine } from './waiting-line.ts';

/** Longer waits give up the slice's place; DESIGN §4. */
export const MAX_BLOCKED_MS = 30_000;
const BUSY_PAUSE_MS = 2_000;
const OUTAGE_FAILURES = 8;
const FIRST_OUTAGE_PAUSE_MS = 1_000;
const MAX_OUTAGE_PAUSE_MS = 60_000;
/** Up to this share is added to each pause, or all workers wake at once. */
const PAUSE_JITTER = 0.25;

type State =
  | { readonly is: 'unproved' }
  | { readonly is: 'open'; readonly failedInARow: number }
  | { readonly is: 'out'; readonly isProved: boolean; readonly nextPauseMs: number };

const MAY_BECOME: { readonly [state in State['is']]: readonly State['is'][] } = {
  unproved: ['unproved', 'open', 'out'],
  open: ['open', 'out'],
  out: ['unproved', 'open', 'out'],
};

/** Until when, and since when pauses follow one another with no answer between them. */
type Pause = { readonly until: number; readonly since: number };

export interface LimiterStats {
  readonly inFlight: number;
  readonly waiting: number;
  readonly limit: number;
  readonly max: number;
  readonly lastError: ModelError | null;
  readonly answered: number;
  /** Calls without an answer since the last one that was answered. */
  readonly unanswered: number;
  /** Until the next call may start; 0 where nothing is waited for. */
  readonly nextInMs: number;
  /** Since when calls have failed with not one answered; null while calls are answered. */
  readonly silentSince: number | null;
}

export interface LimiterOptions {
  /** `max_parallel_requests`. */
  readonly max: number;
  readonly skipProbe: boolean;
  /** Milliseconds; only differences and order matter. */
  readonly now?: () => number;
  /** Calls `wake` after a time; returns how to call it off. */
  readonly schedule?: (wake: () => void, ms: number) => () => void;
  readonly random?: () => number;
}

export class Limiter {
  #state: State;
  #pause: Pause | null = null;
  #silence: { readonly since: number; readonly calls: number } | null = null;
  #lastError: ModelError | null = null;
  #answered = 0;
  #inFlight = 0;
  #isProbeInFlight = false;
  #wake: { readonly at: number; readonly callOff: () => void } | null = null;
  readonly #limit: CallLimit;
  readonly #line = new WaitingLine();
  readonly #denied = new WeakMap<Asker, ModelError>();
  readonly #now: () => number;
  readonly #schedule: NonNullable<LimiterOptions['schedule']>;
  readonly #random: () => number;

  constructor({ max, skipProbe, now, schedule, random }: LimiterOptions) {
    this.#state = skipProbe ? { is: 'open', failedInARow: 0 } : { is: 'unproved' };
    this.#limit = new CallLimit(max);
    this.#now = now ?? (() => performance.now());
    this.#schedule = schedule ?? scheduleTimeout;
    this.#random = random ?? Math.random;
  }

  /**
   * Waits for its turn. Rejects with `ModelError`: `cancelled` when `signal` fires or the asker may not start; `denied`
   * once a call of the asker was; `busy` or `unavailable`, with `retryAfterMs`, when the model stays blocked too long.
   */
  acquire(signal: AbortSignal, asker: Asker = ANYBODY): Promise<Permit> {
    if (signal.aborted) return Promise.reject(cancelled());
    const shut = this.#denied.get(asker) ?? this.#tooLong();
    if (shut !== null) return Promise.reject(shut);
    const permit = this.#line.join(signal, asker);
    this.#pump();
    return permit;
  }

  /** Changes the cap while calls run; those over it end as they are. */
  setMax(max: number): void {
    this.#limit.setMax(max);
    this.#pump();
  }

  /** From now on no first call has to go alone. */
  skipProbe(): void {
    if (this.#state.is === 'unproved') this.#become({ is: 'open', failedInARow: 0 });
    else if (this.#state.is === 'out') this.#become({ ...this.#state, isProved: true });
    this.#pump();
  }

  /** Somebody asks again after a time without anybody: an outage of then is looked into at once. */
  wakeUp(): void {
    this.forgetSilence();
    if (this.#state.is !== 'out') return;
    this.#pause = null;
    this.#become({ ...this.#state, nextPauseMs: FIRST_OUTAGE_PAUSE_MS });
  }

  /** Starts the count of `silentSince` anew: while no call may start, silence says nothing about the model. */
  forgetSilence(): void {
    this.#silence = null;
  }

  /** Calls answered so far: more than before tells that the model answers somebody. */
  get answered(): number {
    return this.#answered;
  }

  stats(): LimiterStats {
    return {
      inFlight: this.#inFlight,
      waiting: this.#line.length,
      limit: this.#limit.calls,
      max: this.#limit.max,
      lastError: this.#lastError,
      answered: this.#answered,
      unanswered: this.#silence?.calls ?? 0,
      nextInMs: this.#pausedMs(),
      silentSince: this.#silence?.since ?? null,
    };
  }

  #become(next: State): void {
    if (!MAY_BECOME[this.#state.is].includes(next.is))
      throw new Error(`A limiter that is ${this.#state.is} cannot become ${next.is}`);
    this.#state = next;
  }

  #pump(): void {
    this.#line.serve(
      () => this.#mayCall(),
      (asker) => this.#permit(asker),
    );
  }

  #mayCall(): boolean {
    if (this.#state.is === 'open' ? this.#inFlight >= this.#limit.calls : this.#isProbeInFlight) return false;
    const waitMs = this.#pausedMs();
    if (waitMs > 0) this.#wakeIn(waitMs);
    return waitMs <= 0;
  }

  #permit(asker: Asker): Permit {
    const isProbe = this.#state.is !== 'open';
    this.#inFlight += 1;
    if (isProbe) this.#isProbeInFlight = true;
    const end = (learn: () => void) => {
      this.#inFlight -= 1;
      if (isProbe) this.#isProbeInFlight = false;
      learn();
      this.#pump();
    };
    return {
      succeed: () => end(() => this.#succeeded()),
      fail: (error) => end(() => this.#failed(error, asker)),
    };
  }

  #succeeded(): void {
    this.#answered += 1;
    this.#limit.answered(this.#inFlight + 1);
    this.forgetSilence();
    this.#pause = null;
    this.#become({ is: 'open', failedInARow: 0 });
  }

  #failed(error: ModelError, asker: Asker): void {
    if (error.failure === 'cancelled' || error.failure === 'schema') return;
    this.#lastError = error;
    switch (error.failure) {
      case 'denied':
        this.#denied.set(asker, error);
        this.#line.sendAway(error, asker);
        return;
      case 'rejected':
      case 'unusable':
      case 'input':
        this.#refused();
        return;
      case 'busy':
        this.#countSilence();
        this.#limit.rejected(this.#inFlight);
        // While probes go alone, what is in flight besides says nothing.
        if (this.#inFlight === 0 || this.#state.is !== 'open')
          this.#pauseFor(error.retryAfterMs ?? BUSY_PAUSE_MS);
        return;
      case 'unavailable':
        this.#countSilence();
        this.#unanswered(error);
    }
  }

  /** The endpoint is there, whatever it said. */
  #refused(): void {
    if (this.#state.is === 'out' && this.#pause !== null)
      this.#pause = { ...this.#pause, until: Number.NEGATIVE_INFINITY };
    this.#become(this.#isProved() ? { is: 'open', failedInARow: 0 } : { is: 'unproved' });
  }

  #unanswered({ retryAfterMs }: ModelError): void {
    const state = this.#state;
    if (state.is === 'open') {
      const failedInARow = state.failedInARow + 1;
      this.#become({ is: 'open', failedInARow });
      if (failedInARow < OUTAGE_FAILURES) return;
    }
    // The calls that were under way when an outage began end one after the other: one outage, not many.
    if (this.#pausedMs() > 0) return;
    const pauseMs = state.is === 'out' ? state.nextPauseMs : FIRST_OUTAGE_PAUSE_MS;
    const nextPauseMs = Math.min(pauseMs * 2, MAX_OUTAGE_PAUSE_MS);
    this.#become({ is: 'out', isProved: this.#isProved(), nextPauseMs });
    this.#pauseFor(Math.max(pauseMs, retryAfterMs ?? 0));
  }

  #isProved(): boolean {
    return this.#state.is === 'out' ? this.#state.isProved : this.#state.is === 'open';
  }

  #countSilence(): void {
    this.#silence = { since: this.#silence?.since ?? this.#now(), calls: (this.#silence?.calls ?? 0) + 1 };
  }

  #pausedMs(): number {
    return this.#pause === null ? 0 : Math.max(0, this.#pause.until - this.#now());
  }

  #pauseFor(ms: number): void {
    const now = this.#now();
    const { since, until } = this.#pause ?? { since: now, until: now };
    this.#pause = { since, until: Math.max(until, now + ms * (1 + PAUSE_JITTER * this.#random())) };
    const tooLong = this.#tooLong();
    if (tooLong !== null) this.#line.sendAway(tooLong);
  }

  /** What to tell those who would wait longer than MAX_BLOCKED_MS in all; null when they may wait. */
  #tooLong(): ModelError | null {
    const waitMs = this.#pausedMs();
    if (waitMs <= 0 || this.#lastError === null) return null;
    if (this.#pause!.until - this.#pause!.since <= MAX_BLOCKED_MS) return null;
    const { message, failure, status } = this.#lastError;
    return new ModelError(message, { failure, status, retryAfterMs: Math.ceil(waitMs) });
  }

  #wakeIn(ms: number): void {
    const at = this.#now() + ms;
    if (this.#wake !== null) {
      if (this.#wake.at <= at) return;
      this.#wake.callOff();
    }
    const wake = () => {
      this.#wake = null;
      this.#pump();
    };
    this.#wake = { at, callOff: this.#schedule(wake, ms) };
  }
}

function scheduleTimeout(wake: () => void, ms: number): () => void {
  const timer = setTimeout(wake, ms);
  return () => clearTimeout(timer);
}
