// Which row group may make its rows of a column in order: one at a time, early groups first.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
//   free   every open group has its rows of the column: the next group to open takes the place
//   taken  by the earliest group that lacks them, until it has them or ends. A group that is put back and opened again
//          later takes the place after the one that has it then: two never have it at once.

import { placeOf } from './row-groups.ts';
import type { ConductorLimits } from './types.ts';

export class InOrderPlaces {
  /** Column → the group that has the place; none for a place that is free. */
  readonly #takenBy = new Map<string, number>();
  /** Open group → the columns in order that it lacks. */
  readonly #lacking = new Map<number, Set<string>>();
  readonly #columns: readonly string[];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  open(rowGroup: number): void {
    this.#lacking.set(rowGroup, new Set(this.#columns));
    this.#assign();
  }

  /** A group has all its rows of these columns. */
  passOn(rowGroup: number, columns: readonly string[]): void {
    for (const column of columns) this.#lacking.get(rowGroup)?.delete(column);
    this.#assign();
  }

  close(rowGroup: number): void {
    this.#lacking.delete(rowGroup);
    this.#assign();
  }

  /** What C5 of the group's conductor allows under each place: nothing to groups whose turn it is not. */
  maxCellsOf(rowGroup: number): ConductorLimits['maxCells'] {
    const places = this.#columns.map((column): [string, number] => [
      placeOf(column),
      this.#takenBy.get(column) === rowGroup ? 1 : 0,
    ]);
    return Object.fromEntries(places);
  }

  #assign(): void {
    for (const column of this.#columns) {
      const holder = this.#takenBy.get(column);
      if (holder !== undefined && this.#lacking.get(holder)?.has(column)) continue;
      const lacking = [...this.#lacking].filter(([, columns]) => columns.has(column));
      if (lacking.length === 0) this.#takenBy.delete(column);
      else this.#takenBy.set(column, Math.min(...lacking.map(([rowGroup]) => rowGroup)));
    }
  }
}
