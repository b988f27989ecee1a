// Rows of JSON text by the engine's own parser, which is many times as fast as the exact one and takes every number for a
// float: only of text where that loses nothing. Everything else, mistakes too, is left to the exact parser.
//
//   P1. A number of at most 15 digits that is not whole stays so as a float, so that a whole float was written as one.
//   P2. Keys that stand there twice are told by counting them: the engine's parser keeps the last in silence. Those with
//       space before the colon would not be counted.

import { MAX_JSON_LEVELS } from '../values.ts';

/** A tree of JSON in which whole numbers were written without a point. */
export type PlainJson = null | boolean | number | string | readonly PlainJson[] | PlainObject;
export type PlainObject = { readonly [key: string]: PlainJson };

/** A number of many digits, a float that is whole, or one with an exponent. Text that looks like one costs time, no more. */
const INEXACT = /[:,[]\s*-?(?:[\d.]{16}|\d+\.0+(?!\d)|[\d.]+[eE])/;
const KEY_END = '":';
const SPACED_KEY_END = /"\s+:/;
const BACKSLASH = 0x5c;
/** A key that ends with a backslash would not be counted, and one of this name would not be kept. */
const ODD_KEYS = /\\\\"|__proto__/;

/** The object that a text holds; undefined where only the exact parser tells. */
export function findPlainRow(text: string): PlainObject | undefined {
  if (INEXACT.test(text) || ODD_KEYS.test(text) || SPACED_KEY_END.test(text)) return undefined;
  let value: PlainJson;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return countKeys(value, MAX_JSON_LEVELS) === countKeyEnds(text) ? (value as PlainObject) : undefined;
}

function countKeyEnds(text: string): number {
  let ends = 0;
  for (let at = text.indexOf(KEY_END); at !== -1; at = text.indexOf(KEY_END, at + 1)) {
    if (text.charCodeAt(at - 1) !== BACKSLASH) ends += 1;
  }
  return ends;
}

/** The keys at all levels; NaN for a tree of more levels than those. */
function countKeys(value: PlainJson, levels: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (levels === 0) return Number.NaN;
  const below: readonly PlainJson[] = Object.values(value);
  let keys = Array.isArray(value) ? 0 : below.length;
  for (const item of below) keys += countKeys(item, levels - 1);
  return keys;
}
