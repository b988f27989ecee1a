// Filters that make or change numbers.

import { findOwn } from '../../own-keys.ts';
import { type Budget, boundInteger } from '../limits.ts';
import { asNumber, misfit, opened, type Runtime, refuseUndefined, written } from '../runtime.ts';
import { limitError, renderError } from '../syntax/template-error.ts';
import { EXACT_STEPS, roundFloat, roundInteger } from '../values/exact-decimal.ts';
import { toFloat } from '../values/number-text.ts';
import { strip } from '../values/python-text.ts';
import { integerArgument, type Operation, operation, textArgument } from './argument-binding.ts';

export const NUMBER_FILTERS: { readonly [name: string]: Operation } = {
  abs: operation('', (value) => {
    const number = numberFor('abs', value);
    return number < 0 || Object.is(number, -0) ? -number : number;
  }),

  float: operation('default?', (given, [fallback = 0], { budget }) => {
    refuseUndefined(given);
    const value = opened(given);
    if (typeof value === 'string') payForDigits(value, budget);
    const number = typeof value === 'string' ? floatInText(value) : asNumber(value);
    return number === null ? fallback : toFloat(number);
  }),

  int: operation('default? base?', (given, [fallback = 0n, base], { budget }) => {
    refuseUndefined(given);
    const value = base === undefined ? opened(given) : written(given);
    if (typeof value === 'string') {
      payForDigits(value, budget);
      const float = floatInText(value);
      const whole = float === null || !Number.isFinite(float) ? fallback : BigInt(Math.trunc(float));
      return integerInText(value, integerArgument(base, 10)) ?? whole;
    }
    const number = asNumber(value);
    if (number === null || Number.isNaN(number)) return fallback;
    if (typeof number === 'bigint') return number;
    if (!Number.isFinite(number)) throw renderError('Cannot use the filter "int": the float is infinite');
    return BigInt(Math.trunc(number));
  }),

  round: operation('precision? method?', (value, [precision, method = 'common'], { budget }) => {
    const digits = integerArgument(precision, 0);
    budget.spend(EXACT_STEPS + Math.min(400, Math.abs(digits)));
    const number = numberFor('round', value);
    switch (textArgument(method)) {
      case 'common':
        return typeof number === 'bigint' ? roundInteger(number, digits) : roundFloat(number, digits);
      case 'ceil':
        return roundTo(toFloat(number), digits, Math.ceil);
      case 'floor':
        return roundTo(toFloat(number), digits, Math.floor);
    }
    throw renderError('Cannot use the filter "round": method is "common", "ceil" or "floor"');
  }),
};

/** As Jinja does it: through a float and a power of ten, so that 0.29 up to two places is 0.29. */
function roundTo(value: number, digits: number, round: (value: number) => number): number {
  if (!Number.isFinite(value)) throw renderError('Cannot use the filter "round": the float is not finite');
  if (Math.abs(digits) > 308) throw limitError('Cannot use the filter "round": precision is beyond 308');
  const unit = Number(`1e${digits}`);
  return round(value * unit) / unit;
}

function numberFor(filter: string, value: Runtime): bigint | number {
  const number = asNumber(value);
  if (number !== null) return number;
  throw misfit(value, (kind) => `Cannot use the filter "${filter}" on ${kind}: a number is needed`);
}

const FLOAT = /^[-+]?(?:(?:\d+(?:_\d+)*)?\.\d+(?:_\d+)*|\d+(?:_\d+)*\.?)(?:e[-+]?\d+(?:_\d+)*)?$/i;
const SPECIAL_FLOAT = /^([-+]?)(?:(inf|infinity)|nan)$/i;
const MAX_NUMBER_UNITS = 5000;

function payForDigits(text: string, budget: Budget): void {
  budget.spend(text.length > MAX_NUMBER_UNITS ? 1 : text.length);
}

/** Python's `float(text)`. */
function floatInText(text: string): number | null {
  if (text.length > MAX_NUMBER_UNITS) return null;
  const bare = strip(text, { side: 'both' });
  const special = SPECIAL_FLOAT.exec(bare);
  if (special !== null)
    return special[2] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  return FLOAT.test(bare) ? Number(bare.replaceAll('_', '')) : null;
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';
const PREFIXES: { readonly [prefix: string]: number } = { '0b': 2, '0o': 8, '0x': 16 };

/** Python's `int(text, base)`. */
function integerInText(text: string, base: number): bigint | null {
  if (base !== 0 && (base < 2 || base > 36))
    throw renderError('Cannot use the filter "int": base is 0 or 2 to 36');
  if (text.length > MAX_NUMBER_UNITS) return null;
  const bare = strip(text, { side: 'both' }).toLowerCase();
  const sign = bare.startsWith('-') ? -1n : 1n;
  let digits = /^[-+]/.test(bare) ? bare.slice(1) : bare;
  const prefix = findOwn(PREFIXES, digits.slice(0, 2));
  const radix = base === 0 ? (prefix ?? 10) : base;
  if (prefix === radix) digits = digits.slice(2).replace(/^_/, '');
  if (!/^[\da-z]+(?:_[\da-z]+)*$/.test(digits)) return null;
  const values = [...digits.replaceAll('_', '')].map((digit) => DIGITS.indexOf(digit));
  if (values.some((value) => value >= radix)) return null;
  if (radix === 10) return sign * boundInteger(BigInt(values.join('')));
  return sign * boundInteger(values.reduce((sum, value) => sum * BigInt(radix) + BigInt(value), 0n));
}
