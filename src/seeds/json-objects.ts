// JSON text cut into its objects, with the bytes and the line where each stands.
import { findOwn } from '../own-keys.ts';

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const WHITE_SPACE = [0x09, 0x0a, 0x0d, 0x20];

/** A piece of JSON text: `start` and `end` are bytes of the file. */
export interface JsonPiece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
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

/** The lines of a JSON Lines file that are not blank. `start` is the first chunk's place in the file. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>, start: number): AsyncGenerator<JsonPiece> {
  let rest: Buffer = Buffer.alloc(0);
  let at = start;
  let line = 1;
  const pieceOf = (bytes: Buffer) => ({
    text: bytes.toString('utf8').trim(),
    start: at,
    end: at + bytes.length,
    line,
  });
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE, from)) {
      const piece = pieceOf(rest.subarray(from, end + 1));
      if (piece.text !== '') yield piece;
      at = piece.end;
      from = end + 1;
      line += 1;
    }
    rest = rest.subarray(from);
  }
  const piece = pieceOf(rest);
  if (piece.text !== '') yield piece;
}

/**
 * The objects of a JSON file: those of one list, or objects one after the other. With `isInside` the bytes are a part of
 * a file that was cut before. Throws `JsonSyntaxError` for anything else.
 */
export async function* jsonObjects(
  chunks: AsyncIterable<Buffer>,
  { start, isInside }: { readonly start: number; readonly isInside: boolean },
): AsyncGenerator<JsonPiece> {
  const scanner = new ObjectScanner(isInside ? 'inside' : 'start');
  let rest: Buffer = Buffer.alloc(0);
  let restStart = start;
  let open: { readonly start: number; readonly line: number } | null = null;
  for await (const chunk of chunks) {
    const seen = rest.length;
    rest = Buffer.concat([rest, chunk]);
    for (let index = seen; index < rest.length; index++) {
      const event = scanner.next(rest[index]!);
      if (event === 'open') open = { start: restStart + index, line: scanner.line };
      if (event !== 'close' || open === null) continue;
      const text = rest.toString('utf8', open.start - restStart, index + 1);
      yield { ...open, text, end: restStart + index + 1 };
      open = null;
    }
    const kept = open === null ? rest.length : open.start - restStart;
    rest = rest.subarray(kept);
    restStart += kept;
  }
  if (open !== null) throw new JsonSyntaxError('has an object here that is never closed', open.line);
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
  inside: { '{': 'inside', ',': 'inside', ']': 'inside' },
} as const;
type State = keyof typeof STATES;

class ObjectScanner {
  line = 1;
  #state: State;
  #depth = 0;
  #isText = false;
  #isEscaped = false;

  constructor(state: State) {
    this.#state = state;
  }

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
  inside: 'an object',
};

function describe(byte: number): string {
  if (byte === QUOTE) return 'a text';
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : 'something else';
}
