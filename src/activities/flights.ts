// The calls of a build in this process, as the store knows them should the process crash, and what earlier crashes say
// of a cell.
//
//   C1. A suspect has nothing else in flight beside it, in the whole process.
//   C2. A crash then is its doing only if another cell was answered before in the same process, or none other is in
//       the company or waits for it: a machine that dies again and again must not cost a row.
//   C3. Suspects let others go first, for longer the more often they were there: so that the next one meets C2.

import { ModelError, StoreError } from '../errors.ts';
import { cancelled } from '../models/failures.ts';
import type { CallLimiter, Permit } from '../models/waiting-line.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { CrashedFlights, type Crashes, FlightLog, type FlyingCell, isSuspect } from '../store/flights.ts';
import type { Company, Guest } from './company.ts';
import type { Fence } from './fence.ts';

/** For each crash but the first. A build that has other cells to ask does so within this time. */
const HEAD_START_MS = 1_000;

export interface FlightsOptions {
  readonly dataset: DatasetStore;
  readonly epoch: number;
  /** As read when the build was opened. */
  readonly crashed: CrashedFlights;
  /** Of the process. */
  readonly company: Company;
  /** Whether the gate is open. */
  readonly mayStart: () => boolean;
  readonly fence: Pick<Fence, 'look'>;
  /** Called before a call that cannot be put down fails. */
  readonly onBroken: (error: StoreError) => void;
}

export class Flights {
  readonly #options: FlightsOptions;
  readonly #log: FlightLog;
  #crashed: CrashedFlights;
  #inFlight = 0;

  constructor(options: FlightsOptions) {
    this.#options = options;
    this.#log = new FlightLog(options.dataset, options.epoch);
    this.#crashed = options.crashed;
  }

  /** Calls that were sent and have not ended; a permit alone is none. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Looks for crashes anew: another process of the build may be gone. */
  async look(): Promise<void> {
    this.#crashed = await CrashedFlights.read(this.#options.dataset);
  }

  /** The crashes at which a cell was in flight. */
  crashesOf(cell: FlyingCell): Crashes {
    return this.#crashed.of(cell);
  }

  /** The limiter for the calls of one cell. */
  limiterFor(cell: FlyingCell, limiter: CallLimiter): CallLimiter {
    const { company, fence, mayStart } = this.#options;
    const guest = this.#guestOf(cell);
    return {
      get answered() {
        return limiter.answered;
      },
      acquire: async (signal): Promise<Permit> => {
        for (;;) {
          await company.enter(guest, signal);
          let permit: Permit | undefined;
          try {
            permit = await limiter.acquire(signal);
            // Right before the call: the gate, which looks once a second, may not know of a newer build yet.
            if ((await fence.look()) || !mayStart()) throw cancelled();
            return this.#flight(permit, guest, this.#begin(cell, guest));
          } catch (error) {
            permit?.fail(cancelled());
            company.leave();
            if (!isShut(error, signal)) throw error;
          }
        }
      },
    };
  }

  /** From now on the end of the process is no crash. */
  dispose(): void {
    this.#log.dispose();
  }

  #guestOf(cell: FlyingCell): Guest {
    const crashes = this.#crashed.of(cell);
    const isAlone = isSuspect(crashes);
    const headStartMs = isAlone ? (crashes.inFlight - 1) * HEAD_START_MS : 0;
    const { mayStart } = this.#options;
    return { name: `${cell.column} ${cell.row}`, isAlone, headStartMs, mayStart };
  }

  #begin(cell: FlyingCell, guest: Guest): number {
    const { company, onBroken } = this.#options;
    try {
      return this.#log.begin(cell, { isAlone: guest.isAlone && company.hasProof(guest) });
    } catch (error) {
      if (error instanceof StoreError) onBroken(error);
      throw error;
    }
  }

  #flight(permit: Permit, { name }: Guest, line: number): Permit {
    const { company } = this.#options;
    this.#inFlight += 1;
    const land = (end: () => void) => {
      this.#inFlight -= 1;
      end();
      company.leave();
      this.#log.end(line);
    };
    return {
      succeed() {
        company.answered(name);
        land(() => permit.succeed());
      },
      fail: (error) => land(() => permit.fail(error)),
    };
  }
}

/** Whether the limiter sent a cell away because the gate has shut meanwhile. */
function isShut(error: unknown, signal: AbortSignal): boolean {
  return error instanceof ModelError && error.failure === 'cancelled' && !signal.aborted;
}
