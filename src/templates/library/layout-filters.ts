// Jinja's filters that lay texts out or escape them.

import type { Budget } from '../limits.ts';
import {
  Dict,
  entriesOf,
  isMapping,
  misfit,
  opened,
  type Runtime,
  Tuple,
  Undefined,
  written,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { isTrue } from '../values/comparison.ts';
import { formatPercent } from '../values/percent-format.ts';
import { prettyOf } from '../values/pretty-text.ts';
import { lengthOf, textOf } from '../values/python-text.ts';
import {
  applyOperation,
  integerArgument,
  type Operation,
  operation,
  printedArgument,
  textArgument,
} from './argument-binding.ts';
import { NUMBER_FILTERS } from './number-filters.ts';
import { escapeHtml, TEXT_FILTERS } from './text-filters.ts';
import { linesOf, TEXT_METHODS } from './text-methods.ts';

const SIZES = 'kMGTPEZY';

export const LAYOUT_FILTERS: { readonly [name: string]: Operation } = {
  center: operation('width?', (value, [width], call) => {
    const text = printedArgument(value, call);
    return applyOperation(TEXT_METHODS.center, text, {
      ...call,
      positional: [width ?? 80n],
      named: new Map(),
    });
  }),
  e: TEXT_FILTERS.escape!,
  filesizeformat: operation('binary?', (value, [isBinary], call) => {
    const { budget } = call;
    const size = applyOperation(NUMBER_FILTERS.float!, value, {
      ...call,
      positional: [null],
      named: new Map(),
    });
    if (typeof size !== 'number')
      throw misfit(value, (kind) => `Cannot tell a size by ${kind}: a number is needed`);
    const base = isTrue(isBinary ?? false) ? 1024 : 1000;
    if (size === 1) return '1 Byte';
    if (size < base) return `${Math.trunc(size)} Bytes`;
    let power = 1;
    while (power < SIZES.length && size >= base ** (power + 1)) power += 1;
    const letter = SIZES[power - 1]!;
    const unit = base === 1024 ? `${letter.toUpperCase()}iB` : `${letter}B`;
    return `${formatPercent('%.1f', size / base ** power, budget)} ${unit}`;
  }),
  format: operation('*', (value, _, call) => {
    const { positional, named, budget } = call;
    if (positional.length > 0 && named.size > 0)
      throw renderError('Cannot format the text: values have names, or none has one');
    const values = named.size > 0 ? new Dict([...named], budget) : new Tuple(positional);
    return formatPercent(budget.read(printedArgument(value, call)), values, budget);
  }),
  indent: operation('width? first? blank?', (given, [width = 4n, isFirst, isBlank], { budget }) => {
    const text = written(given);
    if (typeof text !== 'string') throw misfit(given, (kind) => `Cannot indent ${kind}: a text is needed`);
    const by = opened(width);
    const indention = typeof by === 'string' ? by : ' '.repeat(Math.max(0, widthOf(width, budget)));
    const lines = linesOf(`${budget.read(text)}\n`, false);
    budget.spend(lines.length);
    budget.allocate(text.length + lines.length * indention.length);
    const before = (line: string, index: number): boolean =>
      index === 0 ? isTrue(isFirst ?? false) : line !== '' || isTrue(isBlank ?? false);
    return lines.map((line, index) => (before(line, index) ? indention + line : line)).join('\n');
  }),
  pprint: operation('', (value, _, { budget }) => prettyOf(value, budget)),
  safe: TEXT_FILTERS.string!,
  striptags: operation('', (value, _, call) => {
    const text = call.budget.read(printedArgument(value, call));
    call.budget.spend(Math.ceil(text.length / 4));
    const bare = without(without(text, '<!--', '-->'), '<', '>');
    return unescaped(bare.trim().split(/\s+/).join(' '));
  }),
  wordcount: operation('', (value, _, call) => {
    const text = call.budget.read(printedArgument(value, call));
    call.budget.spend(Math.ceil(text.length / 4));
    return BigInt(text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0);
  }),
  wordwrap: operation(
    'width? break_long_words? wrapstring? break_on_hyphens?',
    (value, [width, breaksWords, wrapText, breaksAtHyphens], call) => {
      const { budget } = call;
      const text = budget.read(printedArgument(value, call));
      const size = integerArgument(width, 79);
      if (size <= 0) throw renderError('Cannot wrap the text: the width is not positive');
      budget.spend(text.length);
      const wrap = {
        width: size,
        breaksWords: isTrue(breaksWords ?? true),
        breaksAtHyphens: isTrue(breaksAtHyphens ?? true),
      };
      const between = wrapText == null ? '\n' : textArgument(wrapText);
      budget.allocate(text.length * Math.max(1, between.length));
      return linesOf(text, false)
        .map((line) => wrapped(line, wrap).join(between))
        .join(between);
    },
  ),
  xmlattr: operation('autospace?', (given, [autospace], { budget }) => {
    const value = opened(given);
    if (!isMapping(value))
      throw misfit(given, (kind) => `Cannot write ${kind} as attributes: a dict is needed`);
    const parts = entriesOf(value, budget).flatMap(([key, item]) => {
      if (item === null || item instanceof Undefined) return [];
      const name = textOf(key, budget);
      if (/[\s/>=]/.test(name))
        throw renderError(`Cannot write "${name}" as an attribute: it is no name of one`);
      return `${escapeHtml(name)}="${escapeHtml(textOf(item, budget))}"`;
    });
    const text = parts.join(' ');
    budget.allocate(text.length);
    return text !== '' && isTrue(autospace ?? true) ? ` ${text}` : text;
  }),
};

function widthOf(width: Runtime, budget: Budget): number {
  const size = integerArgument(width, 4);
  budget.allocate(Math.max(0, size));
  return size;
}

/** A text without all that stands between these. */
function without(text: string, open: string, close: string): string {
  let kept = '';
  for (let at = 0; ; ) {
    const start = text.indexOf(open, at);
    const end = start < 0 ? -1 : text.indexOf(close, start);
    if (end < 0) return kept + text.slice(at);
    kept += text.slice(at, start);
    at = end + close.length;
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', '\xa0'],
]);

/** The entities that texts are escaped with, and those by number. */
function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (source, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(name) ?? source;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : source;
  });
}

