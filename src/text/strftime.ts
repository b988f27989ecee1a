// Dates as text by a strftime pattern, as the C library writes them in the C locale. All dates are UTC.
import { findOwn } from '../own-keys.ts';

const DAY_SECONDS = 86_400;
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** `-` takes away the padding of a number, as in `%-d`. */
const DIRECTIVE = /%(-?)(.?)/gsu;

const FORMATS: { readonly [directive: string]: (date: Date) => string } = {
  a: (date) => DAYS[date.getUTCDay()]!.slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()]!,
  b: (date) => MONTHS[date.getUTCMonth()]!.slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()]!,
  c: (date) => formatDate(date, '%a %b %e %H:%M:%S %Y'),
  C: (date) => pad(Math.floor(date.getUTCFullYear() / 100), 2),
  d: (date) => pad(date.getUTCDate(), 2),
  D: (date) => formatDate(date, '%m/%d/%y'),
  e: (date) => String(date.getUTCDate()).padStart(2),
  f: (date) => pad(date.getUTCMilliseconds() * 1000, 6),
  F: (date) => formatDate(date, '%Y-%m-%d'),
  G: (date) => pad(isoWeek(date).year, 4),
  h: (date) => formatDate(date, '%b'),
  H: (date) => pad(date.getUTCHours(), 2),
  I: (date) => pad(date.getUTCHours() % 12 || 12, 2),
  j: (date) => pad(dayOfYear(date), 3),
  m: (date) => pad(date.getUTCMonth() + 1, 2),
  M: (date) => pad(date.getUTCMinutes(), 2),
  n: () => '\n',
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  r: (date) => formatDate(date, '%I:%M:%S %p'),
  R: (date) => formatDate(date, '%H:%M'),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => pad(date.getUTCSeconds(), 2),
  t: () => '\t',
  T: (date) => formatDate(date, '%H:%M:%S'),
  u: (date) => String(date.getUTCDay() || 7),
  U: (date) => pad(Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7), 2),
  V: (date) => pad(isoWeek(date).week, 2),
  w: (date) => String(date.getUTCDay()),
  W: (date) => pad(Math.floor((dayOfYear(date) + 6 - ((date.getUTCDay() + 6) % 7)) / 7), 2),
  x: (date) => formatDate(date, '%m/%d/%y'),
  X: (date) => formatDate(date, '%H:%M:%S'),
  y: (date) => pad(date.getUTCFullYear() % 100, 2),
  Y: (date) => pad(date.getUTCFullYear(), 4),
  // A date without a zone has neither offset nor name.
  z: () => '',
  Z: () => '',
  '%': () => '%',
};

/** The first directive of a pattern that {@link formatDate} does not know, such as `%Q`. */
export function findUnknownDirective(pattern: string): string | undefined {
  for (const [directive, , letter] of pattern.matchAll(DIRECTIVE)) {
    if (!Object.hasOwn(FORMATS, letter!)) return directive;
  }
  return undefined;
}

/** Writes a date. Throws `RangeError` for an unknown directive. */
export function formatDate(date: Date, pattern: string): string {
  return pattern.replace(DIRECTIVE, (directive: string, flag: string, letter: string) => {
    const write = findOwn(FORMATS, letter);
    if (write === undefined)
      throw new RangeError(`Cannot write a date with "${pattern}": "${directive}" is unknown`);
    const text = write(date);
    return flag === '-' ? text.replace(/^[0 ]+(?=\d)/, '') : text;
  });
}

function dayOfYear(date: Date): number {
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  return (midnight - Date.UTC(date.getUTCFullYear(), 0, 1)) / 1000 / DAY_SECONDS + 1;
}

/** ISO 8601: weeks start on Monday and belong to the year of their Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_SECONDS * 1000);
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
