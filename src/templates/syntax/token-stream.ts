// The tokens of a template while they are parsed.

import { MAX_NODES, MAX_SECURE_NODES } from '../limits.ts';
import type { Token } from './lexer.ts';
import { placeOf, TemplateSyntaxError } from './template-error.ts';

/** Brackets and signs nested deeper than any tree that passes the depth check: keeps the parser off the stack's end. */
const MAX_NESTING = 100;

/** What Data Designer's secure engine does not take of a template; a warning where it is taken here all the same. */
export interface Refusal {
  readonly at: number;
  /** `the filter "join"`. */
  readonly what: string;
  readonly level: 'error' | 'warning';
}

export class TokenStream {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  /** Names that the template has assigned so far. */
  readonly assigned = new Set<string>();
  /** Names that the template has read so far. */
  readonly names: string[] = [];
  readonly refusals: Refusal[] = [];
  #index = 0;
  #nodes = 0;
  #nesting = 0;

  constructor(source: string, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#index]!;
  }

  get following(): Token {
    return this.#tokens[this.#index + 1] ?? this.current;
  }

  next(): Token {
    const token = this.current;
    if (token.type !== 'end') this.#index++;
    return token;
  }

  is(type: 'name' | 'operator' | 'begin' | 'close', value: string): boolean {
    return this.current.type === type && this.current.value === value;
  }

  isOneOf(type: 'name' | 'operator', values: readonly string[]): boolean {
    return this.current.type === type && values.includes(this.current.value);
  }

  skipIf(type: 'name' | 'operator', value: string): boolean {
    const isThere = this.is(type, value);
    if (isThere) this.next();
    return isThere;
  }

  expect(type: 'name' | 'operator' | 'close', value: string): Token {
    if (!this.is(type, value)) throw this.unexpected(`expected "${value}"`);
    return this.next();
  }

  expectName(what: string): Token {
    if (this.current.type !== 'name') throw this.unexpected(`expected ${what}`);
    return this.next();
  }

  /** Counts a syntax node that starts at `at`, and returns `at`. */
  node(at: number): number {
    this.#nodes++;
    if (this.#nodes > MAX_NODES) {
      const limit = MAX_NODES.toLocaleString('en');
      throw this.error(`Cannot use the template: it has more than ${limit} parts, split it over columns`, at);
    }
    if (this.#nodes === MAX_SECURE_NODES + 1) this.refuse(`more than ${MAX_SECURE_NODES} parts`, at);
    return at;
  }

  /** Notes, once, what Data Designer's secure engine would not take. */
  refuse(what: string, at: number, level: Refusal['level'] = 'error'): void {
    if (!this.refusals.some((other) => other.what === what)) this.refusals.push({ at, what, level });
  }

  /** Runs a parse function one level further in. */
  nested<Result>(parse: () => Result): Result {
    if (++this.#nesting > MAX_NESTING)
      throw this.error('Cannot use the template: it is nested too deeply', this.current.at);
    const result = parse();
    this.#nesting--;
    return result;
  }

  unexpected(expected: string): TemplateSyntaxError {
    const { type, value, at } = this.current;
    const found = type === 'end' ? 'end of the template' : type === 'text' ? 'text' : `"${value}"`;
    return this.error(`Cannot read the template: unexpected ${found}, ${expected}`, at);
  }

  error(message: string, at: number): TemplateSyntaxError {
    return new TemplateSyntaxError(message, placeOf(this.#source, at));
  }
}
