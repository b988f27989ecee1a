// Text of separated values, byte by byte: RFC 4180, strictly. What is no cell of such a text is a problem with its line,
// never bent: readers that guess, DuckDB among them, join rows and drop quotes.
//
//   C1. A row ends at LF or CR LF; in a text without LF at CR. Blank lines are no rows.
//   C2. A quote opens a cell as its first character only; inside it is written twice, and nothing follows the closing one.
//   C3. A row comes out as JSON, cells as text as it was written, an empty one null: a list of the cells, or an object once
//       the columns have names. So a gigabyte becomes lines without a JavaScript text for each cell.

import { kindOfBytes, type SimpleKind } from './cell-bytes.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
/** One that is never closed would make a single row of the rest of the file. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;
const FIRST_BYTES = 64 * 1024;
/** What one byte of text becomes in JSON text at most. */
const MAX_ESCAPE = 6;

const NULL = Buffer.from('null');
const LIST = { before: Buffer.from('['), between: Buffer.from(','), after: Buffer.from(']') };
const CLOSE = Buffer.from('}');

export const CSV_PROBLEMS = {
  afterQuote: 'has text after a closing quote: inside a quoted cell a quote is written twice',
  bareQuote: 'has a quote inside a cell that is not quoted: quote the cell and write the quote twice',
  open: 'has a quoted cell that is never closed',
  long: `has a row of more than ${MAX_ROW_BYTES / 1024 / 1024} MB: a quote may not be closed`,
} as const;

export interface CsvOptions {
  /** One byte. */
  readonly delimiter: number;
  /** Rows end at CR. */
  readonly isCr: boolean;
}

export interface CsvListener {
  /** A row as JSON, whose bytes are used again. `cells` says how many it has, `line` where it starts. */
  onRow(json: Buffer, row: { readonly cells: number; readonly line: number }): void;
  /** A cell that is not empty, of a column that is watched: its kind where that is plain, else null and its text. */
  onCell?(column: number, kind: SimpleKind | null, text: string): void;
}

/** What is wrong with the text from here on. */
export class CsvSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const ESCAPES = Array.from({ length: 128 }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
);
/** Bytes that JSON text escapes. */
const NOT_COPIED = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte < 128 && ESCAPES[byte]!.length > 1),
);

/** Where the next byte stands: `quote` and `cr` come after one that may be the last of its cell. */
type State = 'row' | 'cell' | 'bare' | 'quoted' | 'quote' | 'cr' | 'quoteCr';

export class CsvScanner {
  /** Of each column that has a name how many rows have something in it. */
  readonly filledCells: number[] = [];
  readonly #listener: CsvListener;
  readonly #delimiter: number;
  readonly #end: number;
  readonly #inBare: Uint8Array;
  #before: readonly Buffer[] = [];
  #after = LIST.after;
  #watched: readonly boolean[] = [];
  #state: State = 'row';
  /** The row so far, as JSON. */
  #out = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #cells = 0;
  #cellStart = 0;
  #line = 1;
  #rowLine = 1;

  constructor(listener: CsvListener, { delimiter, isCr }: CsvOptions) {
    this.#listener = listener;
    this.#delimiter = delimiter;
    this.#end = isCr ? CR : LF;
    this.#inBare = NOT_COPIED.slice();
    this.#inBare[delimiter] = 1;
  }

