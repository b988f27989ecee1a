// Seed files of comma-separated values: RFC 4180 with a header. Where the header has no comma, semicolons, tabs or bars
// separate. Cells are text, an empty one is null. Blank lines are no rows.

import { pipeline, Readable } from 'node:stream';
import { CsvError, type Options, parse as parseStream } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { ValueObject } from '../../values.ts';
import { BlockBuilder, type ScanFile, type ScanListener } from './seed-file.ts';
import { findTextStart, readHead, readUtf8 } from './utf8.ts';

const DELIMITERS = [',', ';', '\t', '|'];
const HEADER_BYTES = 64 * 1024;

const PROBLEMS: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'has a quoted cell that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote: inside a quoted cell a quote is written twice',
  INVALID_OPENING_QUOTE:
    'has a quote inside a cell that is not quoted: quote the cell and write the quote twice',
};

interface ParsedRecord {
  readonly record: readonly string[];
  /** Both count up to the end of the record. */
  readonly info: { readonly bytes: number; readonly lines: number };
}

export const scanCsv: ScanFile = async (file, listener) => {
  const start = await findTextStart(file);
  const options = await findOptions(file);
  const parser = parseStream({ ...options, info: true });
  // The loop below throws what goes wrong in the pipeline.
  pipeline(Readable.from(readUtf8(file, { start })), parser, () => {});
  let header: readonly string[] = [];
  const blocks = new BlockBuilder();
  let end = start;
  let line = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      const recordStart = end;
      end = start + info.bytes;
      line = info.lines;
      if (header.length === 0) {
        header = record;
        checkHeader(header, listener);
      } else if (record.length === header.length) {
        listener.onRow(rowOf(header, record));
        blocks.add(recordStart, end);
      } else {
        const cells = record.length === 1 ? '1 cell' : `${record.length} cells`;
        listener.onProblem(`has ${cells} where the header has ${header.length}`, line - newlinesIn(record));
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = PROBLEMS[error.code];
    if (problem === undefined) throw error;
    // An open quote is noticed at the end of the file; the record after the last whole one opens it.
    listener.onProblem(problem, error.code === 'CSV_QUOTE_NOT_CLOSED' ? line + 1 : Number(error.lines));
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
  const head = (await readHead(file, HEADER_BYTES)).toString('utf8');
  const firstLine = head.split('\n', 1)[0]!;
  return {
    delimiter: DELIMITERS.find((delimiter) => firstLine.includes(delimiter)) ?? ',',
    record_delimiter: ['\r\n', '\n'],
    // Rows of another length are told of with their line.
    relax_column_count: true,
    skip_empty_lines: true,
  };
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

function newlinesIn(record: readonly string[]): number {
  return record.join('').split('\n').length - 1;
}
