// Looking for a text in a text, in linear time: the engine's own search can take the product of both lengths.

import type { Budget } from '../limits.ts';
import { renderError } from '../syntax/template-error.ts';

const SMALL_PRODUCT = 1_000_000;
/** Units that the search by borders looks at in one step. */
const UNITS_A_STEP = 8;

/** Index of the first `part` in `text` at or after `from`, or -1. */
export function indexIn(text: string, part: string, from: number, budget: Budget): number {
  if (part.length * (text.length - from) <= SMALL_PRODUCT) return text.indexOf(part, from);
  budget.spend(Math.ceil((part.length + text.length - from) / UNITS_A_STEP));
  const borders = bordersOf(part);
  let matched = 0;
  for (let index = from; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    while (matched > 0 && unit !== part.charCodeAt(matched)) matched = borders[matched - 1]!;
    if (unit === part.charCodeAt(matched)) matched++;
    if (matched === part.length) return index - matched + 1;
  }
  return -1;
}

/** For each prefix, the length of the longest proper prefix that is also its suffix (Knuth, Morris, Pratt). */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  let border = 0;
  for (let index = 1; index < part.length; index++) {
    const unit = part.charCodeAt(index);
    while (border > 0 && unit !== part.charCodeAt(border)) border = borders[border - 1]!;
    if (unit === part.charCodeAt(border)) border++;
    borders[index] = border;
  }
  return borders;
}

/** Indexes of the first `limit` occurrences of `part`, which is not empty, that do not overlap. */
export function occurrencesIn(text: string, part: string, limit: number, budget: Budget): readonly number[] {
  const found: number[] = [];
  let at = limit > 0 ? indexIn(text, part, 0, budget) : -1;
  while (at >= 0) {
    budget.spend(1);
    found.push(at);
    at = found.length < limit ? indexIn(text, part, at + part.length, budget) : -1;
  }
  return found;
}

/** Throws for a text that is not there. */
export function mustBeFound(index: bigint): bigint {
  if (index < 0n) throw renderError('Cannot find the text: it is not there');
  return index;
}
