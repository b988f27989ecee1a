// Reads JSON out of a model's answer, with what models write in its place where that can have one meaning only.
//
//   J1. Every text, number and word of the value stands in the answer as it is: nothing is added, closed or left out.
//       JSON that stops in the middle is cut.
//   J2. Taken as well: comments, a comma before a closing bracket, a comma that is missing where no text ends, texts in
//       other quotes, keys without quotes, `True`, `False`, `None`, `+1`, `.5`, `1.`, and line ends within texts.
//   J3. A backslash that begins no escape is itself: the answer has backslashes that are not doubled (`\alpha`, `\d`).
//       Then `\b` and `\f` are two characters too (`\beta`, `\frac`): nobody writes a backspace. `\\`, `\/`, and `\n`,
//       `\r`, `\t` before a small letter (`\nabla`, `C:\temp`) could be either: the answer is refused.
//   J4. Time and memory grow with the length alone.

import { setOwn } from '../../own-keys.ts';
import { MAX_JSON_LEVELS, parseJsonNumber, type Value } from '../../values.ts';

/** Why there is no JSON at a place, and what is known of the text up to there. */
export class NoJsonError extends SyntaxError {
  /** Where reading ended. */
  readonly end: number;
  /** The text ended before the value did. */
  readonly isCut: boolean;
  /** No prose: a key and its colon were read, or more brackets than prose has. */
  readonly isJson: boolean;
  constructor(message: string, about: Pick<NoJsonError, 'end' | 'isCut' | 'isJson'>) {
    super(message);
    this.end = about.end;
    this.isCut = about.isCut;
    this.isJson = about.isJson;
  }
}

/** The value that begins at `start`, and where it ends. Throws `NoJsonError`. */
export function readJson(text: string, start: number): { readonly value: Value; readonly end: number } {
  const reader = new Reader(text, start);
  const value = reader.readValue(0);
  if (!reader.isUndoubled) return { value, end: reader.at };
  const again = new Reader(text, start, true);
  return { value: again.readValue(0), end: again.at };
}

/** The place after white space and comments. */
function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    const ending = text.startsWith('//', at) ? '\n' : text.startsWith('/*', at) ? '*/' : null;
    if (ending === null) return at;
    const end = text.indexOf(ending, at + 2);
    at = end < 0 ? text.length : end + ending.length;
  }
}

