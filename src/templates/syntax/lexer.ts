// Template text → tokens, with the rules of Jinja2's lexer under its default settings: `trim_blocks` and
// `lstrip_blocks` off, one newline at the end of the text dropped, `\r\n` and `\r` read as `\n`, `-` at a
// tag's edge takes the white space beside it, `raw` blocks and comments end here.

import { findOwn } from '../../own-keys.ts';
import { MAX_SOURCE_UNITS, MAX_TOKENS } from '../limits.ts';
import { placeOf, TemplateSyntaxError } from './template-error.ts';

export interface Token {
  readonly type: 'text' | 'begin' | 'close' | 'name' | 'string' | 'integer' | 'float' | 'operator' | 'end';
  /** The text of a `text` token, the unescaped text of a `string`, else the source. */
  readonly value: string;
  /** Offset in the template's text. */
  readonly at: number;
}

const TAG_START = /\{[{%#][-+]?/g;
const RAW_START = /\{%[-+]?\s*raw\s*(-?)%\}/y;
const RAW_END = /\{%([-+]?)\s*endraw\s*(-|\+|)%\}/g;
const COMMENT_END = /([-+]?)#\}/g;
const VARIABLE_END = /(-?)\}\}/y;
const BLOCK_END = /([-+]?)%\}/y;
const SPACE = /\s*/y;
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const WORDS = [
  ['float', FLOAT],
  ['integer', INTEGER],
  ['name', NAME],
  ['string', STRING],
] as const;
const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+/*%~[\](){}<>=.:|,]/y;
const PAIRS: { readonly [opening: string]: string } = { '(': ')', '[': ']', '{': '}' };

/** Splits a template into tokens; the last is `end`. Throws `TemplateSyntaxError`. */
export function tokenize(source: string): readonly Token[] {
  return new Lexer(source).tokens();
}

/** Splits a bare expression into tokens, as if it stood between braces. Throws `TemplateSyntaxError`. */
export function tokenizeExpression(source: string): readonly Token[] {
  return new Lexer(source).expressionTokens();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    if (source.length > MAX_SOURCE_UNITS) {
      const limit = MAX_SOURCE_UNITS.toLocaleString('en');
      throw this.#error(`Cannot use the template: it has more than ${limit} characters`, 0);
    }
  }

  tokens(): readonly Token[] {
    const end = this.#source.replace(/(?:\r\n|\r|\n)$/, '').length;
    while (this.#at < end) {
      TAG_START.lastIndex = this.#at;
      const tag = TAG_START.exec(this.#source);
      if (tag === null || tag.index >= end) {
        this.#pushText(this.#source.slice(this.#at, end), this.#at);
        break;
      }
      const text = this.#source.slice(this.#at, tag.index);
      this.#pushText(tag[0].endsWith('-') ? text.trimEnd() : text, this.#at);
      this.#at = tag.index;
      const raw = this.#match(RAW_START);
      if (raw !== null) this.#raw(tag.index, raw[1] === '-');
      else if (tag[0][1] === '#') this.#comment(tag[0]);
      else this.#tag(tag[0]);
    }
    this.#push('end', '', this.#source.length);
    return this.#tokens;
  }

  expressionTokens(): readonly Token[] {
    const open: string[] = [];
    for (;;) {
      this.#match(SPACE);
      if (this.#at === this.#source.length) break;
      this.#inner(open);
    }
    this.#push('end', '', this.#at);
    return this.#tokens;
  }

  #raw(start: number, isTrimmed: boolean): void {
    if (isTrimmed) this.#match(SPACE);
    const at = this.#at;
    const end = this.#match(RAW_END);
    if (end === null) throw this.#error('Cannot find the end of "raw": "{% endraw %}" is missing', start);
    const text = this.#source.slice(at, end.index);
    this.#pushText(end[1] === '-' ? text.trimEnd() : text, at);
    if (end[2] === '-') this.#match(SPACE);
  }

  #comment(opening: string): void {
    const start = this.#at;
    this.#at += opening.length;
    const end = this.#match(COMMENT_END);
    if (end === null) throw this.#error('Cannot find the end of the comment: "#}" is missing', start);
    if (end[1] === '-') this.#match(SPACE);
  }

  #tag(opening: string): void {
    const bare = opening.slice(0, 2);
    const closing = bare === '{{' ? '}}' : '%}';
    const start = this.#at;
    this.#push('begin', bare, start);
    this.#at += opening.length;
    const open: string[] = [];
    for (;;) {
      this.#match(SPACE);
      const at = this.#at;
      // Inside brackets "}}" closes two objects.
      const end = open.length === 0 ? this.#match(bare === '{{' ? VARIABLE_END : BLOCK_END) : null;
      if (end !== null) {
        this.#push('close', closing, at);
        if (end[1] === '-') this.#match(SPACE);
        return;
      }
      if (this.#at === this.#source.length) {
        throw this.#error(`Cannot find the end of "${bare}": "${closing}" is missing`, start);
      }
      this.#inner(open);
    }
  }

  /** Reads one token inside a tag. `open` holds the closing brackets still to come. */
  #inner(open: string[]): void {
    const at = this.#at;
    for (const [type, pattern] of WORDS) {
      const word = this.#match(pattern);
      if (word === null) continue;
      const value = type === 'string' ? unescaped(withPlainNewlines(word[0].slice(1, -1))) : word[0];
      this.#push(type, value, at);
      return;
    }
    const operator = this.#match(OPERATOR);
    if (operator === null) {
      const character = String.fromCodePoint(this.#source.codePointAt(at)!);
      if (character === "'" || character === '"')
        throw this.#error(`Cannot read the text: its closing ${character} is missing`, at);
      throw this.#error(`Cannot read the template: unexpected "${character}"`, at);
    }
    const closing = findOwn(PAIRS, operator[0]);
    if (closing !== undefined) open.push(closing);
    else if (')]}'.includes(operator[0])) {
      const expected = open.pop();
      if (expected !== operator[0]) {
        const hint = expected === undefined ? '' : `, expected "${expected}"`;
        throw this.#error(`Cannot read the template: unexpected "${operator[0]}"${hint}`, at);
      }
    }
    this.#push('operator', operator[0], at);
  }

  #pushText(text: string, at: number): void {
    if (text !== '') this.#push('text', withPlainNewlines(text), at);
  }

  #push(type: Token['type'], value: string, at: number): void {
    if (this.#tokens.length === MAX_TOKENS)
      throw this.#error('Cannot use the template: it has too many parts, split it over columns', at);
    this.#tokens.push({ type, value, at });
  }

  /** Matches here (a sticky pattern) or further on (a global one), and moves past the match. */
  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #error(message: string, at: number): TemplateSyntaxError {
    return new TemplateSyntaxError(message, placeOf(this.#source, at));
  }
}

function withPlainNewlines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

const ESCAPES: { readonly [letter: string]: string } = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};
const ESCAPE = /\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|[0-7]{1,3}|[\s\S])/g;

/** Python's escapes; one that Python does not know stays as it is written. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (source) => {
    const letter = source[1]!;
    if (/[0-7]/.test(letter)) return String.fromCodePoint(Number.parseInt(source.slice(1), 8));
    if (source.length === 2) return findOwn(ESCAPES, letter) ?? source;
    const codePoint = Number.parseInt(source.slice(2), 16);
    return codePoint > 0x10ffff ? source : String.fromCodePoint(codePoint);
  });
}
