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

  /** Begins the calls of the cells of one `make`. */
  visit(cells: readonly FlyingCell[]): Visit {
    const guest = this.#guestOf(cells);
    const visit = new GuestVisit(this.#options.company, guest);
    return { limiterFor: (flying, limiter) => this.#limiterFor(flying, limiter, visit) };
  }

  #limiterFor(cells: readonly FlyingCell[], limiter: CallLimiter, visit: GuestVisit): CallLimiter {
    const { fence, mayStart } = this.#options;
    return {
      get answered() {
        return limiter.answered;
      },
      acquire: async (signal): Promise<Permit> => {
        for (;;) {
          await visit.enter(signal);
          let permit: Permit | undefined;
          try {
            permit = await limiter.acquire(signal);
            // Right before the call: the gate, which looks once a second, may not know of a newer build yet.
            if ((await fence.look()) || !mayStart()) throw cancelled();
            return this.#flight(permit, visit, this.#begin(cells, visit.guest));
          } catch (error) {
            permit?.fail(cancelled());
            visit.leave();
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

  #guestOf(cells: readonly FlyingCell[]): Guest {
    const crashes = cells.map((cell) => this.#crashed.of(cell));
    const isAlone = crashes.some(isSuspect);
    const headStartMs = isAlone
      ? (Math.max(...crashes.map(({ inFlight }) => inFlight)) - 1) * HEAD_START_MS
      : 0;
    const [first] = cells;
    const { mayStart } = this.#options;
    return { name: `${first?.column} ${first?.row}`, isAlone, headStartMs, mayStart };
  }

  #begin(cells: readonly FlyingCell[], guest: Guest): readonly number[] {
    const { company, onBroken } = this.#options;
    const isAlone = guest.isAlone && company.hasProof(guest);
    try {
      return cells.map((cell) => this.#log.begin(cell, { isAlone }));
    } catch (error) {
      if (error instanceof StoreError) onBroken(error);
      throw error;
    }
  }

  #flight(permit: Permit, visit: GuestVisit, lines: readonly number[]): Permit {
    const { company } = this.#options;
    this.#inFlight += 1;
    const land = (end: () => void) => {
      this.#inFlight -= 1;
      end();
      visit.leave();
      for (const line of lines) this.#log.end(line);
    };
    return {
      succeed() {
        company.answered(visit.guest.name);
        land(() => permit.succeed());
      },
      fail: (error) => land(() => permit.fail(error)),
    };
  }
}

/** Calls of one `make` as the store knows them. */
export interface Visit {
  /** The limiter for a call for some of its cells. */
  limiterFor(cells: readonly FlyingCell[], limiter: CallLimiter): CallLimiter;
}

/** A guest is in the company from the first of its calls to the last: one that is made inside another waits for nobody. */
class GuestVisit {
  readonly guest: Guest;
  readonly #company: Company;
  #calls = 0;
  #entering: Promise<void> | undefined;

  constructor(company: Company, guest: Guest) {
    this.#company = company;
    this.guest = guest;
  }

  async enter(signal: AbortSignal): Promise<void> {
    this.#calls += 1;
    if (this.#calls === 1) this.#entering = this.#company.enter(this.guest, signal);
    try {
      await this.#entering;
    } catch (error) {
      this.#calls -= 1;
      throw error;
    }
  }

  leave(): void {
    this.#calls -= 1;
    if (this.#calls === 0) this.#company.leave();
  }
}

/** Whether the limiter sent a cell away because the gate has shut meanwhile. */
function isShut(error: unknown, signal: AbortSignal): boolean {
  return error instanceof ModelError && error.failure === 'cancelled' && !signal.aborted;
}
