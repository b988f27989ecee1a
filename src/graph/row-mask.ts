// A set of rows of a known range, as bits. A million rows and 10,000 need the same few words for each group.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
//   M1. The range never changes; rows outside it cannot be members.
//   M2. Operations with another mask are set operations on row numbers: the ranges may differ, and members of the
//       other outside this range are ignored.
//   M3. Bits past the last row are always 0, so that counts and comparisons can take whole words.

import type { Mask, RowRange } from './types.ts';

const WORD_ROWS = 32;
const DIGITS = '0123456789abcdef';

/** A mutable set of rows of `range`. */
export class RowMask {
  readonly range: RowRange;
  readonly #words: Uint32Array;

  private constructor(range: RowRange, words: Uint32Array) {
    this.range = range;
    this.#words = words;
  }

  /** No row of `range`. Throws `RangeError` when the range holds no rows. */
  static empty(range: RowRange): RowMask {
    return new RowMask(range, new Uint32Array(Math.ceil(sizeOf(range) / WORD_ROWS)));
  }

  /** Every row of `range`. */
  static full(range: RowRange): RowMask {
    const mask = RowMask.empty(range);
    mask.#words.fill(0xffffffff);
    mask.#clearPastLast();
    return mask;
  }

  /** The given rows. Throws `RangeError` for one outside `range`. */
  static of(range: RowRange, rows: Iterable<number>): RowMask {
    const mask = RowMask.empty(range);
    for (const row of rows) mask.set(row);
    return mask;
  }

  /** Reads what {@link toHex} wrote for the same range. Throws `RangeError` for any other text. */
  static fromHex(range: RowRange, hex: Mask): RowMask {
    const mask = RowMask.empty(range);
    const size = sizeOf(range);
    if (hex.length !== Math.ceil(size / 4)) throw unreadable(range, hex);
    for (let digit = 0; digit < hex.length; digit += 1) {
      const bits = DIGITS.indexOf(hex.charAt(digit));
      if (bits < 0) throw unreadable(range, hex);
      mask.#words[digit >> 3]! |= bits << ((digit & 7) * 4);
    }
    const lastDigitBits = DIGITS.indexOf(hex.charAt(hex.length - 1));
    if (size % 4 !== 0 && lastDigitBits >> (size % 4) !== 0) throw unreadable(range, hex);
    return mask;
  }

