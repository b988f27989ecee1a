// Parquet files: one schema for the whole dataset, from the plan's column types, never from a batch.
//
//   text   UTF-8 text; a value of another kind is written as its JSON text
//   int    64 bits; a float without a fraction counts as a whole number
//   float  64 bits; whole numbers become floats
//   bool
//   json   the JSON text of any value
//   list, struct   nested; a struct without fields is JSON text; fields that the type does not name are left out
//
// Everything may be null. A value that does not fit its type drops its row (see `misfitOf`): it is never bent.
// The bytes are a function of types and values: no times, no ids, SNAPPY.

import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import { encodeNestedValues } from 'hyparquet-writer/src/dremel.js';
import { schemaPathResolver } from 'hyparquet-writer/src/schema.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { CellError } from '../errors.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import { shorten } from '../text/shorten.ts';
import {
  fitsInt64,
  formatJson,
  isValueList,
  isValueObject,
  type Value,
  type ValueObject,
} from '../values.ts';

export interface ParquetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

const MAGIC_LENGTH = 4;
const PAGE_BYTES = 1024 * 1024;

/** Encodes one file, row group by row group, each column by column. Runs in a worker thread: a column of 1,000 texts takes some milliseconds. */
export class ParquetEncoder {
  readonly #columns: readonly ParquetColumn[];
  #rowCount: number;
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  readonly #findPath: ReturnType<typeof schemaPathResolver>;
  #chunks: ReturnType<typeof writeColumn>[] = [];
  #written = 0;
  /** Where the row group starts in the file. */
  #start = MAGIC_LENGTH;

  constructor(columns: readonly ParquetColumn[], rowCount: number) {
    this.#columns = columns;
    this.#rowCount = rowCount;
    const schema = parquetSchema(columns);
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, codec: 'SNAPPY', createdBy: 'rowloom' });
    this.#findPath = schemaPathResolver(schema);
  }

  /** Encodes the next column; returns the file's next bytes. Throws `CellError` for a value that does not fit. */
  column(values: readonly Value[]): Uint8Array {
    const column = this.#columns[this.#written];
    if (column === undefined || values.length !== this.#rowCount) {
      throw new RangeError(`Cannot write ${values.length} values as column ${this.#written} of a file`);
    }
    this.#written += 1;
    const misfit = firstMisfit(values.map((value) => misfitOf(value, column.type)));
    if (misfit !== undefined) throw new CellError('TypeCastError', misfit);
    const stored = values.map((value) => storedValue(value, column.type));
    for (const path of leafPaths(this.#findPath([column.name]))) {
      const schemaPath = path.map(({ element }) => element);
      const element = schemaPath.at(-1) as SchemaElement;
      const chunk = writeColumn({
        writer: this.#bytes,
        column: {
          columnName: schemaPath
            .slice(1)
            .map(({ name }) => name)
            .join('.'),
          element,
          schemaPath,
          codec: 'SNAPPY',
          compressors: { SNAPPY: snappyCompress },
          stats: true,
          pageSize: PAGE_BYTES,
          columnIndex: false,
          offsetIndex: true,
        },
        pageData: encodeNestedValues(path, stored),
      });
      this.#chunks.push(chunk);
    }
    return this.#takeBytes();
  }

  /** Starts another row group after the last column of the one before. */
  nextRowGroup(rowCount: number): void {
    this.#endRowGroup();
    this.#rowCount = rowCount;
    this.#chunks = [];
    this.#written = 0;
    this.#start = this.#bytes.offset;
  }

  /** Ends the file after the last column of its last row group; returns its last bytes. */
  end(): Uint8Array {
    this.#endRowGroup();
    this.#writer.finish();
    return this.#takeBytes();
  }

  #endRowGroup(): void {
    const columns = this.#chunks.map(({ chunk }) => chunk);
    const total = columns.reduce(
      (sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n),
      0n,
    );
    this.#writer.row_groups.push({
      columns,
      total_byte_size: total,
      num_rows: BigInt(this.#rowCount),
      total_compressed_size: BigInt(this.#bytes.offset - this.#start),
    });
    this.#writer.num_rows += BigInt(this.#rowCount);
    this.#writer.pendingIndexes.push(...this.#chunks);
  }

  /** `offset` goes on: it counts from the start of the file. */
  #takeBytes(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}

