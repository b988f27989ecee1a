// Filters that make texts. Most print what they are given first, as Jinja does: `{{ 3 | upper }}` is "3".

import { describe, entriesOf, isList, isMapping, itemsOf, type Runtime, Tuple, written } from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { isTrue } from '../values/comparison.ts';
import { jsonOf } from '../values/json-text.ts';
import { isAstral, textOf } from '../values/python-text.ts';
import {
  integerArgument,
  type Operation,
  operation,
  printedArgument,
  type Services,
  textArgument,
} from './argument-binding.ts';
import { ofText, replaceIn, TEXT_METHODS, type TextMethod } from './text-methods.ts';

export const TEXT_FILTERS: { readonly [name: string]: Operation } = {
  capitalize: ofPrinted(TEXT_METHODS.capitalize),
  lower: ofPrinted(TEXT_METHODS.lower),
  upper: ofPrinted(TEXT_METHODS.upper),
  string: ofPrinted(ofText((text) => text)),
  escape: ofPrinted(ofText(escapeHtml, 4)),
  forceescape: ofPrinted(ofText(escapeHtml, 4)),
  title: ofPrinted(ofText((text) => text.replace(/[^-\s({[<]+/gu, headUp), 4)),
  trim: ofPrinted(TEXT_METHODS.strip),

  replace: operation('old new count?', (value, [old, replacement, count], services) =>
    replaceIn(
      printed(value, services),
      {
        old: printedArgument(old, services),
        replacement: printedArgument(replacement, services),
        count: integerArgument(count, -1),
      },
      services.budget,
    ),
  ),

  tojson: operation('indent?', (value, [indent], { budget }) =>
    jsonOf(value, indent == null ? null : Math.max(0, integerArgument(indent, 0)), budget),
  ),

  truncate: operation(
    'length? killwords? end? leeway?',
    (given, [length, killwords, end, leeway], services) => {
      const value = written(given);
      const limits = {
        length: integerArgument(length, 255),
        isExact: isTrue(killwords ?? false),
        end: end === undefined ? '...' : textArgument(end),
        leeway: integerArgument(leeway, 5),
      };
      if (typeof value === 'string') return truncated(printed(value, services), limits);
      // Jinja looks at the length first, whatever it is given.
      if (itemsOf(value, services.budget).length <= limits.length + limits.leeway) return value;
      throw renderError(`Cannot use the filter "truncate" on ${describe(value)}: a text is needed`);
    },
  ),

  urlencode: operation('', (given, _, services) => {
    const { budget } = services;
    const value = written(given);
    if (!isMapping(value) && !isList(value) && !(value instanceof Tuple))
      return urlQuoted(printed(value, services), '/');
    const pairs = isMapping(value)
      ? entriesOf(value, budget)
      : itemsOf(value, budget).map((item) => pairOf(item, services));
    const quote = (item: Runtime): string =>
      urlQuoted(budget.read(textOf(item, budget)), '').replaceAll('%20', '+');
    return pairs.map(([key, item]) => `${quote(key)}=${quote(item)}`).join('&');
  }),
};

/** A method of texts as a filter of what any value prints. */
function ofPrinted({ apply, ...method }: TextMethod): Operation {
  return { ...method, apply: (value, given, call) => apply(printed(value, call), given, call) };
}

function printed(value: Runtime, { budget }: Services): string {
  return budget.read(textOf(value, budget));
}

function pairOf(item: Runtime, { budget }: Services): readonly [Runtime, Runtime] {
  const [key, value, ...more] = itemsOf(item, budget);
  if (key === undefined || value === undefined || more.length > 0) {
    throw renderError('Cannot use the filter "urlencode": the list has items that are no pairs');
  }
  return [key, value];
}

/** Jinja's own way, which makes `SS` of a leading `ß`. */
function headUp(word: string): string {
  const head = String.fromCodePoint(word.codePointAt(0)!);
  return head.toUpperCase() + word.slice(head.length).toLowerCase();
}

const HTML: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ["'", '&#39;'],
  ['"', '&#34;'],
]);

export function escapeHtml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => HTML.get(character)!);
}

function urlQuoted(text: string, safe: '' | '/'): string {
  if (/\p{Surrogate}/u.test(text))
    throw renderError('Cannot use the filter "urlencode": the text has half a character');
  const quoted = encodeURIComponent(text).replace(
    /[!*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return safe === '/' ? quoted.replaceAll('%2F', '/') : quoted;
}

function truncated(
  text: string,
  { length, isExact, end, leeway }: { length: number; isExact: boolean; end: string; leeway: number },
): string {
  const characters = isAstral(text) ? [...text] : text;
  if (length < end.length)
    throw renderError('Cannot use the filter "truncate": length is less than that of the end');
  if (leeway < 0) throw renderError('Cannot use the filter "truncate": leeway is negative');
  if (characters.length <= length + leeway) return text;
  const kept = characters.slice(0, length - [...end].length);
  const cut = typeof kept === 'string' ? kept : kept.join('');
  const space = cut.lastIndexOf(' ');
  return (isExact || space < 0 ? cut : cut.slice(0, space)) + end;
}
