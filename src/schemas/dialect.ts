// What JSON Schemas written for Python mean here: pydantic makes those of Data Designer, whose patterns are for `re`.

import { isValueList, isValueObject, type Value } from '../values.ts';

/** An escape, a class, what Python alone writes, a quantifier, or any other character. */
const TOKEN =
  /\\[\s\S]|\[(\^?)(\]?(?:\\[\s\S]|[^\]\\])*)\]|\(\?P=(\w+)\)|\(\?P<|\(\?#[^)]*\)|\{,(\d*)\}|\{\d+(?:,\d*)?\}|[\s\S]/gu;
const PYTHON = /\(\?|[*+?}]\+|\\[NU]/;

/**
 * The pattern of a schema. JavaScript's regular expressions are the standard's; what they refuse is taken as Python's:
 * escapes of what needs none (`\-`, `\@`), brackets that are none, `(?i)`, `(?P<name>…)`, `\A`, `\Z`. Letters and digits are
 * those of all languages, as there. Throws `SyntaxError`.
 */
export function patternOf(source: string): RegExp {
  try {
    new RegExp(source, 'u');
    return new RegExp(withAllLetters(source), 'u');
  } catch (error) {
    const [prefix, flags] = /^\(\?([aimsu]+)\)/.exec(source) ?? ['', ''];
    try {
      const translated = source.slice(prefix.length).replace(TOKEN, translate);
      const isAscii = flags.includes('a');
      return new RegExp(isAscii ? translated : withAllLetters(translated), `u${flags.replace(/[au]/g, '')}`);
    } catch {
      if (!(error instanceof SyntaxError) || !PYTHON.test(source)) throw error;
      throw new SyntaxError(
        `${error.message}: of what Python's regular expressions alone have, only (?i), (?P<name>…), \\A and \\Z are known`,
      );
    }
  }
}

const WORD = '[\\p{L}\\p{N}_]';
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['\\w', WORD],
  ['\\W', WORD.replace('[', '[^')],
  ['\\d', '\\p{Nd}'],
  ['\\D', '\\P{Nd}'],
  ['\\b', `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`],
  ['\\B', `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`],
]);
/** Within brackets; `\W` there stays JavaScript's. */
const LETTERS_INSIDE: ReadonlyMap<string, string> = new Map([
  ['\\w', WORD.slice(1, -1)],
  ['\\d', '\\p{Nd}'],
  ['\\D', '\\P{Nd}'],
]);

/** A valid pattern in which `\w`, `\d` and `\b` know the letters and digits of all languages. */
function withAllLetters(source: string): string {
  return source.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/gu, (token) =>
    token.startsWith('[')
      ? token.replace(/\\[\s\S]/gu, (inner) => LETTERS_INSIDE.get(inner) ?? inner)
      : (LETTERS.get(token) ?? token),
  );
}

function translate(token: string, ...[not, members, name, most]: readonly string[]): string {
  if (token.startsWith('\\')) return BOUNDARIES.get(token) ?? translateEscape(token, '');
  if (members !== undefined) {
    const plain = (member: string) => (/[[\]]/.test(member) ? `\\${member}` : member);
    const inside = members.replace(/\\[\s\S]|[\s\S]/gu, (member) =>
      member.startsWith('\\') ? translateEscape(member, '-') : plain(member),
    );
    return `[${not}${inside}]`;
  }
  if (name !== undefined) return `\\k<${name}>`;
  if (token === '(?P<') return '(?<';
  if (token.startsWith('(?#')) return '';
  if (most !== undefined) return `{0,${most}}`;
  return /^[{}\]]$/.test(token) ? `\\${token}` : token;
}

/** The beginning and the end of the text, whatever the flags. */
const BOUNDARIES: ReadonlyMap<string, string> = new Map([
  ['\\A', '(?<![\\s\\S])'],
  ['\\Z', '(?![\\s\\S])'],
]);

/** `syntax` is what has a meaning where it stands, beside what has one everywhere. */
function translateEscape(token: string, syntax: string): string {
  const escaped = token.slice(1);
  return /[a-zA-Z\d^$\\.*+?()[\]{}|/]/.test(escaped) || escaped === syntax ? token : escaped;
}

/** {@link patternOf} for Ajv. */
export const PATTERNS = { regExp: Object.assign(patternOf, { code: 'new RegExp' }) };

/**
 * Whether a schema is pydantic's of a `Decimal`, a choice between a number and a text with digits for a pattern, with or
 * without null: its values are floats, rounded to so many places (null: as they are). Undefined for other schemas.
 */
export function decimalPlacesOf(schema: Value): number | null | undefined {
  const choices = isValueObject(schema) ? schema.anyOf : undefined;
  if (!isValueList(choices) || !choices.every(isValueObject)) return undefined;
  const others = choices.filter(({ type }) => type !== 'null');
  const pattern = others.find(({ type }) => type === 'string')?.pattern;
  const isDecimal = others.length === 2 && others.some(({ type }) => type === 'number');
  if (!isDecimal || typeof pattern !== 'string' || !/\\d|\[0-9\]/.test(pattern)) return undefined;
  const places = /\\\.\??\\d\{0,(\d+)\}/.exec(pattern)?.[1];
  return places === undefined ? null : Number(places);
}

/** Keywords whose values are data. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/** The schema with draft 4's exclusive bounds, which are true or false beside the bound, as later drafts write them. */
export function fromDraft4(schema: Value): Value {
  if (isValueList(schema)) return schema.map(fromDraft4);
  if (!isValueObject(schema)) return schema;
  const { ...found }: { [keyword: string]: Value } = schema;
  for (const [bound, exclusive] of BOUNDS) {
    const value = found[bound];
    if (typeof value !== 'number' && typeof value !== 'bigint') continue;
    if (found[exclusive] === true) {
      found[exclusive] = value;
      delete found[bound];
    } else if (found[exclusive] === false) delete found[exclusive];
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, part]) => [name, DATA.has(name) ? part : fromDraft4(part)]),
  );
}

const BOUNDS = [
  ['minimum', 'exclusiveMinimum'],
  ['maximum', 'exclusiveMaximum'],
] as const;
