// Who may call one model at one endpoint with one key, and when. One limiter for each of them in a process, whichever
// builds ask.
//
//   unproved  nothing was answered yet: one call goes alone as the probe, and after a refusal of its input the next
//   denied    no cell of a build can be answered: that build may call no more. Another one finds out for itself
//   open      calls start in the order they asked, at most `limit` at once
//   blocked   after a 429, or in an outage: no call starts before a time; after an outage one call then goes alone
//
//   L1. 429: the limit falls to 3/4, once per burst, and calls pause for Retry-After or 2 s. It rises by 1 for 25
//       answers, up to the cap.
//   L2. Passing faults block nobody: an outage is OUTAGE_FAILURES unanswered calls in a row, or an unanswered probe. It
//       blocks for a time that doubles with each probe that fails, and ends with the first answer.
//   L3. Nobody waits longer than MAX_BLOCKED_MS for a blocked model: then, and while it stays blocked, `acquire`
//       rejects with what is wrong and when to come back. Waiting for others to finish is not limited.

import { ModelError } from '../errors.ts';
import { allowManyListeners } from '../signals.ts';
import { cancelled } from './failures.ts';

/** Longer waits give up the slice's place; DESIGN §4. */
export const MAX_BLOCKED_MS = 30_000;
const DECREASE = 0.75;
const SUCCESSES_PER_INCREASE = 25;
const BUSY_PAUSE_MS = 2_000;
const OUTAGE_FAILURES = 8;
const FIRST_OUTAGE_PAUSE_MS = 1_000;
const MAX_OUTAGE_PAUSE_MS = 60_000;
/** Up to this share is added to each pause, or all workers wake at once. */
const PAUSE_JITTER = 0.25;

/** The right to make one call. Exactly one of its methods is called, once, when the call has ended. */
export interface Permit {
  /** The endpoint answered. */
  succeed(): void;
  fail(error: ModelError): void;
}

/** What one cell sees of a limiter. */
export interface CallLimiter {
  /** See {@link Limiter.acquire}. */
  acquire(signal: AbortSignal): Promise<Permit>;
  readonly answered: number;
}

/** On whose behalf calls are made: one build. */
export interface Asker {
  /** Asked before each permit; when it is false, whoever waits for this asker is sent away. */
  readonly mayStart: () => boolean;
}

const ANYBODY: Asker = { mayStart: () => true };

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

interface Waiter {
  readonly asker: Asker;
  readonly grant: (permit: Permit) => void;
  readonly reject: (error: ModelError) => void;
  isGone: boolean;
}

export class Limiter {
  #max: number;
  #limit: number;
  #inFlight = 0;
  #waiters: Waiter[] = [];
  /** Waiters before this place have been served. */
  #head = 0;
  #gone = 0;
  #successes = 0;
  #lastCutAt = Number.NEGATIVE_INFINITY;
  #blockedUntil = Number.NEGATIVE_INFINITY;
  #blockedSince: number | null = null;
  /** Nothing was answered yet, and that is to be found out with one call at a time. */
  #isUnproved: boolean;
  /** Calls start one at a time: unproved, or after an outage. */
  #isProbing: boolean;
  #isProbeInFlight = false;
  #isOutage = false;
  #unanswered = 0;
  #outages = 0;
  #lastError: ModelError | null = null;
  readonly #denied = new WeakMap<Asker, ModelError>();
  #answered = 0;
  #failedSince = 0;
  #silentSince: number | null = null;
  #wake: { readonly at: number; readonly callOff: () => void } | null = null;
  readonly #now: () => number;
  readonly #schedule: (wake: () => void, ms: number) => () => void;
  readonly #random: () => number;

