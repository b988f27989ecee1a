// Seed files of JSON objects: JSON Lines (one object a line), and JSON (one list of objects, or objects one after the
// other). A field that an object does not have is null in its row.

import { isValueObject, parseJson, type Value, type ValueObject } from '../values.ts';
import { type JsonPiece, JsonSyntaxError, jsonLines, jsonObjects } from './json-objects.ts';
import { BlockBuilder, type ScanFile, type ScanListener } from './seed-file.ts';
import { findTextStart, readUtf8 } from './utf8.ts';

type Cut = (
  chunks: AsyncIterable<Buffer>,
  place: { readonly start: number; readonly isInside: boolean },
) => AsyncIterable<JsonPiece>;

export const scanJsonLines: ScanFile = scannerOf((chunks, { start }) => jsonLines(chunks, start));
export const scanJson: ScanFile = scannerOf(jsonObjects);

function scannerOf(cut: Cut): ScanFile {
  return async (file, listener) => {
    const start = await findTextStart(file);
    const columns = new Set<string>();
    const blocks = new BlockBuilder();
    try {
      for await (const piece of cut(readUtf8(file, { start }), { start, isInside: false })) {
        const row = findRow(piece, listener);
        if (row === undefined) continue;
        for (const column of Object.keys(row)) columns.add(column);
        listener.onRow(row);
        blocks.add(piece.start, piece.end);
      }
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      listener.onProblem(error.message, error.line);
    }
    return {
      columns: [...columns],
      blocks: blocks.finish(),
      async readBlock(block) {
        const rows: ValueObject[] = [];
        for await (const { text } of cut(readUtf8(file, block), { start: block.start, isInside: true })) {
          rows.push(parseSeedJson(text) as ValueObject);
        }
        return rows;
      },
    };
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

function findRow({ text, line }: JsonPiece, listener: ScanListener): ValueObject | undefined {
  try {
    const value = parseSeedJson(text);
    if (isValueObject(value)) return value;
    listener.onProblem('is not an object', line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const offset = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0);
    const linesBefore = text.slice(0, offset).split('\n').length - 1;
    listener.onProblem(`is not JSON: ${error.message}`, line + linesBefore);
  }
  return undefined;
}
