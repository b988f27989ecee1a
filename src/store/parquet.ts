// Encodes Parquet files: one schema for the whole dataset, from the plan's column types, never from a batch. The bytes are
// a function of types and values (`parquet-values.ts`): no times, no ids, SNAPPY.

import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ColumnType } from '../plan.ts';
import type { Value } from '../values.ts';
import { type ParquetColumn, storedValues } from './parquet-values.ts';

/** Encodes one file, row group by row group. A column of 1,000 texts takes some milliseconds: builds do it in a thread. */
export class ParquetEncoder {
  readonly #columns: readonly ParquetColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;

  constructor(columns: readonly ParquetColumn[]) {
    this.#columns = columns;
    const schema = parquetSchema(columns);
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, codec: 'SNAPPY', createdBy: 'rowloom' });
  }

  /**
   * Encodes the next row group. A column is asked for when those before it are encoded, once: no more than one has to be in
   * memory. Throws `CellError` for a value that does not fit.
   */
  rowGroup(rowCount: number, valuesOf: (column: string) => readonly Value[]): void {
    if (rowCount === 0) return;
    const columnData = this.#columns.map(({ name, type }) => {
      let asked: unknown[] | undefined;
      return {
        name,
        get data(): unknown[] {
          // The writer looks at the first column twice, and lets go of each when it is encoded.
          asked ??= storedValues(valuesOf(name), type);
          return asked;
        },
      };
    });
    this.#writer.write({ columnData, rowGroupSize: rowCount });
  }

  /** Ends the file after its last row group; returns its last bytes. */
  end(): Uint8Array {
    this.#writer.finish();
    return this.takeBytes();
  }

  /** The bytes that came since this was called last. */
  takeBytes(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    // `offset` goes on: it counts from the start of the file.
    this.#bytes.index = 0;
    return bytes;
  }
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
