// Seed files of JSON objects: JSON Lines (one object a line), and JSON (one list of objects, or objects one after the
// other). A field that an object does not have is null in its row.

import { isValueObject, parseJson, type Value, type ValueObject } from '../values.ts';
import { type JsonPiece, JsonSyntaxError, jsonLines, jsonObjects } from './json-objects.ts';
import { findPlainRow } from './plain-json.ts';
import type { RowSink, ScanFile } from './seed-file.ts';
import { readText } from './text-file.ts';

export const scanJsonLines: ScanFile = scannerOf(jsonLines);
export const scanJson: ScanFile = scannerOf(jsonObjects);

function scannerOf(cut: (chunks: AsyncIterable<Buffer>) => AsyncIterable<JsonPiece>): ScanFile {
  return async (file, sink) => {
    const columns = new Set<string>();
    try {
      for await (const piece of cut(readText(file))) {
        const plain = findPlainRow(piece.text);
        const row = plain ?? findRow(piece, sink);
        if (row === undefined) continue;
        for (const column in row) columns.add(column);
        if (plain === undefined) sink.addRow(row as ValueObject);
        else sink.addPlainRow(plain);
        await sink.drain();
      }
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      sink.addProblem(error.message, error.line);
    }
    return [...columns];
  };
}

/** A text, or one of the words that Python writes for floats that are not finite. */
const TEXT_OR_NOT_FINITE = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/gs;

/** Parses JSON text; NaN and infinities are null. Throws `SyntaxError`. */
export function parseSeedJson(text: string): Value {
  try {
    return parseJson(text);
  } catch (error) {
    const json = text.replace(TEXT_OR_NOT_FINITE, (found) => (found.startsWith('"') ? found : 'null'));
    if (json === text) throw error;
    return parseJson(json);
  }
}

function findRow({ text, line }: JsonPiece, sink: RowSink): ValueObject | undefined {
  try {
    const value = parseSeedJson(text);
    if (isValueObject(value)) return value;
    sink.addProblem('is not an object', line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const offset = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0);
    const linesBefore = text.slice(0, offset).split('\n').length - 1;
    sink.addProblem(`is not JSON: ${error.message}`, line + linesBefore);
  }
  return undefined;
}
