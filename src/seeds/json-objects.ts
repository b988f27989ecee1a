// JSON text cut into its objects, with the line where each stands.

import { findOwn } from '../own-keys.ts';

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const WHITE_SPACE = [0x09, 0x0a, 0x0d, 0x20];

export interface JsonPiece {
  readonly text: string;
  readonly line: number;
}

/** What stands where no object can be cut out. */
export class JsonSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** The lines of a JSON Lines file that are not blank. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonPiece> {
  /** The start of a line that goes on. */
  let rest: Buffer[] = [];
  let line = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const text = textOf([...rest, chunk.subarray(from, end)]);
      if (text !== '') yield { text, line };
      rest = [];
      from = end + 1;
      line += 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  const text = textOf(rest);
  if (text !== '') yield { text, line };
}

function textOf(bytes: readonly Buffer[]): string {
  const all = bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes);
  return all.toString('utf8').trim();
}

/** The objects of a JSON file: those of one list, or objects one after the other. Throws `JsonSyntaxError` for anything else. */
export async function* jsonObjects(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonPiece> {
  const scanner = new ObjectScanner();
  /** The start of an object that goes on, and its line. */
  let rest: Buffer[] = [];
  let open: number | null = null;
  for await (const chunk of chunks) {
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const event = scanner.next(chunk[index]!);
      if (event === 'open') {
        open = scanner.line;
        from = index;
      }
      if (event !== 'close') continue;
      yield { text: textOf([...rest, chunk.subarray(from, index + 1)]), line: open! };
      rest = [];
      open = null;
    }
    if (open !== null) rest.push(chunk.subarray(from));
  }
  if (open !== null) throw new JsonSyntaxError('has an object here that is never closed', open);
  if (!scanner.isAtEnd) throw new JsonSyntaxError('has a list that is never closed', scanner.line);
}

/** Where a scanner stands between objects; of each state the bytes that may come, and what follows. */
const STATES = {
  start: { '{': 'row', '[': 'list' },
  row: { '{': 'row' },
  list: { '{': 'item', ']': 'closed' },
  item: { ',': 'comma', ']': 'closed' },
  comma: { '{': 'item' },
  closed: {},
} as const;
type State = keyof typeof STATES;

class ObjectScanner {
  line = 1;
  #state: State = 'start';
  #depth = 0;
  #isText = false;
  #isEscaped = false;

  get isAtEnd(): boolean {
    return !['list', 'item', 'comma'].includes(this.#state);
  }

  /** Takes the next byte: `open` and `close` are the first and the last of an object. */
  next(byte: number): 'open' | 'close' | null {
    if (byte === NEWLINE) this.line += 1;
    return this.#depth === 0 ? this.#nextOutside(byte) : this.#nextInObject(byte);
  }

  #nextOutside(byte: number): 'open' | null {
    if (WHITE_SPACE.includes(byte)) return null;
    const moves: { readonly [character: string]: State } = STATES[this.#state];
    const state = findOwn(moves, String.fromCharCode(byte));
    if (state === undefined)
      throw new JsonSyntaxError(`has ${describe(byte)} where ${EXPECTED[this.#state]} should be`, this.line);
    this.#state = state;
    if (byte !== OPEN_OBJECT) return null;
    this.#depth = 1;
    return 'open';
  }

  #nextInObject(byte: number): 'close' | null {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#isText) {
      if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isText = false;
    } else if (byte === QUOTE) this.#isText = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      this.#depth -= 1;
      if (this.#depth === 0) return 'close';
    }
    return null;
  }
}

const EXPECTED: { readonly [Name in State]: string } = {
  start: 'a list or an object',
  row: 'an object',
  list: 'an object',
  item: 'a comma or the end of the list',
  comma: 'an object',
  closed: 'the end of the file',
};

function describe(byte: number): string {
  if (byte === QUOTE) return 'a text';
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : 'something else';
}
