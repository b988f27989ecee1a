// Persons are as old as they are on one day, whenever their rows are made: the clock changes no cell.

import type { Source } from '../../../draws.ts';

const REFERENCE_YEAR = 2026;
const DAY_MS = 86_400_000;

/** A day on which somebody was born who is so many years old on 1 January 2026, as ISO text. */
export function birthDate(draw: Source, age: number): string {
  const last = Date.UTC(REFERENCE_YEAR - age, 0, 1);
  const days = (last - Date.UTC(REFERENCE_YEAR - age - 1, 0, 1)) / DAY_MS;
  return new Date(last - Math.floor(draw() * days) * DAY_MS).toISOString().slice(0, 10);
}
