// May a model be asked now? The company asks before each turn, the limiter before each permit. Closed while the build is
// stopping or paused, while its parent workflow gives no answer, while a newer build has the dataset, and while this
// process could not beat.
//
//   open      calls start
//   waiting   calls wait, outside the company: no answer from the parent for 5 s, or a stalled event loop
//   closed    no call starts; slices end with what they have. A paused build opens again, a stopped one does not

import type { Control } from '../protocol.ts';

/** The parent's `control` query, at most once a second. */
const ASK_EVERY_MS = 1_000;
/** Without an answer for this long a worker cannot know whether it was told to stop. */
const MAX_SILENCE_MS = 5_000;
/** Half of the heartbeat timeout: past it another worker may have been given the slice. */
const MAX_STALL_MS = 5_000;

export type GateState = 'open' | 'waiting' | 'closed';

export interface Gate {
  readonly state: GateState;
  /** Aborted when the gate closes: waiting cells end, calls in flight go on. Another one after a pause. */
  readonly closed: AbortSignal;
  /** Closes at once and for good, before the parent knows. */
  close(): void;
  /** Stops asking. */
  dispose(): void;
}

export interface GateOptions {
  readonly askControl: () => Promise<Control>;
  /** A stat of the next epoch's file. */
  readonly isFenced: () => boolean;
  readonly onControl: (control: Control) => void;
  /** About once a second. */
  readonly onTick: () => void;
}

export function createGate({ askControl, isFenced, onControl, onTick }: GateOptions): Gate {
  let closing = new AbortController();
  let isFinal = false;
  let control: Control | undefined;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let tickedAt = performance.now();
  let isAsking = false;

  function close(): void {
    isFinal = true;
    closing.abort();
  }

  async function ask(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    try {
      control = await askControl();
      answeredAt = performance.now();
      onControl(control);
      if (control.phase === 'stopping') close();
      else if (control.phase === 'paused') closing.abort();
      else if (closing.signal.aborted && !isFinal) closing = new AbortController();
    } catch {
      // A server that is away is what MAX_SILENCE_MS is for.
    } finally {
      isAsking = false;
    }
  }

  let stalledUntil = 0;
  function tick(): void {
    const now = performance.now();
    // The beat timers ran late as well: wait until one has gone through.
    if (now - tickedAt > MAX_STALL_MS) stalledUntil = now + 2 * ASK_EVERY_MS;
    tickedAt = now;
    if (isFenced()) close();
    onTick();
    void ask();
  }
  const timer = setInterval(tick, ASK_EVERY_MS);
  timer.unref();
  void ask();

  return {
    get state(): GateState {
      if (closing.signal.aborted || isFenced()) return 'closed';
      const now = performance.now();
      const isStalled = now - tickedAt > MAX_STALL_MS || now < stalledUntil;
      const isSilent = now - answeredAt > MAX_SILENCE_MS;
      return control?.phase === 'running' && !isStalled && !isSilent ? 'open' : 'waiting';
    },
    get closed(): AbortSignal {
      return closing.signal;
    },
    close,
    dispose: () => clearInterval(timer),
  };
}
