// Whose calls a process may have in flight together: those of all cells but the loners, which are to be alone. A loner is
// let in when all inside have left, before those who come after it; then all who wait are let in, before the next loner.
// So neither kind waits for ever, and many loners do not keep the others out.

import { cancelled } from '../models/failures.ts';
import { sleep } from '../models/sleep.ts';
import { allowManyListeners } from '../signals.ts';

const POLL_MS = 50;
const GATE_POLL_MS = 200;

/** A cell as the company knows it. */
export interface Guest {
  readonly name: string;
  readonly isAlone: boolean;
  /** For how long it lets others go first while none of them was answered; 0 for most. */
  readonly headStartMs: number;
  /** Whether its build's gate is open. It waits for that outside: a turn that makes no call keeps out other builds. */
  readonly mayStart: () => boolean;
}

type Admit = () => void;

export class Company {
  /** Inside or waiting. */
  #guests = 0;
  #inside = 0;
  #hasLoner = false;
  readonly #loners: Admit[] = [];
  readonly #others: Admit[] = [];
  /** Two of the cells that were answered: one of them is another one, whoever asks. */
  readonly #answered = new Set<string>();

  /** Waits for its turn; `leave` ends it. Rejects with `ModelError` `cancelled` when the signal fires. */
  async enter(guest: Guest, signal: AbortSignal): Promise<void> {
    this.#guests += 1;
    if (!guest.isAlone && this.#isOpen && !signal.aborted && guest.mayStart()) {
      this.#inside += 1;
      return;
    }
    try {
      for (let waitedMs = 0; waitedMs < guest.headStartMs; waitedMs += POLL_MS) {
        if (this.#hasAnsweredOther(guest)) break;
        await sleep(POLL_MS, signal);
      }
      while (!guest.mayStart()) await sleep(GATE_POLL_MS, signal);
      await this.#turn(guest, signal);
    } catch (error) {
      this.#guests -= 1;
      throw error;
    }
  }

  leave(): void {
    const wasAlone = this.#hasLoner;
    this.#guests -= 1;
    this.#inside -= 1;
    this.#hasLoner = false;
    this.#admit(wasAlone);
  }

  /** Notes that a cell was answered. */
  answered(name: string): void {
    if (this.#answered.size < 2) this.#answered.add(name);
  }

  /** Whether calls of other cells do come through, or none other is inside or waits, to tell. */
  hasProof(guest: Guest): boolean {
    return this.#guests === 1 || this.#hasAnsweredOther(guest);
  }

  #hasAnsweredOther({ name }: Guest): boolean {
    return [...this.#answered].some((other) => other !== name);
  }

  #turn({ isAlone }: Guest, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const queue = isAlone ? this.#loners : this.#others;
      const onAbort = () => {
        queue.splice(queue.indexOf(admit), 1);
        reject(cancelled());
        this.#admit(false);
      };
      const admit = () => {
        signal.removeEventListener('abort', onAbort);
        this.#inside += 1;
        this.#hasLoner = isAlone;
        resolve();
      };
      allowManyListeners(signal);
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(admit);
      this.#admit(false);
    });
  }

  get #isOpen(): boolean {
    return !this.#hasLoner && this.#loners.length === 0;
  }

  #admit(isOthersTurn: boolean): void {
    if (this.#hasLoner) return;
    if (isOthersTurn || this.#isOpen) for (const admit of this.#others.splice(0)) admit();
    if (this.#inside === 0) this.#loners.shift()?.();
  }
}
