// How many cells are outstanding under each limiter, and whether more may be.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.

import { findOwn } from '../own-keys.ts';
import type { ConductorLimits } from './types.ts';

/** Cells under some limiters. */
export interface Load {
  readonly limiters: readonly string[];
  readonly cells: number;
}

export class LimiterRoom {
  #maxCells: ConductorLimits['maxCells'];
  readonly #outstanding = new Map<string, number>();

  constructor(maxCells: ConductorLimits['maxCells']) {
    this.#maxCells = maxCells;
  }

  /** Cells over the new limits are left to end. */
  setMaxCells(maxCells: ConductorLimits['maxCells']): void {
    this.#maxCells = maxCells;
  }

  /** Whether there is room for these cells, or nothing outstanding: a share may be smaller than a slice. */
  has({ limiters, cells }: Load): boolean {
    return limiters.every((limiter) => {
      const outstanding = this.#outstanding.get(limiter) ?? 0;
      return outstanding === 0 ? !this.isShut(limiter) : outstanding + cells <= this.#maxOf(limiter);
    });
  }

  /** Whether nothing may be outstanding at all: the place of a column in order whose turn has not come. */
  isShut(limiter: string): boolean {
    return this.#maxOf(limiter) === 0;
  }

  /** Negative cells give room back. */
  take({ limiters, cells }: Load): void {
    for (const limiter of limiters)
      this.#outstanding.set(limiter, (this.#outstanding.get(limiter) ?? 0) + cells);
  }

  #maxOf(limiter: string): number {
    return findOwn(this.#maxCells, limiter) ?? Number.POSITIVE_INFINITY;
  }
}
