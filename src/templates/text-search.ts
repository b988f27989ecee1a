// Looking for a text in a text, in linear time: the engine's own search can take the product of both lengths.

const SMALL_PRODUCT = 1_000_000;

/** Index of the first `part` in `text` at or after `from`, or -1. */
export function indexIn(text: string, part: string, from: number): number {
  if (part.length * (text.length - from) <= SMALL_PRODUCT) return text.indexOf(part, from);
  const borders = bordersOf(part);
  let matched = 0;
  for (let index = from; index < text.length; index++) {
    while (matched > 0 && text[index] !== part[matched]) matched = borders[matched - 1]!;
    if (text[index] === part[matched]) matched++;
    if (matched === part.length) return index - matched + 1;
  }
  return -1;
}

/** For each prefix, the length of the longest proper prefix that is also its suffix (Knuth, Morris, Pratt). */
function bordersOf(part: string): readonly number[] {
  const borders = [0];
  let border = 0;
  for (let index = 1; index < part.length; index++) {
    while (border > 0 && part[index] !== part[border]) border = borders[border - 1]!;
    if (part[index] === part[border]) border++;
    borders.push(border);
  }
  return borders;
}

/** Indexes of the first `limit` occurrences of `part`, which is not empty, that do not overlap. */
export function occurrencesIn(
  text: string,
  part: string,
  limit = Number.POSITIVE_INFINITY,
): readonly number[] {
  const found: number[] = [];
  let at = indexIn(text, part, 0);
  while (at >= 0 && found.length < limit) {
    found.push(at);
    at = indexIn(text, part, at + part.length);
  }
  return found;
}
