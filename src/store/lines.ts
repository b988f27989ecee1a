// The line format of parts and settled files: eight hex digits CRC-32 of the JSON's bytes, a space, the JSON, a newline.
// A record's `value` is its last field, so that only values with numbers or structure need the lossless parser: the
// native one is ten times as fast.

import { crc32 } from 'node:zlib';
import { formatJson, parseJson, type Value } from '../values.ts';

/** Unescaped quotes cannot stand inside a JSON text, so its first occurrence is the record's own field. */
const VALUE_FIELD = ',"value":';
const CRC_LENGTH = 8;
const NEWLINE = 0x0a;

/** The text of a record; `head` holds no number that is a cell's value. */
export function formatRecord({ value, ...head }: { readonly value: Value }): string {
  return `${JSON.stringify(head).slice(0, -1)}${VALUE_FIELD}${formatValue(value)}}`;
}

/** Whether a line's text is a record; the other lines are headers. */
export function isRecord(text: string): boolean {
  return text.includes(VALUE_FIELD);
}

/** Reads what {@link formatRecord} wrote. Throws `SyntaxError`. */
export function parseRecord(text: string): { readonly value: Value } & { readonly [field: string]: unknown } {
  const record = JSON.parse(text) as { value: unknown };
  const mayHaveNumbers = typeof record.value === 'number' || typeof record.value === 'object';
  const value = mayHaveNumbers
    ? parseJson(text.slice(text.indexOf(VALUE_FIELD) + VALUE_FIELD.length, -1))
    : record.value;
  return { ...record, value: value as Value };
}

export function formatLine(json: string): string {
  return `${crc32(json).toString(16).padStart(CRC_LENGTH, '0')} ${json}\n`;
}

export interface Lines {
  /** The JSON texts of the whole lines, in order. */
  readonly texts: readonly string[];
  /** Lines that are not what was written, the last one aside. */
  readonly damaged: number;
  /** The last line is not whole: its writer was killed, or is still writing. */
  readonly isTorn: boolean;
}

/** Reads the whole lines of a file. A line is whole if its CRC is right. */
export function readLines(bytes: Buffer): Lines {
  const texts: string[] = [];
  let damaged = 0;
  let isTorn = false;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const text = readLine(bytes.subarray(start, end));
    start = end + 1;
    if (text !== undefined) texts.push(text);
    else if (start >= bytes.length) isTorn = true;
    else damaged += 1;
  }
  return { texts, damaged, isTorn };
}

function readLine(line: Buffer): string | undefined {
  if (line.length <= CRC_LENGTH + 1) return undefined;
  const json = line.subarray(CRC_LENGTH + 1);
  const crc = crc32(json).toString(16).padStart(CRC_LENGTH, '0');
  return line.toString('latin1', 0, CRC_LENGTH + 1) === `${crc} ` ? json.toString('utf8') : undefined;
}

function formatValue(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value) : formatJson(value);
}
