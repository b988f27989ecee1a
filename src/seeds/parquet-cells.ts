// The cells of Parquet columns as values, by the schema of the file.

import { isUtf8 } from 'node:buffer';
import type { ParquetParsers, SchemaElement, SchemaTree } from 'hyparquet';
import { isListLike, isMapLike } from 'hyparquet/src/schema.js';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { formatDate } from '../text/strftime.ts';
import type { Value } from '../values.ts';
import { parseSeedJson } from './json-file.ts';

/** How one column, or a part of it, is read. */
export interface CellReader {
  readonly type: ColumnType;
  /** Never called with null. */
  readonly read: (plain: unknown) => Value;
}

const DAY_MS = 86_400_000;
const NANOS_A_SECOND = 1_000_000_000n;

/** What a file holds and no dataset can; the message follows the file's name. */
export class ParquetProblem extends Error {}

/** Times stay whole nanoseconds until the schema tells whether they are UTC; bytes stay bytes unless they are text. */
export const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => BigInt(millis) * 1_000_000n,
  timestampFromMicroseconds: (micros) => BigInt(micros) * 1_000n,
  timestampFromNanoseconds: (nanos) => BigInt(nanos),
  dateFromDays: (days) => days,
  stringFromBytes: (bytes) =>
    bytes && (isUtf8(bytes) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : bytes),
  jsonFromBytes: (bytes) => bytes,
  geometryFromBytes: (bytes) => bytes,
  geographyFromBytes: (bytes) => bytes,
};

const TEXT: ColumnType = { kind: 'text' };
const JSON_TEXT: ColumnType = { kind: 'json' };

/** Throws `ParquetProblem` for a kind of column that has no value. */
export function cellReaderOf(tree: SchemaTree): CellReader {
  if (isListLike(tree)) {
    const repeated = tree.children[0]!;
    return listReader(
      repeated.children.length === 1 ? cellReaderOf(repeated.children[0]!) : fieldReader(repeated),
    );
  }
  if (isMapLike(tree))
    return mapReader(
      cellReaderOf(tree.children[0]!.children.find(({ element }) => element.name === 'value')!),
    );
  const reader = fieldReader(tree);
  return tree.element.repetition_type === 'REPEATED' ? listReader(reader) : reader;
}

/** Reads a column as if it were not repeated. */
function fieldReader(tree: SchemaTree): CellReader {
  return tree.children.length === 0 ? leafReader(tree) : structReader(tree);
}

function listReader(item: CellReader): CellReader {
  return {
    type: { kind: 'list', item: item.type },
    read: (plain) => Array.from(plain as ArrayLike<unknown>, (entry) => readCell(item, entry)),
  };
}

function mapReader(value: CellReader): CellReader {
  return {
    type: JSON_TEXT,
    read: (plain) =>
      Object.fromEntries(
        Object.entries(plain as object).map(([key, entry]) => [key, readCell(value, entry)]),
      ),
  };
}

function structReader(tree: SchemaTree): CellReader {
  const fields = tree.children.map((child) => ({ name: child.element.name, reader: cellReaderOf(child) }));
  // hyparquet would make it the prototype of the object.
  if (fields.some(({ name }) => name === '__proto__'))
    throw new ParquetProblem(`has a field "__proto__" in column "${tree.path.join('.')}", which is no name`);
  if (tree.element.logical_type?.type === 'VARIANT') throw unreadable(tree);
  return {
    type: { kind: 'struct', fields: fields.map(({ name, reader }) => ({ name, type: reader.type })) },
    read: (plain) =>
      Object.fromEntries(
        fields.map(({ name, reader }) => [
          name,
          readCell(reader, findOwn(plain as { [field: string]: unknown }, name)),
        ]),
      ),
  };
}

/** A cell that may be null. */
export function readCell(reader: CellReader, plain: unknown): Value {
  return plain === null || plain === undefined ? null : reader.read(plain);
}