type Path = ReturnType<ReturnType<typeof schemaPathResolver>>;

function leafPaths(path: Path): Path[] {
  const children = path.at(-1)?.children ?? [];
  return children.length === 0 ? [path] : children.flatMap((child) => leafPaths([...path, child]));
}

function parquetSchema(columns: readonly ParquetColumn[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, type }) => schemaOf(name, type)),
  ];
}

function schemaOf(name: string, type: ColumnType): SchemaElement[] {
  const repetition_type = 'OPTIONAL';
  switch (type.kind) {
    case 'int':
      return [{ name, repetition_type, type: 'INT64' }];
    case 'float':
      return [{ name, repetition_type, type: 'DOUBLE' }];
    case 'bool':
      return [{ name, repetition_type, type: 'BOOLEAN' }];
    case 'list':
      return [
        { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...schemaOf('element', type.item),
      ];
    case 'struct':
      if (type.fields.length === 0) return schemaOf(name, { kind: 'json' });
      return [
        { name, repetition_type, num_children: type.fields.length },
        ...type.fields.flatMap((field) => schemaOf(field.name, field.type)),
      ];
    default:
      return [
        {
          name,
          repetition_type,
          type: 'BYTE_ARRAY',
          converted_type: 'UTF8',
          logical_type: { type: 'STRING' },
        },
      ];
  }
}

/** Why a value cannot be written as its type; undefined if it can. */
export function misfitOf(value: Value, type: ColumnType): string | undefined {
  if (value === null) return undefined;
  switch (type.kind) {
    case 'int':
      if (typeof value === 'bigint') {
        return fitsInt64(value) ? undefined : `${shorten(String(value))} does not fit into 64 bits`;
      }
      return Number.isSafeInteger(value) ? undefined : misfit(value, 'a whole number');
    case 'float':
      if (typeof value !== 'number' && typeof value !== 'bigint') return misfit(value, 'a number');
      return Number.isFinite(Number(value)) ? undefined : misfit(value, 'a number that a float holds');
    case 'bool':
      return typeof value === 'boolean' ? undefined : misfit(value, 'true or false');
    case 'list':
      if (!isValueList(value)) return misfit(value, 'a list');
      return firstMisfit(value.map((item) => misfitOf(item, type.item)));
    case 'struct':
      if (!isValueObject(value)) return type.fields.length === 0 ? undefined : misfit(value, 'an object');
      return firstMisfit(type.fields.map((field) => misfitOf(fieldOf(value, field.name), field.type)));
    default:
      return undefined;
  }
}

function misfit(value: Value, wanted: string): string {
  return `${shorten(formatJson(value))} is not ${wanted}`;
}

function firstMisfit(misfits: readonly (string | undefined)[]): string | undefined {
  return misfits.find((found) => found !== undefined);
}

/** A value that fits its type, as the encoder takes it. */
function storedValue(value: Value, type: ColumnType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case 'text':
      return typeof value === 'string' ? value : formatJson(value);
    case 'json':
      return formatJson(value);
    case 'int':
      return BigInt(value as bigint | number);
    case 'float':
      return Number(value);
    case 'bool':
      return value;
    case 'list':
      return (value as readonly Value[]).map((item) => storedValue(item, type.item));
    case 'struct': {
      if (type.fields.length === 0) return formatJson(value);
      // Without a prototype: a field may be named like a method of every object.
      const stored = Object.create(null) as Record<string, unknown>;
      for (const field of type.fields)
        setOwn(stored, field.name, storedValue(fieldOf(value as ValueObject, field.name), field.type));
      return stored;
    }
  }
}

function fieldOf(value: ValueObject, name: string): Value {
  return findOwn(value, name) ?? null;
}
