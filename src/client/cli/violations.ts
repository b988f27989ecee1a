// Says what is wrong with a document: the message, the line that it is about, and a caret under the place.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import stringWidth from 'string-width';
import { formatViolation, type Violation } from '../../errors.ts';
import { line } from '../tell/format.ts';
import type { CliContext } from './context.ts';
import { INDENT, printable } from './text.ts';

/** Where nobody looks through a terminal. */
const DEFAULT_WIDTH = 100;
/** Larger files are data: their rows are not shown. */
const MAX_BYTES = 4e6;
/** Characters before the place where a long line is cut. */
const MAX_BEFORE = 40;
/** A line with one of these words may hold what nobody else is to see. */
const SECRET = /api_?key|\btoken|secret|password|authorization/i;

/** Violations as lines: each its message, the line of the document, the caret. */
export function describeViolations(violations: readonly Violation[], context: CliContext): string[] {
  const width = context.screen?.width ?? DEFAULT_WIDTH;
  const files = new Map<string, readonly string[]>();
  function linesOf(file: string): readonly string[] {
    const lines = files.get(file) ?? readLines(resolve(context.cwd, file));
    files.set(file, lines);
    return lines;
  }
  return violations.map((violation) =>
    [line(violation.level, formatViolation(violation)), ...excerptOf(violation, { linesOf, width })].join(
      '\n',
    ),
  );
}

/**
 * The line and the caret as the CLI prints them; empty where there is no place or no such line, or where the line may
 * hold a secret.
 *
 *     7 │ expr: "{{ naem }}"
 *       │           ^
 */
function excerptOf(
  { file, line, column }: Violation,
  { linesOf, width }: { readonly linesOf: (file: string) => readonly string[]; readonly width: number },
): string[] {
  if (file === null || line === null || column === null) return [];
  const text = linesOf(file)[line - 1];
  if (text === undefined || column > text.length + 1 || SECRET.test(text)) return [];
  const number = String(line);
  const room = Math.max(MAX_BEFORE, width - INDENT - number.length - 3);
  const indent = text.search(/\S|$/);
  const place = column - 1;
  // A line that fits is shown whole; of a longer one what stands before the place is cut first.
  const isWhole = text.length - indent <= room;
  const from = isWhole ? Math.min(indent, place) : Math.max(Math.min(indent, place), place - MAX_BEFORE);
  const shown = printable(text.slice(from, from + room));
  const before = stringWidth(printable(text.slice(from, place)));
  const space = ' '.repeat(INDENT);
  return [
    `${space}${number} │ ${shown}`.trimEnd(),
    `${space}${' '.repeat(number.length)} │ ${' '.repeat(before)}^`,
  ];
}

/** None of a file that is too large or gone. */
function readLines(file: string): readonly string[] {
  try {
    return statSync(file).size > MAX_BYTES ? [] : readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    // The document was read a moment ago: whoever took it away does not need to see its lines.
    return [];
  }
}
