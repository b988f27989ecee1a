// Rows as CSV: RFC 4180 quotes, nested values as JSON text; null is an empty field, empty text is "".

import { findOwn } from '../../own-keys.ts';
import type { ColumnType, OutputColumn } from '../../plan.ts';
import { formatJson, type Value, type ValueObject } from '../../values.ts';

/** A row of a dataset as a line without its end. */
export function csvLine(row: ValueObject, columns: readonly OutputColumn[]): string {
  return joinFields(columns.map(({ name, type }) => csvField(findOwn(row, name) ?? null, type)));
}

/** The same of values whose text is no JSON. */
export function csvValues(values: readonly Value[]): string {
  return joinFields(values.map((value) => csvField(value, { kind: 'text' })));
}

/** Readers skip an empty line: a single column's null would lose its row. */
function joinFields(fields: readonly string[]): string {
  return fields.join(',') || '""';
}

function csvField(value: Value, type: ColumnType): string {
  if (value === null) return '';
  return typeof value === 'string' && type.kind === 'text' ? csvText(value) : csvText(formatJson(value));
}

/** Text as a field, quoted where it has to be. */
export function csvText(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
