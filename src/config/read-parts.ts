// How parts of a document are read one by one: maps, lists, words, names. What is wrong is in the report.

import { describe, plainText, plainValue } from '../columns/fields.ts';
import { ROW_ID_COLUMN } from '../plan.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import type { Path } from './load.ts';
import type { Report } from './report.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(input: unknown): Fields | null {
  const value = plainValue(input);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function textOf(input: unknown): string | null {
  const value = plainText(input);
  return typeof value === 'string' ? value : null;
}

/** The paths of a list's items. A field that is absent or null has none. */
export function readList(report: Report, path: Path): readonly Path[] {
  const input = report.read(path) ?? null;
  if (Array.isArray(input)) return input.map((_, index) => [...path, index]);
  if (input !== null) report.add({ path, message: `has to be a list, not ${describe(input)}` });
  return [];
}

interface Word<Known extends string> {
  readonly path: Path;
  readonly words: readonly Known[];
  /** What to do with a word of a plugin of Data Designer. */
  readonly plugin?: string;
}

/** The word at `path` if it is one that can be used; anything else is in the report. */
export function readWord<Known extends string>(
  report: Report,
  { path, words, plugin }: Word<Known>,
): Known | null {
  const input = report.read(path);
  const word = textOf(input);
  const known = words.find((candidate) => candidate === word);
  if (known !== undefined) return known;
  const field = String(path.at(-1));
  if (input === undefined) {
    report.add({ path, message: 'is missing', isAtKey: true });
  } else if (word === null) {
    report.add({ path, message: `${field} has to be text, not ${describe(input)}`, isWhole: true });
  } else {
    const near = nearestName(word, words);
    const ofPlugin = near === null && plugin !== undefined ? `; if a plugin brings it: ${plugin}` : '';
    report.add({
      path,
      message: `no ${field} ${describe(input)}${suggestion(near)}${ofPlugin}`,
      isWhole: true,
    });
  }
  return null;
}

/** Column names become folder names, percent-encoded. */
const MAX_ENCODED_NAME = 200;

/** What is wrong with two names of one spelling. */
export const ONE_IN_PARQUET = 'differ only in case: readers of Parquet such as DuckDB take them for one';

/** Why a column cannot have a name; null if it can. Follows the word `name`. */
export function nameProblem(name: string): string | null {
  if (name.trim() === '') return 'is empty';
  if (/\p{Cs}/u.test(name)) return 'has half a surrogate pair in it';
  if (/\p{Cc}/u.test(name)) return 'has a control character in it';
  const { length } = encodeURIComponent(name).replaceAll('*', '%2A');
  if (length > MAX_ENCODED_NAME) {
    return `is too long: ${length} characters in a file name, where ${MAX_ENCODED_NAME} are allowed`;
  }
  return name === ROW_ID_COLUMN || name === '__proto__' ? `"${name}" is taken by Rowloom` : null;
}

interface Named {
  readonly path: Path;
  readonly name: string | null;
}

/** Whether a later one of the list has its name and counts in its place, as in Data Designer: the report warns of it then. */
export function isReplaced(
  report: Report,
  { path, name }: Named,
  { all, noun }: { readonly all: readonly Named[]; readonly noun: string },
): boolean {
  const last = name === null ? undefined : all.findLast((other) => other.name === name);
  if (last === undefined || last.path === path) return false;
  const { line } = report.keyPosition(last.path);
  const message = `is the name of a later ${noun}, in line ${line}, which replaces this one`;
  report.add({ path: [...path, 'name'], message, isWhole: true, level: 'warning' });
  return true;
}
