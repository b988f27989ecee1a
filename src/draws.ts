// Random numbers that depend on where they are used and on nothing else: each (dataset seed, column, row, counter)
// has a stream of its own. A row's draws are the same in any row group, at any concurrency, after any crash.
//
// A stream is sfc32. Its 128 bits of state are the column's key with row and counter mixed in by a bijection, so two
// places of one column never share a state; its first outputs are thrown away, so neighbouring rows are independent.

import { createHash } from 'node:crypto';

/** Gives uniform numbers in [0, 1) with 53 random bits each. */
export type Source = () => number;

export interface DrawPlace {
  /** The dataset's seed. */
  readonly seed: string;
  readonly column: string;
  readonly row: number;
  /** Counts rejections for samplers and redos for all others. */
  readonly counter: number;
  /** Tells apart independent uses in one cell, such as `temperature`. */
  readonly use?: string;
}

type Key = readonly [number, number, number, number];

const TWO_32 = 2 ** 32;
const WARM_UP_STEPS = 12;
/** Swap-or-not needs a few dozen rounds to hide the order of neighbours; 64 is ample at any size. */
const PERMUTATION_ROUNDS = 64;

/** The stream of one place. Where many rows of a column are drawn {@link columnDraws} hashes its name once. */
export function drawOf({ seed, column, row, counter, use }: DrawPlace): Source {
  return columnDraws(use === undefined ? [seed, column] : [seed, column, use])(row, counter);
}

/** The streams of a column, named by texts: the dataset's seed, the column, and what else tells its use. */
export function columnDraws(names: readonly string[]): (row: number, counter: number) => Source {
  const key = keyOf(['draws', ...names]);
  return (row, counter) => {
    const next = streamOf(key, { row, counter });
    return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
  };
}

/**
 * A permutation of the whole numbers below `size`, chosen by the names; `size` is at most 2^52.
 * Swap-or-not (Hoang, Morris, Rogaway, 2012): each round pairs all numbers and swaps or leaves each pair.
 */
export function permutationOf(names: readonly string[], size: number): (index: number) => number {
  const next = streamOf(keyOf(['permutation', ...names]), { row: 0, counter: 0 });
  const rounds = Array.from({ length: PERMUTATION_ROUNDS }, () => ({
    sum: Math.floor(((next() * 2 ** 20 + (next() >>> 12)) / 2 ** 52) * size),
    low: next(),
    high: next(),
  }));
  return (index) => {
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`Cannot permute ${index}: it is not a whole number below ${size}`);
    }
    let place = index;
    for (const { sum, low, high } of rounds) {
      const partner = sum < place ? sum - place + size : sum - place;
      const larger = Math.max(place, partner);
      if ((mix(mix(low ^ larger) ^ high ^ (larger / TWO_32)) & 1) === 1) place = partner;
    }
    return place;
  };
}

function keyOf(names: readonly string[]): Key {
  const hash = createHash('sha256').update(JSON.stringify(names)).digest();
  return [hash.readUInt32LE(0), hash.readUInt32LE(4), hash.readUInt32LE(8), hash.readUInt32LE(12)];
}

/** Unsigned 32-bit outputs of sfc32. */
function streamOf(key: Key, { row, counter }: { row: number; counter: number }): () => number {
  const a = mix(key[0] ^ row);
  const b = mix(key[1] ^ a ^ (row / TWO_32));
  const c = mix(key[2] ^ b ^ counter);
  const d = mix(key[3] ^ c);
  const next = sfc32([a, b, c, d]);
  for (let step = 0; step < WARM_UP_STEPS; step++) next();
  return next;
}

/** Chris Doty-Humphrey's generator: unsigned 32-bit outputs from a state of four whole numbers. */
export function sfc32([first, second, third, count]: Key): () => number {
  let [a, b, c, d] = [first, second, third, count];
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
}

/** MurmurHash3's finalizer: a bijection of 32-bit words in which each bit of input flips half of the output. */
function mix(word: number): number {
  let hash = word | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