export function isDecimal({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === 'DECIMAL' || logical?.type === 'DECIMAL';
}

function leafReader(tree: SchemaTree): CellReader {
  const { element } = tree;
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === 'JSON' || logical?.type === 'JSON')
    return { type: JSON_TEXT, read: (plain) => jsonOf(textOf(plain, tree), tree) };
  if (isDecimal(element)) {
    const scale = element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0);
    return {
      type: { kind: scale === 0 ? 'int' : 'float' },
      read: (plain) => (scale === 0 ? unscaledOf(plain) : Number(`${unscaledOf(plain)}e${-scale}`)),
    };
  }
  if (converted === 'DATE' || logical?.type === 'DATE') {
    return { type: TEXT, read: (plain) => dateText((plain as number) * DAY_MS, '%Y-%m-%d') };
  }
  if (logical?.type === 'TIME' || converted === 'TIME_MILLIS' || converted === 'TIME_MICROS') {
    const unit = logical?.type === 'TIME' ? logical.unit : converted === 'TIME_MILLIS' ? 'MILLIS' : 'MICROS';
    return {
      type: TEXT,
      read: (plain) => timeText(BigInt(plain as number) * NANOS_A_UNIT[unit], '%H:%M:%S'),
    };
  }
  if (
    logical?.type === 'TIMESTAMP' ||
    converted === 'TIMESTAMP_MILLIS' ||
    converted === 'TIMESTAMP_MICROS' ||
    type === 'INT96'
  ) {
    const zone = logical?.type === 'TIMESTAMP' && logical.isAdjustedToUTC ? '+00:00' : '';
    return { type: TEXT, read: (plain) => timeText(plain as bigint, '%Y-%m-%dT%H:%M:%S') + zone };
  }
  switch (type) {
    case 'BOOLEAN':
      return { type: { kind: 'bool' }, read: (plain) => plain as boolean };
    case 'INT32':
    case 'INT64':
      return { type: { kind: 'int' }, read: (plain) => BigInt(plain as number) };
    case 'FLOAT':
    case 'DOUBLE':
      return {
        type: { kind: 'float' },
        read: (plain) => (Number.isFinite(plain) ? (plain as number) : null),
      };
    case 'BYTE_ARRAY':
      if (converted === 'BSON' || logical?.type === 'BSON') throw unreadable(tree);
      return { type: TEXT, read: (plain) => textOf(plain, tree) };
    default:
  }
  if (logical?.type === 'UUID') return { type: TEXT, read: (plain) => String(plain) };
  if (logical?.type === 'FLOAT16') {
    return { type: { kind: 'float' }, read: (plain) => (Number.isFinite(plain) ? (plain as number) : null) };
  }
  throw unreadable(tree);
}

function unreadable({ path }: SchemaTree): ParquetProblem {
  const name = JSON.stringify(path.join('.'));
  return new ParquetProblem(
    `has bytes in column ${name} that are no text: leave the column out, or write text, such as the path of a file`,
  );
}

/** Text that is UTF-8, annotated as such or not. */
function textOf(plain: unknown, tree: SchemaTree): string {
  const bytes = plain instanceof Uint8Array ? plain : null;
  if (bytes !== null && !isUtf8(bytes)) throw unreadable(tree);
  return bytes === null ? String(plain) : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function jsonOf(text: string, { path }: SchemaTree): Value {
  try {
    return parseSeedJson(text);
  } catch (error) {
    throw new ParquetProblem(
      `has text in column "${path.join('.')}" that is not JSON: ${(error as Error).message}`,
    );
  }
}

/** The whole number that a decimal is stored as: of bytes, the highest first. */
function unscaledOf(plain: unknown): bigint {
  if (!(plain instanceof Uint8Array)) return BigInt(plain as number);
  return BigInt.asIntN(8 * plain.length, BigInt(`0x${Buffer.from(plain).toString('hex') || '0'}`));
}

function dateText(time: number, pattern: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw new ParquetProblem('has a time beyond the year 275760');
  return formatDate(date, pattern);
}

const NANOS_A_UNIT = { MILLIS: 1_000_000n, MICROS: 1_000n, NANOS: 1n };

/** ISO text, with six digits of a second where it is not whole, as Python prints it. */
function timeText(nanos: bigint, pattern: string): string {
  const rest = ((nanos % NANOS_A_SECOND) + NANOS_A_SECOND) % NANOS_A_SECOND;
  const text = dateText(Number((nanos - rest) / 1_000_000n), pattern);
  const micros = rest / 1_000n;
  return micros === 0n ? text : `${text}.${micros.toString().padStart(6, '0')}`;
}
