// Text that is a JSON number.

import { renderError } from '../syntax/template-error.ts';

const NUMBER = /^[ \t\r\n]*(-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?)[ \t\r\n]*$/;
/** Longer text is no number that a template could use. */
const MAX_NUMBER_UNITS = 1000;

/** The number that a text is, or `null`: also for one that no float can hold, such as `5e123456`. */
export function numberInText(text: string): bigint | number | null {
  if (text.length > MAX_NUMBER_UNITS) return null;
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [, digits, fraction, exponent] = match;
  if (fraction === undefined && exponent === undefined) return BigInt(digits!);
  const number = Number(digits);
  return Number.isFinite(number) ? number : null;
}

/** A number as a float. Throws when it is too large for one. */
export function toFloat(value: bigint | number): number {
  const float = Number(value);
  if (typeof value === 'bigint' && !Number.isFinite(float)) {
    throw renderError('Cannot compute the number: a whole number is too large for a float');
  }
  return float;
}
