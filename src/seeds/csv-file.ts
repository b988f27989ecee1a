// Seed files of separated values, with a header. What separates cells, a comma, semicolon, tab or bar, is told from the
// first rows; in a file that is called .tsv it is the tab. Cells are text, an empty one is null.

import { plural } from '../text/plural.ts';
import { type CsvOptions, CsvScanner, CsvSyntaxError } from './csv-scanner.ts';
import type { RowSink, ScanFile } from './seed-file.ts';
import type { TypeObserver } from './seed-types.ts';
import { plainName, readText } from './text-file.ts';

const [COMMA, SEMICOLON, TAB, BAR] = [0x2c, 0x3b, 0x09, 0x7c] as const;
const NEWLINE = 0x0a;
/** What the delimiter is told from. */
const HEAD_BYTES = 64 * 1024;
const HEAD_ROWS = 100;

export const scanCsv: ScanFile = async (file, sink) => {
  const delimiters = /\.tsv$/i.test(plainName(file)) ? [TAB] : [COMMA, SEMICOLON, TAB, BAR];
  const reader = new CsvReader(delimiters, sink);
  try {
    for await (const chunk of readText(file)) {
      reader.write(chunk);
      await sink.drain();
    }
    reader.finish();
  } catch (error) {
    if (!(error instanceof CsvSyntaxError)) throw error;
    sink.addProblem(error.message, error.line);
  }
  return reader.header;
};

class CsvReader {
  header: readonly string[] = [];
  readonly #delimiters: readonly number[];
  readonly #sink: RowSink;
  #head: Buffer[] = [];
  #scanner: CsvScanner | undefined;
  #observers: readonly TypeObserver[] = [];
  /** Of each column whether it may still be something else than text. */
  #watched: boolean[] = [];

  constructor(delimiters: readonly number[], sink: RowSink) {
    this.#delimiters = delimiters;
    this.#sink = sink;
  }

  write(chunk: Buffer): void {
    if (this.#scanner !== undefined) {
      this.#scanner.write(chunk);
      return;
    }
    this.#head.push(chunk);
    if (this.#head.reduce((bytes, { length }) => bytes + length, 0) >= HEAD_BYTES) this.#start();
  }

  finish(): void {
    this.#start();
    this.#scanner?.finish();
    for (const [index, name] of this.header.entries()) {
      this.#sink.addFilled(name, this.#scanner?.filledCells[index] ?? 0);
    }
  }

  #start(): void {
    if (this.#scanner !== undefined) return;
    const head = Buffer.concat(this.#head);
    this.#head = [];
    const options = optionsOf(head.subarray(0, HEAD_BYTES), this.#delimiters);
    this.#scanner = new CsvScanner(
      {
        onRow: (json, row) => this.#takeRow(json, row),
        onCell: (column, kind, text) => {
          const observer = this.#observers[column]!;
          if (kind === null) observer.observeText(text);
          else observer.observeKind(kind);
          if (observer.isText) this.#watched[column] = false;
        },
      },
      options,
    );
    this.#scanner.write(head);
  }

  #takeRow(json: Buffer, { cells, line }: { readonly cells: number; readonly line: number }): void {
    const expected = this.header.length;
    if (expected === 0) this.#takeHeader(json);
    else if (cells === expected) this.#sink.addLine(json);
    else this.#sink.addProblem(`has ${plural(cells, 'cell')} where the header has ${expected}`, line);
  }

  #takeHeader(json: Buffer): void {
    const names: readonly (string | null)[] = JSON.parse(json.toString('utf8'));
    this.header = names.map((name) => name ?? '');
    const seen = new Set<string>();
    for (const [index, name] of this.header.entries()) {
      if (name === '') this.#sink.addProblem(`has no name for column ${index + 1} in its header`, 1);
      else if (seen.has(name)) this.#sink.addProblem(`has column "${name}" twice in its header`, 1);
      seen.add(name);
    }
    this.#observers = this.header.map((name) => this.#sink.observerOf(name));
    this.#watched = this.#observers.map(({ isText }) => !isText);
    this.#scanner!.nameColumns(this.header, this.#watched);
  }
}

/** The delimiter that gives the most of the first rows as many cells as the header; of several the one with the most columns. */
function optionsOf(head: Buffer, delimiters: readonly number[]): CsvOptions {
  const isCr = !head.includes(NEWLINE);
  const fits = delimiters.map((delimiter) => ({ delimiter, ...fitOf(head, { delimiter, isCr }) }));
  const [best] = fits.sort((left, right) => right.share - left.share || right.columns - left.columns);
  return { delimiter: best!.delimiter, isCr };
}

function fitOf(head: Buffer, options: CsvOptions): { readonly columns: number; readonly share: number } {
  const lengths: number[] = [];
  const scanner = new CsvScanner({ onRow: (_, { cells }) => void lengths.push(cells) }, options);
  try {
    scanner.write(head);
    if (head.length < HEAD_BYTES) scanner.finish();
  } catch (error) {
    // The rows before it count: a wrong delimiter fails at once.
    if (!(error instanceof CsvSyntaxError)) throw error;
  }
  const [columns = 0, ...rows] = lengths.slice(0, HEAD_ROWS);
  const fitting = rows.filter((length) => length === columns).length;
  return { columns, share: columns < 2 ? -1 : rows.length === 0 ? 1 : fitting / rows.length };
}
