// What goes wrong when text is read as YAML, in words for people who write prompts: templates that YAML takes for maps or
// comments, and the reader's own errors.

import { type CST, Lexer, Parser, type YAMLError } from 'yaml';
import { lowerFirst } from '../text/phrases.ts';

export interface Mistake {
  readonly offset: number;
  readonly level: 'error' | 'warning';
  readonly message: string;
}

/** What the lexer puts between lexemes; none of it stands in the text. */
const MARKERS = new Set(['\u0002', '\u0018', '\u001f']);
const PLAIN_SCALAR = '\u001f';

/** Fields that hold a text of which a comment may have taken the end, or a name for YAML's own use the beginning. */
const TEXT_FIELDS = new Set(['prompt', 'system_prompt', 'expr']);
const FIELD_BEFORE = /([\w-]+)["']?\s*:\s[^:]*$/;

/** Templates that YAML takes for a map, quotes without an end, and, as warnings, texts that it takes for a comment. */
export function findQuoteMistakes(text: string): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  let offset = 0;
  let depth = 0;
  let depthOfLine = 0;
  let before = '';
  let isPlain = false;
  let wasPlain = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (MARKERS.has(lexeme)) {
      isPlain = lexeme === PLAIN_SCALAR;
      continue;
    }
    const start = lexeme.charAt(0);
    const last = mistakes.findLast(({ level }) => level === 'error');
    const isSameLine = last !== undefined && !text.slice(last.offset, offset).includes('\n');
    if (before === '{' && /^[{%#]/.test(start) && !isSameLine) {
      const sample = `{${start} … ${start === '{' ? '}' : start}}`;
      const message = `put the template into quotes, as "${sample}": YAML takes a bare "{" for a map`;
      mistakes.push({ offset: offset - 1, level: 'error', message });
    } else if (!isPlain && /["']/.test(start) && (lexeme.length === 1 || !lexeme.endsWith(start))) {
      mistakes.push({ offset, level: 'error', message: 'the quote that opens here is never closed' });
    } else if (start === '#' && !isPlain && before !== '{') {
      const message = takenByComment(text, { offset, comment: lexeme, wasPlain });
      if (message !== null) mistakes.push({ offset, level: 'warning', message });
    } else if (
      /^&./.test(lexeme) &&
      !isPlain &&
      TEXT_FIELDS.has(FIELD_BEFORE.exec(lineBefore(text, offset))?.[1] ?? '')
    ) {
      const message = `YAML takes "${lexeme}" for a name to refer to, and leaves it out of the text: put the text into quotes`;
      if (!text.includes(`*${lexeme.slice(1)}`)) mistakes.push({ offset, level: 'warning', message });
    }
    if (lexeme === '{' || lexeme === '[') depth += 1;
    if (lexeme === '}' || lexeme === ']') depth -= 1;
    if (/^\r?\n$/.test(lexeme)) {
      // What follows a template with an open bracket in it is read as a part of it.
      if (isSameLine && depth !== depthOfLine) break;
      depthOfLine = depth;
    }
    if (lexeme.trim() !== '') wasPlain = isPlain;
    before = lexeme;
    isPlain = false;
    offset += lexeme.length;
  }
  return mistakes;
}

/** What stands before a place in its line. */
function lineBefore(text: string, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
}

/** Whether a comment is the end of a text, by what it looks like and the field that it follows. */
function takenByComment(
  text: string,
  {
    offset,
    comment,
    wasPlain,
  }: { readonly offset: number; readonly comment: string; readonly wasPlain: boolean },
): string | null {
  const line = lineBefore(text, offset);
  if (line.trim() === '') return null;
  const field = FIELD_BEFORE.exec(line)?.[1];
  const isValue = wasPlain || /[:-]\s+$/.test(line);
  const looksLikeText = /\{[{%]/.test(comment) || (field !== undefined && /^#\S/.test(comment));
  if (!isValue || !looksLikeText || (field !== undefined && !TEXT_FIELDS.has(field))) return null;
  return 'the text ends before this "#", which starts a comment in YAML: put the text into quotes';
}

const INDENT = 'this line is indented differently from those that it belongs to';

type Words = string | ((error: { readonly message: string; readonly source: string }) => string);

/** By what the reader says, the first that matches. */
const WORDS: readonly (readonly [RegExp, Words])[] = [
  [/Tabs are not allowed/, 'this line is indented with a tab: use spaces'],
  [/must start at the same column|Sequence item without -/, INDENT],
  [/end with a ([\]}])/, ({ message }) => `a "${message.at(-1)}" is missing here or above`],
  [
    /cannot start with .* (.)$/,
    ({ message }) => `text that starts with "${message.at(-1)}" has to stand in quotes`,
  ],
  [
    /Nested mappings are not allowed/,
    'text with ": " in it has to stand in quotes, and a field right below those beside it',
  ],
  [
    /on a single line|followed by map values/,
    'here a field is expected: its name, a colon, a space and its value on one line',
  ],
  [/Missing closing/, 'a quote is opened and never closed'],
  [/Missing , or :|Missing ,/, 'a comma or a colon is missing before this'],
  [/Comments must be separated/, 'a "#" in a text has to stand in quotes'],
  [/Not a YAML token/, 'the text of "|" or ">" has to start on a line of its own'],
  [
    /Unexpected (\S+) token in YAML stream: "(.)"/,
    ({ source }) => `this "${source.charAt(0)}" closes nothing`,
  ],
  [/Unexpected ,/, 'there is nothing before this comma'],
  [
    /at node end/,
    'something follows a complete value: put the whole text into quotes, and use the other kind of quotes inside it',
  ],
  [
    /Invalid escape/,
    ({ source }) =>
      `"${source.slice(0, 2)}" means nothing between double quotes: write the backslash twice, or use single quotes`,
  ],
  [
    /Unresolved tag/,
    ({ source }) =>
      `the tag "${/^\S*/.exec(source)![0]}" is not known here: text that starts with "!" has to stand in quotes`,
  ],
  [
    /Block collections are not allowed|on same line with key/,
    'a comma is missing, or this needs a line of its own',
  ],
  [/multiple documents/, 'a second document starts here, and only one is allowed'],
];

/** What the reader found wrong first: the rest follows from it, more often than not. */
export function syntaxMistake(
  errors: readonly YAMLError[],
  { text, isJson }: { readonly text: string; readonly isJson: boolean },
): Mistake | null {
  const [first] = [...errors].sort((left, right) => left.pos[0] - right.pos[0]);
  if (first === undefined) return null;
  const [offset] = first.pos;
  const { message } = first;
  const [, words = lowerFirst(message)] = WORDS.find(([pattern]) => pattern.test(message)) ?? [];
  const said = typeof words === 'string' ? words : words({ message, source: text.slice(offset) });
  return { offset, level: 'error', message: `cannot be read as ${isJson ? 'JSON' : 'YAML'}: ${said}` };
}

/**
 * Tells, before anything walks the document by recursion, whether that would run out of stack: the parser of tokens
 * keeps a list instead.
 */
export function isDeeperThan(levels: number, text: string): boolean {
  const open: { readonly token: CST.Token; readonly depth: number }[] = [];
  for (const token of new Parser().parse(text)) open.push({ token, depth: 0 });
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { token, depth } = place;
    if (depth > levels) return true;
    for (const below of tokensBelow(token)) open.push({ token: below, depth: depth + 1 });
  }
  return false;
}

function tokensBelow(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items
    .flatMap(({ key, value }) => [key, value])
    .filter((item) => item !== null && item !== undefined);
}
