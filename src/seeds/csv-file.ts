// Seed files of comma-separated values: RFC 4180 with a header. What separates cells, a comma, semicolon, tab or bar, is
// told from the first rows. Cells are text, an empty one is null. Blank lines are no rows.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, type InfoRecord, type Options, parse as parseStream } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { plural } from '../text/plural.ts';
import type { ValueObject } from '../values.ts';
import { BlockBuilder, type ScanFile, type ScanListener } from './seed-file.ts';
import { findTextStart, readHead, readUtf8 } from './utf8.ts';

const DELIMITERS = [',', ';', '\t', '|'];
/** What the delimiter is told from. */
const HEAD_BYTES = 64 * 1024;
const HEAD_ROWS = 100;

const PROBLEMS: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'has a quoted cell that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote: inside a quoted cell a quote is written twice',
  INVALID_OPENING_QUOTE:
    'has a quote inside a cell that is not quoted: quote the cell and write the quote twice',
};

export const scanCsv: ScanFile = async (file, listener) => {
  const start = await findTextStart(file);
  const options = await findOptions(file);
  const blocks = new BlockBuilder();
  const lines = new LineCounter();
  let header: readonly string[] = [];
  let end = start;

  function onRecord(record: readonly string[], info: InfoRecord): null {
    const recordStart = end;
    const line = lines.add(record, info);
    end = start + info.bytes;
    if (header.length === 0) {
      header = record;
      checkHeader(header, listener);
    } else if (record.length === header.length) {
      listener.onRow(rowOf(header, record));
      blocks.add(recordStart, end);
    } else {
      const cells = plural(record.length, 'cell');
      listener.onProblem(`has ${cells} where the header has ${header.length}`, line);
    }
    return null;
  }

  // A callback hears of each record before an error; from the stream an error takes those away that wait there.
  const parser = parseStream({ ...options, on_record: onRecord }).resume();
  try {
    await pipeline(Readable.from(readUtf8(file, { start })), parser);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = PROBLEMS[error.code];
    if (problem === undefined) throw error;
    // An open quote is noticed at the end of the file; the record after the last whole one opens it.
    const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED';
    listener.onProblem(problem, isOpen ? lines.next : lines.lineOf(Number(error.lines)));
  }
  return {
    columns: header,
    blocks: blocks.finish(),
    async readBlock(block) {
      const chunks: Buffer[] = [];
      for await (const chunk of readUtf8(file, block)) chunks.push(chunk);
      const records: string[][] = parse(Buffer.concat(chunks), options);
      return records.map((record) => rowOf(header, record));
    },
  };
};

async function findOptions(file: string): Promise<Options> {
  const bytes = await readHead(file, HEAD_BYTES);
  const head = bytes.toString('utf8').replace(/^\ufeff/, '');
  const options = {
    record_delimiter: head.includes('\n') ? ['\r\n', '\n'] : ['\r\n', '\r'],
    // Rows of another length are told of with their line.
    relax_column_count: true,
    skip_empty_lines: true,
  };
  const isWhole = bytes.length < HEAD_BYTES;
  const fits = DELIMITERS.map((delimiter) => ({
    delimiter,
    ...fitOf(head, { options: { ...options, delimiter }, isWhole }),
  }));
  const [best] = fits.sort((left, right) => right.share - left.share || right.columns - left.columns);
  return { ...options, delimiter: best!.delimiter };
}

/** How well options fit the first rows of a file: the share of them that have as many cells as the header. */
function fitOf(head: string, { options, isWhole }: { readonly options: Options; readonly isWhole: boolean }) {
  const lengths: number[] = [];
  const on_record = (record: readonly string[]) => {
    lengths.push(record.length);
    return null;
  };
  try {
    parse(head, { ...options, to: HEAD_ROWS, on_record });
  } catch (error) {
    // The rows before it count: the head may end inside a quoted cell, and a wrong delimiter fails at once.
    if (!(error instanceof CsvError)) throw error;
  }
  if (!isWhole && lengths.length < HEAD_ROWS) lengths.pop();
  const [columns = 0, ...rows] = lengths;
  const fitting = rows.filter((length) => length === columns).length;
  const share = columns < 2 ? -1 : rows.length === 0 ? 1 : fitting / rows.length;
  return { columns, share };
}

function checkHeader(header: readonly string[], listener: ScanListener): void {
  const seen = new Set<string>();
  for (const [index, name] of header.entries()) {
    if (name === '') listener.onProblem(`has no name for column ${index + 1} in its header`, 1);
    else if (seen.has(name)) listener.onProblem(`has column "${name}" twice in its header`, 1);
    seen.add(name);
  }
}

function rowOf(header: readonly string[], record: readonly string[]): ValueObject {
  return Object.fromEntries(header.map((column, index) => [column, record[index] || null]));
}

/** Lines of the file: csv-parse counts a line end of two characters inside a quoted cell as two. */
class LineCounter {
  /** The line after the last record. */
  next = 1;
  #counted = 0;
  #blank = 0;

  /** Takes a record and gives the line where it starts. */
  add(record: readonly string[], info: InfoRecord): number {
    const blankBefore = info.empty_lines - this.#blank;
    const line = this.next + blankBefore;
    const isOneLine = info.lines - this.#counted === blankBefore + 1;
    this.next = line + 1 + (isOneLine ? 0 : record.join('').split('\n').length - 1);
    this.#counted = info.lines;
    this.#blank = info.empty_lines;
    return line;
  }

  /** The line that csv-parse counts as `counted`, after the last record. */
  lineOf(counted: number): number {
    return counted - this.#counted + this.next - 1;
  }
}
