// The methods of Python's `str` that change nothing.

import type { Budget } from '../limits.ts';
import { describe, itemsOf, type Runtime, Tuple, written } from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { readSlice } from '../values/access.ts';
import { encode } from '../values/bytes.ts';
import { isTrue } from '../values/comparison.ts';
import { capitalized, isAstral, isWhiteSpace, lengthOf, strip } from '../values/python-text.ts';
import { integerArgument, type Operation, operation, padded, textArgument } from './argument-binding.ts';
import { isCase } from './tests.ts';
import { indexIn, mustBeFound, occurrencesIn } from './text-search.ts';

export type TextMethod = Operation<string>;

export const TEXT_METHODS = {
  upper: ofText((text) => text.toUpperCase()),
  lower: ofText((text) => text.toLowerCase()),
  casefold: ofText((text) => text.replace(/[^ı]/gu, (letter) => letter.toUpperCase().toLowerCase()), 1),
  capitalize: ofText(capitalized),
  title: ofText(titleOf, 4),
  swapcase: ofText(
    (text) =>
      text.replace(/\p{Uppercase}+|\p{Lowercase}+/gu, (letters) =>
        isCase(letters, 'upper') ? letters.toLowerCase() : letters.toUpperCase(),
      ),
    1,
  ),

  encode,
  strip: stripping('both'),
  lstrip: stripping('left'),
  rstrip: stripping('right'),
  removeprefix: operation('prefix', (text, [prefix]) => {
    const start = textArgument(prefix);
    return text.startsWith(start) ? text.slice(start.length) : text;
  }),
  removesuffix: operation('suffix', (text, [suffix]) => {
    const end = textArgument(suffix);
    return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text;
  }),

  replace: operation('old new count?', (text, [old, replacement, count], { budget }) =>
    replaceIn(
      text,
      { old: textArgument(old), replacement: textArgument(replacement), count: integerArgument(count, -1) },
      budget,
    ),
  ),

  split: operation('sep? maxsplit?', (text, [separator, limit], { budget }) =>
    paid(splitterOf(separator, limit, budget)(text), budget),
  ),
  rsplit: operation('sep? maxsplit?', (text, [separator, limit], { budget }) => {
    const backwards = separator == null ? null : reversed(textArgument(separator), budget);
    return paid(fromRight(text, splitterOf(backwards, limit, budget), budget), budget);
  }),
  splitlines: operation('keepends?', (text, [keepEnds], { budget }) =>
    paid(linesOf(text, isTrue(keepEnds ?? false)), budget),
  ),
  partition: operation('sep', (text, [separator], { budget }) => {
    const at = separatorOf(separator!);
    const index = indexIn(text, at, 0, budget);
    return new Tuple(index < 0 ? [text, '', ''] : [text.slice(0, index), at, text.slice(index + at.length)]);
  }),
  rpartition: operation('sep', (text, [separator], { budget }) => {
    const at = separatorOf(separator!);
    const index = lastIndexIn(text, at, 0, budget);
    return new Tuple(index < 0 ? ['', '', text] : [text.slice(0, index), at, text.slice(index + at.length)]);
  }),

  join: operation('iterable', (text, [items], { budget }) => {
    const parts = itemsOf(items!, budget).map((item) => {
      const part = written(item);
      if (typeof part === 'string') return part;
      throw renderError(`Cannot join ${describe(item)}: all items have to be texts`);
    });
    budget.spend(parts.length);
    budget.allocate(
      parts.reduce((sum, part) => sum + part.length, text.length * Math.max(0, parts.length - 1)),
    );
    return parts.join(text);
  }),

  startswith: operation('prefix start? end?', (text, [prefix, start, end], { budget }) => {
    const prefixes = anyOf(prefix!);
    const part = between(text, { start, end }, budget);
    return part !== null && prefixes.some((item) => part.startsWith(item));
  }),
  endswith: operation('suffix start? end?', (text, [suffix, start, end], { budget }) => {
    const suffixes = anyOf(suffix!);
    const part = between(text, { start, end }, budget);
    return part !== null && suffixes.some((item) => part.endsWith(item));
  }),
  count: operation('sub start? end?', (text, [sub, start, end], { budget }) => {
    const part = between(text, { start, end }, budget);
    const wanted = textArgument(sub);
    if (part === null) return 0n;
    return BigInt(
      wanted === ''
        ? lengthOf(part) + 1
        : occurrencesIn(part, wanted, Number.POSITIVE_INFINITY, budget).length,
    );
  }),
  find: operation('sub start? end?', (text, given, { budget }) =>
    found(text, given, { search: indexIn, budget }),
  ),
  rfind: operation('sub start? end?', (text, given, { budget }) =>
    found(text, given, { search: lastIndexIn, budget }),
  ),
  index: operation('sub start? end?', (text, given, { budget }) =>
    mustBeFound(found(text, given, { search: indexIn, budget })),
  ),
  rindex: operation('sub start? end?', (text, given, { budget }) =>
    mustBeFound(found(text, given, { search: lastIndexIn, budget })),
  ),

  isalnum: everyCharacter(/^[\p{L}\p{N}]+$/u),
  isalpha: everyCharacter(/^\p{L}+$/u),
  isascii: operation('', (text) => [...text].every((character) => character < '\x80')),
  isdecimal: everyCharacter(/^\p{Nd}+$/u),
  isdigit: everyCharacter(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨]+$/u),
  isnumeric: everyCharacter(/^\p{N}+$/u),
  isspace: operation('', (text) => text !== '' && [...text].every(isWhiteSpace)),
  islower: operation('', (text) => isCase(text, 'lower')),
  isupper: operation('', (text) => isCase(text, 'upper')),
  istitle: operation('', (text) => /\p{Cased}/u.test(text) && !UNTITLED.test(text)),

  center: padding((missing, width) => Math.floor(missing / 2) + (missing & width & 1)),
  ljust: padding(() => 0),
  rjust: padding((missing) => missing),
  zfill: operation('width', (text, [width], { budget }) => {
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    const places = integerArgument(width, 0) - sign.length;
    return (
      sign +
      padded(text.slice(sign.length), { width: places, fill: '0', before: (missing) => missing }, budget)
    );
  }),
  expandtabs: operation('tabsize?', (text, [tabSize], { budget }) => {
    const size = integerArgument(tabSize, 8);
    budget.allocate(
      text.length + occurrencesIn(text, '\t', Number.POSITIVE_INFINITY, budget).length * Math.max(0, size),
    );
    budget.spend(Math.ceil(text.length / 2));
    return text
      .split(/([\n\r])/)
      .map((line) => expanded(line, size))
      .join('');
  }),
} satisfies { readonly [name: string]: TextMethod };

