// Several processes over one world of files, one step of one of them at a time: a step is an operation on files, and
// between two of them any other process may go on, for as long as whoever drives this likes.

import type { Hook } from './hooked-files.ts';

/** What no other process can see or come before: the first bytes of a file without a name, a sync, a close. */
const UNSEEN = new Set(['sync', 'syncFolder', 'close', 'discard', 'sweep', 'start']);

/** A compression or an encoder's thread takes its time on a busy machine, but not as long. */
const STUCK_MS = 110_000;

export interface WaitingStep {
  readonly operation: string;
  readonly path: string;
  readonly go: () => void;
}

export class Actor {
  readonly name: string;
  #waiting: WaitingStep[] = [];
  #state: 'runs' | 'ended' = 'runs';
  #error: unknown;

  constructor(name: string) {
    this.name = name;
  }

  /** The hook of its files. */
  readonly before: Hook = (operation, path) => {
    // A part is seen while it grows, a file that was started only once it has a name.
    if (UNSEEN.has(operation) || (operation === 'append' && !path.endsWith('.jsonl'))) return undefined;
    return this.pause(operation, path);
  };

  /** A place between files where it may be held, such as a call that takes its time. */
  pause(operation: string, path = ''): Promise<void> {
    return new Promise((go) => this.#waiting.push({ operation, path, go }));
  }

  start(run: () => Promise<void>): void {
    run().then(
      () => {
        this.#state = 'ended';
      },
      (error: unknown) => {
        this.#state = 'ended';
        this.#error = error;
      },
    );
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Takes one of the steps that it waits with, and waits until it is at the next one or has ended. Throws what it threw. */
  async step(choose: (count: number) => number): Promise<WaitingStep | undefined> {
    await this.#arrive();
    const [step] = this.#waiting.splice(choose(this.#waiting.length), 1);
    step?.go();
    await this.#arrive();
    if (this.#error !== undefined) throw this.#error;
    return step;
  }

  async #arrive(): Promise<void> {
    const began = Date.now();
    do {
      await new Promise(setImmediate);
      if (Date.now() - began > STUCK_MS)
        throw new Error(`"${this.name}" waits for something that is no step`);
    } while (this.#waiting.length === 0 && !this.hasEnded);
  }
}

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