  constructor({ max, skipProbe, now, schedule, random }: LimiterOptions) {
    this.#max = max;
    this.#limit = max;
    this.#isUnproved = !skipProbe;
    this.#isProbing = !skipProbe;
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
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiter.isGone = true;
        this.#gone += 1;
        reject(cancelled());
      };
      const waiter: Waiter = {
        asker,
        grant: (permit) => {
          signal.removeEventListener('abort', onAbort);
          resolve(permit);
        },
        reject: (error) => {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
        isGone: false,
      };
      allowManyListeners(signal);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      this.#pump();
    });
  }

  /** Changes the cap while calls run; those over it end as they are. */
  setMax(max: number): void {
    this.#limit = this.#limit === this.#max ? max : Math.min(this.#limit, max);
    this.#max = max;
    this.#pump();
  }

  /** From now on no first call has to go alone. */
  skipProbe(): void {
    this.#isUnproved = false;
    this.#isProbing = this.#isOutage;
    this.#pump();
  }

  /** Somebody asks again after a time without anybody: an outage of then is looked into at once. */
  wakeUp(): void {
    this.forgetSilence();
    if (!this.#isOutage) return;
    this.#blockedUntil = Number.NEGATIVE_INFINITY;
    this.#blockedSince = null;
    this.#outages = 0;
  }

  /** Starts the count of `silentSince` anew: while no call may start, silence says nothing about the model. */
  forgetSilence(): void {
    this.#silentSince = null;
    this.#failedSince = 0;
  }

  /** Calls answered so far: more than before tells that the model answers somebody. */
  get answered(): number {
    return this.#answered;
  }

  stats(): LimiterStats {
    return {
      inFlight: this.#inFlight,
      waiting: this.#waiters.length - this.#head - this.#gone,
      limit: this.#limit,
      max: this.#max,
      lastError: this.#lastError,
      answered: this.#answered,
      unanswered: this.#failedSince,
      nextInMs: Math.max(0, this.#blockedUntil - this.#now()),
      silentSince: this.#silentSince,
    };
  }

  #pump(): void {
    while (this.#head < this.#waiters.length) {
      const waiter = this.#waiters[this.#head]!;
      if (waiter.isGone) {
        this.#shift();
        this.#gone -= 1;
        continue;
      }
      if (this.#isProbing ? this.#isProbeInFlight : this.#inFlight >= this.#limit) return;
      const waitMs = this.#blockedUntil - this.#now();
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      this.#shift();
      if (waiter.asker.mayStart()) waiter.grant(this.#permit(waiter.asker));
      else waiter.reject(cancelled());
    }
  }

  #shift(): void {
    this.#head += 1;
    // Each waiter is moved once on average, so that a permit costs the same however many wait.
    if (this.#head > 64 && this.#head * 2 > this.#waiters.length) {
      this.#waiters = this.#waiters.slice(this.#head);
      this.#head = 0;
    }
  }

  #permit(asker: Asker): Permit {
    const startedAt = this.#now();
    const isProbe = this.#isProbing;
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
      fail: (error) => end(() => this.#failed(error, { asker, startedAt })),
    };
  }

  #succeeded(): void {
    this.#answered += 1;
    this.#isUnproved = false;
    this.forgetSilence();
    this.#endOutage();
    // An answer to a call from before a pause does not end it, but the pauses before it no longer count.
    this.#blockedSince = this.#blockedUntil > this.#now() ? this.#now() : null;
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_INCREASE) return;
    this.#successes = 0;
    this.#limit = Math.min(this.#max, this.#limit + 1);
  }

  /** The endpoint is there, whatever it said. */
  #endOutage(): void {
    if (this.#isOutage) this.#blockedUntil = Number.NEGATIVE_INFINITY;
    this.#isOutage = false;
    this.#isProbing = this.#isUnproved;
    this.#unanswered = 0;
    this.#outages = 0;
  }

  #failed(error: ModelError, call: { readonly asker: Asker; readonly startedAt: number }): void {
    switch (error.failure) {
      case 'cancelled':
        return;
      case 'denied':
        this.#lastError = error;
        this.#denied.set(call.asker, error);
        this.#reject(error, (asker) => asker === call.asker);
        return;
      case 'rejected':
      case 'unusable':
      case 'input':
        this.#lastError = error;
        this.#endOutage();
        return;
      case 'busy':
        this.#blame(error);
        this.#cut(error, call.startedAt);
        return;
      case 'unavailable':
        this.#blame(error);
        this.#unanswered += 1;
        if (this.#isProbing || this.#unanswered >= OUTAGE_FAILURES) this.#startOutage(error);
    }
  }

  #blame(error: ModelError): void {
    this.#lastError = error;
    this.#failedSince += 1;
    this.#silentSince ??= this.#now();
  }

  #cut(error: ModelError, startedAt: number): void {
    // Calls of one burst were all sent before the first of them came back.
    if (startedAt > this.#lastCutAt) {
      this.#lastCutAt = this.#now();
      this.#limit = Math.max(1, Math.floor(this.#limit * DECREASE));
      this.#successes = 0;
    }
    this.#block(error.retryAfterMs ?? BUSY_PAUSE_MS);
  }

  #startOutage(error: ModelError): void {
    // The calls that were under way when it began end one after the other: one outage, not many.
    if (this.#blockedUntil > this.#now()) return;
    const pauseMs = Math.min(FIRST_OUTAGE_PAUSE_MS * 2 ** this.#outages, MAX_OUTAGE_PAUSE_MS);
    this.#outages += 1;
    this.#isOutage = true;
    this.#isProbing = true;
    this.#block(Math.max(pauseMs, error.retryAfterMs ?? 0));
  }

  #block(pauseMs: number): void {
    const now = this.#now();
    this.#blockedSince ??= now;
    this.#blockedUntil = Math.max(this.#blockedUntil, now + pauseMs * (1 + PAUSE_JITTER * this.#random()));
    const tooLong = this.#tooLong();
    if (tooLong !== null) this.#reject(tooLong, () => true);
  }

  /** What to tell those who would wait longer than MAX_BLOCKED_MS in all; null when they may wait. */
  #tooLong(): ModelError | null {
    const waitMs = this.#blockedUntil - this.#now();
    if (waitMs <= 0 || this.#blockedSince === null || this.#lastError === null) return null;
    if (this.#blockedUntil - this.#blockedSince <= MAX_BLOCKED_MS) return null;
    const { message, failure, status } = this.#lastError;
    return new ModelError(message, { failure, status, retryAfterMs: Math.ceil(waitMs) });
  }

  #reject(error: ModelError, isMeant: (asker: Asker) => boolean): void {
    const waiters = this.#waiters.slice(this.#head).filter(({ isGone }) => !isGone);
    this.#waiters = waiters.filter(({ asker }) => !isMeant(asker));
    this.#head = 0;
    this.#gone = 0;
    for (const waiter of waiters) if (isMeant(waiter.asker)) waiter.reject(error);
  }

  #wakeIn(ms: number): void {
    const at = this.#now() + ms;
    if (this.#wake !== null) {
      if (this.#wake.at <= at) return;
      this.#wake.callOff();
    }
    const callOff = this.#schedule(() => {
      this.#wake = null;
      this.#pump();
    }, ms);
    this.#wake = { at, callOff };
  }
}

function scheduleTimeout(wake: () => void, ms: number): () => void {
  const timer = setTimeout(wake, ms);
  return () => clearTimeout(timer);
}