/** `text.replace(old, new, count)`; a negative count replaces all. */
export function replaceIn(
  text: string,
  { old, replacement, count }: { old: string; replacement: string; count: number },
  budget: Budget,
): string {
  const limit = count < 0 ? Number.POSITIVE_INFINITY : count;
  if (old === '') {
    const characters = isAstral(text) ? [...text] : text;
    const places = Math.min(limit, characters.length + 1);
    budget.spend(places);
    budget.allocate(text.length + places * replacement.length);
    let result = '';
    for (let index = 0; index < characters.length; index++)
      result += (index < places ? replacement : '') + characters[index]!;
    return places > characters.length ? result + replacement : result;
  }
  const places = occurrencesIn(text, old, limit, budget);
  budget.allocate(text.length + places.length * Math.max(0, replacement.length - old.length));
  let result = '';
  let from = 0;
  for (const at of places) {
    result += text.slice(from, at) + replacement;
    from = at + old.length;
  }
  return result + text.slice(from);
}

/** A large letter inside a word, or a small one at its head. */
const UNTITLED = /(?<=\p{Cased})[\p{Uppercase}\p{Lt}]|(?<!\p{Cased})\p{Lowercase}/u;

function titleOf(text: string): string {
  return text.replace(/\p{Cased}+/gu, capitalized);
}

/** A method that changes `unitsAStep` units of a text in a step. */
export function ofText(change: (text: string) => string, unitsAStep = 32): TextMethod {
  return operation<string>('', (text, _, { budget }) => {
    budget.spend(Math.ceil(text.length / unitsAStep));
    const result = change(text);
    budget.allocate(result.length);
    return result;
  });
}

function stripping(side: 'left' | 'right' | 'both'): TextMethod {
  return operation<string>('chars?', (text, [characters]) =>
    strip(text, { characters: characters == null ? null : textArgument(characters), side }),
  );
}

function padding(before: (missing: number, width: number) => number): TextMethod {
  return operation<string>('width fillchar?', (text, [width, fill], { budget }) => {
    const character = fill === undefined ? ' ' : textArgument(fill);
    if (lengthOf(character) !== 1) throw renderError('Cannot pad the text: the fill is one character');
    const places = integerArgument(width, 0);
    return padded(
      text,
      { width: places, fill: character, before: (missing) => before(missing, places) },
      budget,
    );
  });
}

