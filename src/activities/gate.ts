// May a build ask its models now? The company asks before each turn, the limiter before each permit.
//
//   open      calls start
//   waiting   calls wait, outside the company: no answer from the parent workflow for 5 s, or a stalled event loop. Calls
//             in flight go on, however long a server is away
//   closed    no call starts, and slices end with what they have, once their calls in flight have ended. A build that is
//             paused, or whose workflow has ended, opens again when it goes on
//   ended     closed for good: stopped, or a newer build has the dataset. After a grace calls in flight are cut

import type { Control } from '../protocol.ts';

/** The parent's `control` query, at most once a second. */
const ASK_EVERY_MS = 1_000;
/** Without an answer for this long a worker cannot know whether it was told to stop. */
const MAX_SILENCE_MS = 5_000;
/** Half of the heartbeat timeout: past it another worker may have been given the slice. */
const MAX_STALL_MS = 5_000;
/** How long answers in flight are waited for once the build is to end. */
const END_GRACE_MS = 15_000;

export type GateState = 'open' | 'waiting' | 'closed';

export interface GateOptions {
  /** Null for a workflow that has ended. */
  readonly askControl: () => Promise<Control | null>;
  readonly onControl: (control: Control) => void;
  /** About once a second. */
  readonly onTick: () => void;
}

export class Gate {
  readonly #options: GateOptions;
  #closing = new AbortController();
  readonly #cutting = new AbortController();
  #ending: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isAsking = false;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #tickedAt = performance.now();
  #stalledUntil = Number.NEGATIVE_INFINITY;
  readonly #ticking: NodeJS.Timeout;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#ticking = setInterval(() => this.#tick(), ASK_EVERY_MS);
    this.#ticking.unref();
    void this.#ask();
  }

  get state(): GateState {
    if (this.#closing.signal.aborted) return 'closed';
    const now = performance.now();
    const isStalled = now - this.#tickedAt > MAX_STALL_MS || now < this.#stalledUntil;
    const isSilent = now - this.#answeredAt > MAX_SILENCE_MS;
    return this.#isRunning && !isStalled && !isSilent ? 'open' : 'waiting';
  }

  /** Aborted when the gate closes: waiting cells end, calls in flight go on. Another one after a pause. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborted when calls in flight are to be cut: the build has ended, and the grace is over. */
  get cut(): AbortSignal {
    return this.#cutting.signal;
  }

  /** Closes at once and for good, before the parent knows. */
  end(): void {
    this.#closing.abort();
    this.#ending ??= setTimeout(() => this.#cutting.abort(), END_GRACE_MS).unref();
  }

  /** As `end`, without the grace. */
  cutNow(): void {
    this.end();
    this.#cutting.abort();
  }

  /** Stops asking. */
  dispose(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#ending);
  }

  #tick(): void {
    const now = performance.now();
    // The beat timers ran late as well: wait until one has gone through.
    if (now - this.#tickedAt > MAX_STALL_MS) this.#stalledUntil = now + 2 * ASK_EVERY_MS;
    this.#tickedAt = now;
    this.#options.onTick();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const control = await this.#options.askControl();
      this.#answeredAt = performance.now();
      this.#isRunning = control?.phase === 'running';
      if (control?.phase === 'stopping') this.end();
      else if (!this.#isRunning) this.#closing.abort();
      else if (this.#closing.signal.aborted && this.#ending === undefined)
        this.#closing = new AbortController();
      if (control !== null) this.#options.onControl(control);
    } catch {
      // A server that is away is what MAX_SILENCE_MS is for.
    } finally {
      this.#isAsking = false;
    }
  }
}