  /** Four rows a digit, the lowest row in the lowest bit of the first digit. */
  toHex(): Mask {
    let hex = '';
    const digits = Math.ceil(sizeOf(this.range) / 4);
    for (let digit = 0; digit < digits; digit += 1) {
      hex += DIGITS.charAt((this.#words[digit >> 3]! >>> ((digit & 7) * 4)) & 15);
    }
    return hex;
  }

  clone(): RowMask {
    return new RowMask(this.range, this.#words.slice());
  }

  /** The members in `range`, as a mask over it. */
  slice(range: RowRange): RowMask {
    const mask = RowMask.empty(range);
    mask.or(this);
    return mask;
  }

  has(row: number): boolean {
    const offset = row - this.range.first;
    return (
      offset >= 0 && row <= this.range.last && ((this.#words[offset >>> 5]! >>> (offset & 31)) & 1) === 1
    );
  }

  /** Adds a row. Throws `RangeError` for one outside the range. */
  set(row: number): void {
    const offset = this.#offsetOf(row);
    this.#words[offset >>> 5]! |= 1 << (offset & 31);
  }

  /** Removes a row. Throws `RangeError` for one outside the range. */
  clear(row: number): void {
    const offset = this.#offsetOf(row);
    this.#words[offset >>> 5]! &= ~(1 << (offset & 31));
  }

  /** Adds the other's members. */
  or(other: RowMask): void {
    const [from, to] = this.#wordsOver(other.range);
    for (let word = from; word <= to; word += 1) this.#words[word]! |= other.#bitsFrom(this.#rowOf(word));
    this.#clearPastLast();
  }

  /** Removes all that are not the other's members. */
  and(other: RowMask): void {
    for (let word = 0; word < this.#words.length; word += 1) {
      this.#words[word]! &= other.#bitsFrom(this.#rowOf(word));
    }
  }

  /** Removes the other's members. */
  andNot(other: RowMask): void {
    const [from, to] = this.#wordsOver(other.range);
    for (let word = from; word <= to; word += 1) this.#words[word]! &= ~other.#bitsFrom(this.#rowOf(word));
  }

  equals(other: RowMask): boolean {
    return (
      this.range.first === other.range.first &&
      this.range.last === other.range.last &&
      this.#words.every((word, index) => word === other.#words[index])
    );
  }

  get count(): number {
    let count = 0;
    for (let word = 0; word < this.#words.length; word += 1) count += bitCount(this.#words[word]!);
    return count;
  }

  get isEmpty(): boolean {
    for (let word = 0; word < this.#words.length; word += 1) if (this.#words[word] !== 0) return false;
    return true;
  }

  get isFull(): boolean {
    return this.count === sizeOf(this.range);
  }

  /** The lowest member. */
  findFirst(): number | undefined {
    for (let word = 0; word < this.#words.length; word += 1) {
      const bits = this.#words[word]!;
      if (bits !== 0) return this.#rowOf(word) + lowestBit(bits);
    }
    return undefined;
  }

  /** The members, ascending. */
  rows(): number[] {
    const rows: number[] = [];
    for (let word = 0; word < this.#words.length; word += 1) {
      // Clearing the lowest bit each time visits members only, however sparse the mask is.
      for (let bits = this.#words[word]!; bits !== 0; bits &= bits - 1) {
        rows.push(this.#rowOf(word) + lowestBit(bits));
      }
    }
    return rows;
  }

  #rowOf(word: number): number {
    return this.range.first + word * WORD_ROWS;
  }

  #offsetOf(row: number): number {
    if (!Number.isInteger(row) || row < this.range.first || row > this.range.last) {
      throw new RangeError(`Cannot mark row ${row}: the mask is over ${formatRange(this.range)}`);
    }
    return row - this.range.first;
  }

  /** The words of this mask that `range` touches, both included; none when from > to. */
  #wordsOver(range: RowRange): readonly [from: number, to: number] {
    return [
      Math.max(0, Math.floor((range.first - this.range.first) / WORD_ROWS)),
      Math.min(this.#words.length - 1, Math.floor((range.last - this.range.first) / WORD_ROWS)),
    ];
  }

  /** Membership of the 32 rows from `row` on; rows outside the range are no members. */
  #bitsFrom(row: number): number {
    const offset = row - this.range.first;
    const word = offset >> 5;
    const shift = offset & 31;
    const low = this.#wordAt(word) >>> shift;
    return shift === 0 ? low : low | (this.#wordAt(word + 1) << (WORD_ROWS - shift));
  }

  #wordAt(word: number): number {
    return word >= 0 && word < this.#words.length ? this.#words[word]! : 0;
  }

  #clearPastLast(): void {
    const rowsOfLastWord = sizeOf(this.range) % WORD_ROWS;
    if (rowsOfLastWord !== 0) this.#words[this.#words.length - 1]! &= (1 << rowsOfLastWord) - 1;
  }
}

/** How many rows a range holds. Throws `RangeError` for a range that holds none. */
export function sizeOf({ first, last }: RowRange): number {
  if (!(last >= first)) throw new RangeError(`Cannot use the rows ${first}-${last}: the range is empty`);
  return last - first + 1;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Hamming weight of 32 bits: sums of pairs, nibbles, bytes, then all bytes by one multiplication. */
function bitCount(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function unreadable(range: RowRange, hex: string): RangeError {
  return new RangeError(`Cannot read the mask "${hex}": it is none over ${formatRange(range)}`);
}

function formatRange({ first, last }: RowRange): string {
  return `rows ${first}-${last}`;
}