function everyCharacter(pattern: RegExp): TextMethod {
  return operation<string>('', (text) => pattern.test(text));
}

/** Pays for a list that was made. */
function paid<Item>(items: readonly Item[], budget: Budget): readonly Item[] {
  budget.spend(items.length);
  return items;
}

function separatorOf(value: Runtime): string {
  const separator = textArgument(value);
  if (separator === '') throw renderError('Cannot split the text: the separator is empty');
  return separator;
}

function splitterOf(
  separator: Runtime | undefined,
  maxSplit: Runtime | undefined,
  budget: Budget,
): (text: string) => readonly string[] {
  const most = integerArgument(maxSplit, -1);
  const limit = most < 0 ? Number.POSITIVE_INFINITY : most;
  if (separator === undefined || separator === null) return (text) => splitAtSpace(text, limit);
  const at = separatorOf(separator);
  return (text) => splitAt(text, at, limit, budget);
}

function splitAt(text: string, separator: string, limit: number, budget: Budget): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  for (const at of occurrencesIn(text, separator, limit, budget)) {
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  return [...parts, text.slice(from)];
}

function splitAtSpace(text: string, limit: number): readonly string[] {
  const parts: string[] = [];
  let index = 0;
  for (;;) {
    while (index < text.length && isWhiteSpace(text[index]!)) index++;
    if (index === text.length) return parts;
    if (parts.length >= limit) return [...parts, text.slice(index)];
    const start = index;
    while (index < text.length && !isWhiteSpace(text[index]!)) index++;
    parts.push(text.slice(start, index));
  }
}

/** Splits from the right, by splitting the text backwards. */
function fromRight(
  text: string,
  split: (text: string) => readonly string[],
  budget: Budget,
): readonly string[] {
  return split(reversed(text, budget))
    .map((part) => reversed(part, budget))
    .reverse();
}

/** One line with spaces up to the next column that is a multiple of `size` for each tab. */
function expanded(line: string, size: number): string {
  const [first, ...cells] = line.split('\t');
  let result = first!;
  let column = lengthOf(first!);
  for (const cell of cells) {
    const spaces = size > 0 ? size - (column % size) : 0;
    result += ' '.repeat(spaces) + cell;
    column += spaces + lengthOf(cell);
  }
  return result;
}

const LINE_ENDS = '\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029';

export function linesOf(text: string, hasEnds: boolean): readonly string[] {
  const lines: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (!LINE_ENDS.includes(text[index]!)) continue;
    const after = text.startsWith('\r\n', index) ? index + 2 : index + 1;
    lines.push(text.slice(start, hasEnds ? after : index));
    start = after;
    index = after - 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

/** The UTF-16 units backwards: twice is the text again. */
function reversed(text: string, budget: Budget): string {
  budget.spend(Math.ceil(text.length / 4));
  return text.split('').reverse().join('');
}

function lastIndexIn(text: string, part: string, _from: number, budget: Budget): number {
  const index = indexIn(reversed(text, budget), reversed(part, budget), 0, budget);
  return index < 0 ? -1 : text.length - index - part.length;
}

interface Range {
  readonly start: Runtime | undefined;
  readonly end: Runtime | undefined;
}

/** The text between two positions, or `null` when the first lies behind the end. */
function between(text: string, { start, end }: Range, budget: Budget): string | null {
  if (integerArgument(start, 0) > lengthOf(budget.read(text))) return null;
  return readSlice(text, { start: start ?? null, stop: end ?? null, step: null }, budget) as string;
}

function anyOf(value: Runtime): readonly string[] {
  return value instanceof Tuple ? value.items.map(textArgument) : [textArgument(value)];
}

function found(
  text: string,
  [sub, start, end]: readonly (Runtime | undefined)[],
  { search, budget }: { search: typeof indexIn; budget: Budget },
): bigint {
  const wanted = textArgument(sub);
  const part = between(text, { start, end }, budget);
  const index = part === null ? -1 : search(part, wanted, 0, budget);
  if (index < 0) return -1n;
  const first = integerArgument(start, 0);
  const length = lengthOf(text);
  const offset = first < 0 ? Math.max(0, first + length) : first;
  return BigInt(offset + lengthOf(part!.slice(0, index)));
}
