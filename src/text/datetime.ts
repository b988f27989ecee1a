// Dates and times as documents write them.

const ISO =
  /^(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?)?)?\s*(Z|[-+]\d{2}:?\d{2})?$/;
const MONTH_FIRST = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;

/**
 * Milliseconds since 1970 of an ISO 8601 date or time, from a year up to seconds and offset, or of MM/DD/YYYY; UTC where
 * no offset stands. Fractions of a second are cut off. Null for anything else and for days that no calendar has.
 */
export function parseDateTime(text: string): number | null {
  const trimmed = text.trim();
  const american = MONTH_FIRST.exec(trimmed);
  if (american !== null) return utc([american[3], american[1], american[2]]);
  const iso = ISO.exec(trimmed);
  if (iso === null) return null;
  const local = utc(iso.slice(1, 7));
  return local === null ? null : local - offsetMs(iso[7]);
}

function utc(parts: readonly (string | undefined)[]): number | null {
  const [year, month, day, hour, minute, second] = [0, 1, 2, 3, 4, 5].map((index) =>
    Number(parts[index] ?? (index === 1 || index === 2 ? 1 : 0)),
  ) as [number, number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return isReal ? date.getTime() : null;
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -1 : 1) * minutes * 60_000;
}
