// How Python prints values: `str` for what stands alone, `repr` for what stands inside a list or dict.

import type { Budget } from '../limits.ts';
import {
  CellText,
  describe,
  entriesOf,
  ItemView,
  integerText,
  isList,
  isMapping,
  Loop,
  type Runtime,
  Tuple,
  Undefined,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';

/** What `{{ value }}` prints. */
export function textOf(value: Runtime, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value instanceof CellText) return value.text;
  if (value instanceof Undefined) return '';
  return reprOf(value, budget);
}

/** What Python's `ascii` prints: as {@link reprOf}, with all but ASCII escaped. */
export function asciiOf(value: Runtime, budget: Budget): string {
  const text = reprOf(value, budget).replace(/[^\0-\x7f]/gu, (character) => escaped(character, budget));
  return bounded(text, budget);
}

/** What a value looks like inside a printed list: text in quotes. */
export function reprOf(value: Runtime, budget: Budget): string {
  budget.spend(1);
  if (value === null) return 'None';
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'bigint':
      return integerText(value, budget);
    case 'number':
      return floatText(value);
    case 'string':
      return quoted(value, budget);
  }
  if (value instanceof CellText) return quoted(value.text, budget);
  if (isList(value)) return bounded(`[${reprOfItems(value, budget)}]`, budget);
  if (value instanceof Tuple) {
    if (value.printed !== null) return value.printed;
    const items = reprOfItems(value.items, budget);
    return value.items.length === 1 ? `(${items},)` : `(${items})`;
  }
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Loop) return `<LoopContext ${value.index + 1}/${value.items.length}>`;
  if (value instanceof ItemView) {
    if (value.name === null) throw renderError('Cannot print a sequence of items: add "|list"');
    return `${value.name}([${reprOfItems(value.items, budget)}])`;
  }
  if (!isMapping(value)) throw renderError(`Cannot print ${describe(value)}`);
  const entries = entriesOf(value, budget).map(
    ([key, item]) => `${reprOf(key, budget)}: ${reprOf(item, budget)}`,
  );
  return bounded(`{${entries.join(', ')}}`, budget);
}

function reprOfItems(items: readonly Runtime[], budget: Budget): string {
  return items.map((item) => reprOf(item, budget)).join(', ');
}

function bounded(text: string, budget: Budget): string {
  budget.allocate(text.length);
  return text;
}

/** The shortest digits that read back as the same float: `12.0`, `1e-05`, `1e+16`, `inf`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\\]|(?! )\p{Zs}/gu;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function quoted(text: string, budget: Budget): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = budget.read(text).replace(UNPRINTABLE, (character) => escaped(character, budget));
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
}

function escaped(character: string, budget: Budget): string {
  budget.spend(1);
  const short = ESCAPES.get(character);
  if (short !== undefined) return short;
  const hex = character.codePointAt(0)!.toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Python's white space, which differs from that of JavaScript at both ends. */
const WHITE_SPACE =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

export function isWhiteSpace(character: string): boolean {
  return WHITE_SPACE.includes(character);
}

/** `str.strip`: takes characters of `characters` (default: white space) from the ends. */
export function strip(
  text: string,
  { characters, side }: { characters?: string | null; side: 'left' | 'right' | 'both' },
): string {
  const taken = new Set(characters ?? WHITE_SPACE);
  const items = isAstral(text) ? [...text] : text;
  let start = 0;
  let end = items.length;
  if (side !== 'right') while (start < end && taken.has(items[start]!)) start++;
  if (side !== 'left') while (end > start && taken.has(items[end - 1]!)) end--;
  return typeof items === 'string' ? items.slice(start, end) : items.slice(start, end).join('');
}

/** Whether a text has characters of two UTF-16 units, so that its units are not Python's characters. */
export function isAstral(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}

/** Number of characters as Python counts them. */
export function lengthOf(text: string): number {
  if (!isAstral(text)) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** `str.capitalize`: the first letter as in a title (`ß` is `Ss`, Georgian has none), the rest small. */
export function capitalized(text: string): string {
  const first = text.codePointAt(0);
  if (first === undefined) return '';
  const head = String.fromCodePoint(first);
  const [letter, ...more] = /[ა-ჿ]/.test(head) ? head : head.toUpperCase();
  // The rest is made small where it stands: a last "Σ" is "ς" only after a letter.
  const rest = text.toLowerCase().slice(head.toLowerCase().length);
  return letter! + more.join('').toLowerCase() + rest;
}