/** Where Python's textwrap may break a line: at white space, after hyphens inside words, around dashes. */
const PIECES =
  /[\t\n\v\f\r ]+|(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])|[^\t\n\v\f\r ]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=[\t\n\v\f\r ]|$)|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_]))/gu;

/** A line in lines of at most `width` characters, as Python's textwrap makes them. */
function wrapped(
  line: string,
  { width, breaksWords, breaksAtHyphens }: { width: number; breaksWords: boolean; breaksAtHyphens: boolean },
): readonly string[] {
  const pieces = [...line.matchAll(breaksAtHyphens ? PIECES : /[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+/gu)]
    .map(([text]) => ({ text, size: lengthOf(text) }))
    .reverse();
  const lines: string[] = [];
  while (pieces.length > 0) {
    const taken: string[] = [];
    let filled = 0;
    if (lines.length > 0 && pieces.at(-1)!.text.trim() === '') pieces.pop();
    while (pieces.length > 0 && filled + pieces.at(-1)!.size <= width) {
      const { text, size } = pieces.pop()!;
      filled += size;
      taken.push(text);
    }
    const next = pieces.at(-1);
    if (next !== undefined && next.size > width) {
      if (breaksWords) {
        const space = Math.max(1, width - filled);
        // No more of a long word is looked at than a line may hold.
        const fitting = [...next.text.slice(0, 2 * space)].slice(0, space);
        const start = fitting.slice(0, breakAt(fitting, breaksAtHyphens));
        const text = start.join('');
        taken.push(text);
        pieces[pieces.length - 1] = { text: next.text.slice(text.length), size: next.size - start.length };
      } else if (taken.length === 0) taken.push(pieces.pop()!.text);
    }
    if (taken.at(-1)?.trim() === '') taken.pop();
    if (taken.length > 0) lines.push(taken.join(''));
  }
  return lines;
}

/** How much is taken of the characters that fit of a longer word: up to their last hyphen, else all of them. */
function breakAt(fitting: readonly string[], breaksAtHyphens: boolean): number {
  const hyphen = fitting.lastIndexOf('-');
  const hasWordBefore = hyphen > 0 && fitting.slice(0, hyphen).some((character) => character !== '-');
  return breaksAtHyphens && hasWordBefore ? hyphen + 1 : fitting.length;
}
