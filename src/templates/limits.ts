// What keeps any template under 100 ms: no clock, so that the same row ends the same way on any machine.
//
//   L1. A template has at most 512,000 UTF-16 units, 10,000 tokens and 3,000 syntax nodes; brackets and tags are nested at
//       most 100 deep, and 2,000 while it runs. What Data Designer's secure engine takes is far less.
//   L2. Evaluation spends steps: one for a node or an item visited, one for each 32 characters made or read, more
//       where an operation is slower than that.
//   L3. A whole number has at most 4,300 digits, as Python prints; a text made on the way has a limit as well.

import { limitError } from './syntax/template-error.ts';

/** No longer text could be rendered as it stands. */
export const MAX_SOURCE_UNITS = 512_000;
/** More than 600 nodes are written with, unless in brackets for their own sake. */
export const MAX_TOKENS = 10_000;

/** Data Designer's limits of a template of its secure engine. */
export const MAX_SECURE_NODES = 600;
export const MAX_SECURE_DEPTH = 10;

/** Half of them is the longest chain (`a + b + …`), which has a level for each link. */
export const MAX_NODES = 3_000;
/** Levels of statements and expressions in each other while a template runs: as many as the stack has room for. */
export const MAX_LEVELS = 2_000;
/** Room for as many levels goes to one call of a macro or a recursive loop. */
export const LEVELS_A_CALL = 30;

/** Data Designer's limit of what a template renders, in characters. */
export const MAX_OUTPUT_CHARACTERS = 512_000;

/** UTF-16 units of a text that an operation makes: twice the output, as a step on the way may be cut again. */
const MAX_TEXT_UNITS = 1_024_000;

/** About 50 ms of the slowest steps. A prompt takes some hundred, a loop over 10,000 items some 100,000. */
const MAX_STEPS = 250_000;
const UNITS_A_STEP = 32;

/** Levels of a value, of which printing and comparing are recursive. */
export const MAX_VALUE_DEPTH = 100;

const MAX_DIGITS = 4300;
const LARGEST = 10n ** BigInt(MAX_DIGITS) - 1n;
const MAX_BITS = LARGEST.toString(16).length * 4;

/** The steps that one rendering has left. Every method throws a `limit` error when they are used up. */
export class Budget {
  #steps = MAX_STEPS;

  spend(steps: number): void {
    this.#steps -= steps;
    // Also for a count that is not a number.
    if (!(this.#steps >= 0)) throw limitError('Cannot finish the template: it takes too many steps');
  }

  /** Pays for reading a text from end to end. */
  read(text: string): string {
    this.spend(Math.ceil(text.length / UNITS_A_STEP));
    return text;
  }

  /** Pays for a text of this size before it is made. */
  allocate(units: number): void {
    if (units > MAX_TEXT_UNITS) {
      throw limitError(
        `Cannot make the text: it would have more than ${MAX_TEXT_UNITS.toLocaleString('en')} characters`,
      );
    }
    this.spend(Math.ceil(units / UNITS_A_STEP));
  }
}

const SMALL = 2n ** 63n;

/** The bits of a whole number: exact enough to bound the size of a result before it is computed. */
export function bitsOf(value: bigint): number {
  if (value < SMALL && value > -SMALL) return 63;
  return value.toString(16).length * 4;
}

/** Refuses a result of so many bits. */
export function boundBits(bits: number): void {
  if (bits > MAX_BITS + 64) throw tooManyDigits();
}

/** Returns the whole number; throws when it has more digits than Python prints. */
export function boundInteger(value: bigint): bigint {
  if (value > LARGEST || value < -LARGEST) throw tooManyDigits();
  return value;
}

function tooManyDigits(): Error {
  return limitError(
    `Cannot compute the number: it would have more than ${MAX_DIGITS.toLocaleString('en')} digits`,
  );
}