const SPACE = /\s*/y;
const NUMBER = /[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const WORD = /[\p{L}\d_$][\p{L}\d_$-]*/uy;
const HEX = /[\da-fA-F]{4}/y;
const QUOTES: ReadonlyMap<string | undefined, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['“', '”'],
]);
const ENDS_TEXT = /["'”]/;
const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['True', true],
  ['False', false],
  ['None', null],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map(
  ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map(([letter, plain]) => [letter!, plain!]),
);
const SHOWN_CHARACTERS = 30;

class Reader {
  at: number;
  /** A backslash was met that begins no escape. */
  isUndoubled: boolean;
  readonly #text: string;
  /** Backslashes are known not to be doubled. */
  readonly #keeps: boolean;
  #isJson = false;

  constructor(text: string, start: number, keeps = false) {
    this.#text = text;
    this.at = start;
    this.#keeps = keeps;
    this.isUndoubled = keeps;
  }

  readValue(level: number): Value {
    const opening = this.#next();
    if (opening === '{' || opening === '[') {
      if (level === MAX_JSON_LEVELS) {
        this.#isJson = true;
        throw this.#error(`it is nested more than ${MAX_JSON_LEVELS} levels deep`);
      }
      return opening === '{' ? this.#readObject(level) : this.#readList(level);
    }
    if (QUOTES.has(opening)) return this.#readText();
    const number = this.#match(NUMBER);
    if (number !== undefined) return this.#number(number);
    const place = this.at;
    const word = WORDS.get(this.#match(WORD) ?? '');
    if (word !== undefined) return word;
    this.at = place;
    throw this.#expected('a value');
  }

  #readObject(level: number): Value {
    const object: { [key: string]: Value } = {};
    this.at += 1;
    while (this.#next() !== '}') {
      const key = QUOTES.has(this.#next()) ? this.#readText() : this.#match(WORD);
      if (key === undefined) throw this.#expected('a key or "}"');
      if (this.#next() !== ':') throw this.#expected('":"');
      this.at += 1;
      this.#isJson = true;
      setOwn(object, key, this.readValue(level + 1));
      this.#readComma('}', '"');
    }
    this.at += 1;
    return object;
  }

  #readList(level: number): Value {
    const list: Value[] = [];
    this.at += 1;
    while (this.#next() !== ']') {
      list.push(this.readValue(level + 1));
      this.#readComma(']', '{');
    }
    this.at += 1;
    return list;
  }

  /** Reads the comma after an item, which may be missing before `closing`, and before `following` unless a text ends. */
  #readComma(closing: string, following: string): void {
    const hasText = ENDS_TEXT.test(this.#text[this.at - 1]!);
    const next = this.#next();
    if (next === ',') this.at += 1;
    else if (next !== closing && (next !== following || hasText)) throw this.#expected(`"," or "${closing}"`);
  }

  #readText(): string {
    const text = this.#text;
    const closing = QUOTES.get(text[this.at])!.charCodeAt(0);
    let read = '';
    this.at += 1;
    for (let start = this.at; this.at < text.length; ) {
      const unit = text.charCodeAt(this.at);
      if (unit === closing) {
        read += text.slice(start, this.at);
        this.at += 1;
        return read;
      }
      if (unit === BACKSLASH) {
        read += text.slice(start, this.at) + this.#readEscape(closing);
        start = this.at;
      } else this.at += 1;
    }
    throw this.#error('it stops in the middle of a text', true);
  }

  #readEscape(closing: number): string {
    const text = this.#text;
    const letter = text[this.at + 1] ?? '';
    this.at += 2;
    if (letter === "'" && closing === QUOTE) return letter;
    const plain = ESCAPES.get(letter);
    if (plain !== undefined && this.#keeps) return this.#readUndoubled(letter, plain);
    if (plain !== undefined) return plain;
    const hex = letter === 'u' ? this.#match(HEX) : undefined;
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    // `It\'s` says nothing about the other backslashes: JavaScript and Python write it so.
    if (letter !== "'") this.isUndoubled = true;
    this.at -= 1;
    return '\\';
  }

  /** An escape among backslashes that are not doubled. */
  #readUndoubled(letter: string, plain: string): string {
    if (letter === '"') return plain;
    if (letter === 'b' || letter === 'f') return `\\${letter}`;
    const isBreak = letter === 'n' || letter === 'r' || letter === 't';
    if (isBreak && !/[a-z\d_.]/.test(this.#text[this.at] ?? '')) return plain;
    this.at -= 2;
    throw this.#error(`"\\${letter}" may be one character or two: write each backslash of a text as "\\\\"`);
  }

  #number(text: string): bigint | number {
    try {
      return parseJsonNumber(text.replace('+', ''));
    } catch (error) {
      throw this.#error((error as Error).message);
    }
  }

  /** The character after white space and comments. */
  #next(): string | undefined {
    this.at = skipSpace(this.#text, this.at);
    return this.#text[this.at];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  #expected(wanted: string): NoJsonError {
    const shown = this.#text.slice(this.at, this.at + SHOWN_CHARACTERS).split('\n')[0]!;
    if (this.at >= this.#text.length) return this.#error(`it stops where ${wanted} has to follow`, true);
    return this.#error(`${wanted} is missing before ${shown}`);
  }

  #error(message: string, isCut = false): NoJsonError {
    return new NoJsonError(message, { end: this.at, isCut, isJson: this.#isJson });
  }
}

const BACKSLASH = 0x5c;
const QUOTE = 0x27;
