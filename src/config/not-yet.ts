// What Data Designer has and Rowloom not yet. Each is refused by name, before any call; a field that holds its default
// says nothing and is accepted, as Data Designer writes all of them.

import type { LaterFields } from '../columns/declaration.ts';
import { plainText, plainValue } from '../columns/fields.ts';
import { declarationOf } from '../columns/kinds.ts';
import { findOwn } from '../own-keys.ts';
import type { Path } from './load.ts';
import type { Report } from './report.ts';

/** Fields whose value is the name of what is not there yet. */
const LATER_WORDS = /_type$|^with_trace$/;

/** Fields that stand at their default where a document says null. */
export const DEFAULT_WHEN_NULL = ['propagate_skip', 'with_trace', 'extract_reasoning_content'];

const YES = [true, 'yes', 'on'];
const NO = [false, 'no', 'off'];

const ANY_COLUMN: LaterFields = { allow_resize: [...NO, null] };

export function laterColumnFields(kind: string): LaterFields {
  return { ...ANY_COLUMN, ...declarationOf(kind).laterFields };
}

/** The map at `path` without its later fields; those that ask for something are in the report. */
export function withoutLaterFields(
  report: Report,
  {
    path,
    fields,
    later,
  }: { readonly path: Path; readonly fields: Readonly<Record<string, unknown>>; readonly later: LaterFields },
): Readonly<Record<string, unknown>> {
  const kept = Object.entries(fields).filter(([name, input]) => {
    if (DEFAULT_WHEN_NULL.includes(name) && plainValue(input) === null) return false;
    const silent = findOwn(later, name);
    if (silent === undefined) return true;
    if (!isSilent(input, silent)) refuseLater(report, [...path, name]);
    else if (name === 'allow_resize') warnOfOlder(report, [...path, name], 'it is left out');
    return false;
  });
  return Object.fromEntries(kept.map(([name, input]) => [name, withWord(report, [...path, name], input)]));
}

/** Older versions of Data Designer had a trace or none. */
function withWord(report: Report, path: Path, input: unknown): unknown {
  const value = plainValue(input);
  if (path.at(-1) !== 'with_trace' || ![...YES, ...NO].includes(value as string)) return input;
  const word = YES.includes(value as string) ? 'all_messages' : 'none';
  warnOfOlder(report, path, `it is read as ${word}`);
  return word;
}

function isSilent(input: unknown, silent: readonly unknown[]): boolean {
  const value = plainValue(input);
  return silent.includes(value) || (Array.isArray(value) && value.length === 0);
}

/** `with_trace is of an older version of Data Designer: it is left out` */
export function warnOfOlder(report: Report, path: Path, what: string): void {
  const message = `is of an older version of Data Designer: ${what}`;
  report.add({ path, message, level: 'warning', isAtKey: true });
}

/** `column_type "image" is not supported yet`, `skip is not supported yet` */
export function refuseLater(report: Report, path: Path): void {
  const word = plainText(report.read(path));
  const shown = typeof word === 'string' && LATER_WORDS.test(String(path.at(-1))) ? `"${word}" ` : '';
  const message =
    path.at(-1) === 'allow_resize'
      ? 'is not supported: a column can make neither more nor fewer rows'
      : `${shown}is not supported yet`;
  report.add({ path, message, isAtKey: true });
}
