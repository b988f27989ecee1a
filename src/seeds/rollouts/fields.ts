// Fields of recorded sessions, read as Data Designer reads them: what may be absent, and what has to be there.

import { formatJson, isValueList, isValueObject, type Value, type ValueObject } from '../../values.ts';

/** A session that is not in its format; the file is left out. */
export class RolloutError extends Error {}

export function objectOf(value: Value | undefined): ValueObject | null {
  return isValueObject(value) ? value : null;
}

export function listOf(value: Value | undefined): readonly Value[] {
  return isValueList(value) ? value : [];
}

/** Text, or what stands for a number or boolean in Python; null for nothing and for empty text. */
export function textOf(value: Value | undefined): string | null {
  const text = anyTextOf(value);
  return text === '' ? null : text;
}

/** The same with empty text for nothing. */
export function anyTextOf(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return jsonText(value);
}

export function requiredText(value: Value | undefined, what: string): string {
  if (typeof value !== 'string' || value === '') throw new RolloutError(`has no ${what}`);
  return value;
}

/** What a tool was called with: text as it is, all else as Python writes JSON, keys sorted; nothing is an empty object. */
export function argumentsText(value: Value | undefined): string {
  return typeof value === 'string' ? value : jsonText(value ?? {});
}

/** A map of only those fields that have something in them. */
export function filled(fields: { readonly [name: string]: Value | undefined }): ValueObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Value] => {
      const [, value] = entry;
      return (
        value !== undefined && value !== null && value !== '' && !(isValueList(value) && value.length === 0)
      );
    }),
  );
}

/** The first and the last of some times, by the moments that they name; those that name none are left out. */
export function spanOf(times: readonly string[]): {
  readonly first: string | null;
  readonly last: string | null;
} {
  const moments = times
    .map((text) => ({ text, at: Date.parse(/[Zz]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`) }))
    .filter(({ at }) => !Number.isNaN(at));
  const first = moments.reduce<(typeof moments)[number] | null>(
    (found, moment) => (found === null || moment.at < found.at ? moment : found),
    null,
  );
  const last = moments.reduce<(typeof moments)[number] | null>(
    (found, moment) => (found === null || moment.at > found.at ? moment : found),
    null,
  );
  return { first: first?.text ?? null, last: last?.text ?? null };
}

function jsonText(value: Value): string {
  if (isValueList(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (!isValueObject(value)) {
    return formatJson(value).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, field]) => `${jsonText(name)}: ${jsonText(field)}`).join(', ')}}`;
}