  /** Rows from the next one on are objects. Cells are told of those `watched`, a list that the caller may change. */
  nameColumns(names: readonly string[], watched: readonly boolean[]): void {
    this.filledCells.push(...names.map(() => 0));
    this.#before = names.map((name, index) =>
      Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    );
    this.#after = CLOSE;
    this.#watched = watched;
  }

  /** Takes the next bytes. Throws `CsvSyntaxError`. */
  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) at = this.#step(chunk, at);
  }

  /** Takes the end. Throws `CsvSyntaxError`. */
  finish(): void {
    if (this.#state === 'quoted') throw new CsvSyntaxError(CSV_PROBLEMS.open, this.#rowLine);
    if (this.#state === 'quoteCr') throw new CsvSyntaxError(CSV_PROBLEMS.afterQuote, this.#line);
    if (this.#state === 'cr') this.#escape(CR);
    if (this.#state === 'cell') this.#startCell();
    if (this.#state !== 'row') this.#endRow();
  }

  /** Takes bytes that mean one thing, and gives the place after them. */
  #step(chunk: Buffer, at: number): number {
    const byte = chunk[at]!;
    switch (this.#state) {
      case 'row':
        // The LF of a CR LF in a text whose rows end at CR.
        if (byte === LF && this.#end === CR) return at + 1;
        this.#rowLine = this.#line;
        this.#state = 'cell';
        return at;
      case 'cell':
        this.#startCell();
        this.#state = byte === QUOTE ? 'quoted' : 'bare';
        return byte === QUOTE ? at + 1 : at;
      case 'bare':
        return this.#bare(chunk, at);
      case 'quoted':
        return this.#quoted(chunk, at);
      case 'quote':
        if (byte === QUOTE) {
          this.#escape(QUOTE);
          this.#state = 'quoted';
        } else if (byte === this.#delimiter) this.#endCell();
        else if (byte === this.#end) this.#endRow();
        else if (byte === CR) this.#state = 'quoteCr';
        else throw new CsvSyntaxError(CSV_PROBLEMS.afterQuote, this.#line);
        return at + 1;
      case 'cr':
        if (byte === LF) {
          this.#endRow();
          return at + 1;
        }
        // A CR before anything else is part of its cell.
        this.#escape(CR);
        this.#state = 'bare';
        return at;
      case 'quoteCr':
        if (byte !== LF) throw new CsvSyntaxError(CSV_PROBLEMS.afterQuote, this.#line);
        this.#endRow();
        return at + 1;
    }
  }

  #bare(chunk: Buffer, start: number): number {
    const at = this.#copy(chunk, start, this.#inBare);
    if (at === chunk.length) return at;
    const byte = chunk[at]!;
    if (byte === this.#delimiter) this.#endCell();
    else if (byte === this.#end) this.#endRow();
    else if (byte === CR) this.#state = 'cr';
    else if (byte === QUOTE) throw new CsvSyntaxError(CSV_PROBLEMS.bareQuote, this.#line);
    else this.#escape(byte);
    return at + 1;
  }

  #quoted(chunk: Buffer, start: number): number {
    const at = this.#copy(chunk, start, NOT_COPIED);
    if (at === chunk.length) return at;
    const byte = chunk[at]!;
    if (byte === QUOTE) this.#state = 'quote';
    else {
      if (byte === this.#end) this.#line += 1;
      this.#escape(byte);
    }
    return at + 1;
  }

  /** Copies up to the first byte that is not to be copied, and gives its place. */
  #copy(chunk: Buffer, start: number, isNotCopied: Uint8Array): number {
    this.#makeRoom(chunk.length - start);
    const out = this.#out;
    let length = this.#length;
    let at = start;
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (isNotCopied[byte] === 1) break;
      out[length++] = byte;
    }
    this.#length = length;
    return at;
  }

  #escape(byte: number): void {
    this.#makeRoom(MAX_ESCAPE);
    this.#put(ESCAPES[byte]!);
  }

  #startCell(): void {
    const before = this.#before[this.#cells] ?? (this.#cells === 0 ? LIST.before : LIST.between);
    this.#makeRoom(before.length + NULL.length);
    this.#put(before);
    this.#out[this.#length++] = QUOTE;
    this.#cellStart = this.#length;
  }

  #endCell(): void {
    this.#makeRoom(NULL.length);
    if (this.#length === this.#cellStart) {
      this.#length -= 1;
      this.#put(NULL);
    } else {
      if (this.#watched[this.#cells] === true) this.#tellCell();
      this.#out[this.#length++] = QUOTE;
      if (this.#cells < this.filledCells.length) this.filledCells[this.#cells]! += 1;
    }
    this.#cells += 1;
    this.#state = 'cell';
  }

  #tellCell(): void {
    const [start, end] = [this.#cellStart, this.#length];
    const kind = kindOfBytes(this.#out, start, end);
    // The text of a cell is JSON text between its quotes.
    const text = kind === null ? JSON.parse(`"${this.#out.toString('utf8', start, end)}"`) : '';
    this.#listener.onCell?.(this.#cells, kind, text);
  }

  #endRow(): void {
    const isBlank = this.#cells === 0 && this.#state !== 'quote' && this.#state !== 'quoteCr';
    if (!(isBlank && this.#length === this.#cellStart)) {
      this.#endCell();
      this.#makeRoom(1);
      this.#put(this.#after);
      const row = { cells: this.#cells, line: this.#rowLine };
      this.#listener.onRow(this.#out.subarray(0, this.#length), row);
    }
    this.#cells = 0;
    this.#length = 0;
    this.#line += 1;
    this.#state = 'row';
  }

  #put(bytes: Buffer): void {
    for (let index = 0; index < bytes.length; index++) this.#out[this.#length++] = bytes[index]!;
  }

  #makeRoom(more: number): void {
    const size = this.#length + more + 1;
    if (size <= this.#out.length) return;
    if (this.#length > MAX_ROW_BYTES) throw new CsvSyntaxError(CSV_PROBLEMS.long, this.#rowLine);
    const larger = Buffer.allocUnsafe(2 * size);
    this.#out.copy(larger, 0, 0, this.#length);
    this.#out = larger;
  }
}
