// How Python formats numbers, by `%` and by `format` alike.

import { findOwn } from '../../own-keys.ts';
import type { Budget } from '../limits.ts';
import { limitError, renderError } from '../syntax/template-error.ts';
import { EXACT_STEPS, scaledRound } from './exact-decimal.ts';
import { lengthOf } from './python-text.ts';

export interface NumberSpec {
  readonly fill: string;
  readonly align: '<' | '>' | '=' | '^' | null;
  readonly sign: '' | '+' | '-' | ' ';
  readonly isAlternate: boolean;
  readonly width: number;
  readonly grouping: '' | ',' | '_';
  readonly precision: number | null;
  readonly type: string;
}

export const MAX_WIDTH = 10_000;
export const MAX_PRECISION = 400;

export function bounded(digits: string, limit: number): number | null {
  if (digits === '') return null;
  if (digits.length > 9 || Number(digits) > limit)
    throw limitError(`Cannot format with ${digits.slice(0, 9)} places: the limit is ${limit}`);
  return Number(digits);
}

const RADIX: { readonly [type: string]: number } = { x: 16, X: 16, o: 8, b: 2 };

export function formatInteger(value: bigint, spec: NumberSpec, budget: Budget): string {
  if (spec.type === 'c') return pad(characterOf(value), { ...spec, align: spec.align ?? '<' }, budget);
  const radix = findOwn(RADIX, spec.type) ?? 10;
  const size = (value < 0n ? -value : value).toString(radix);
  const least = size.padStart(spec.precision ?? 0, '0');
  const digits = group(spec.type === 'X' ? least.toUpperCase() : least, spec.grouping, radix === 10 ? 3 : 4);
  const prefix = spec.isAlternate && radix !== 10 ? `0${spec.type}` : '';
  return padNumber(value < 0n, digits, spec, budget, prefix);
}

export function characterOf(value: bigint): string {
  if (value < 0n || value > 0x10ffffn)
    throw renderError('Cannot format the number as a character: there is none');
  return String.fromCodePoint(Number(value));
}

export function formatFloat(value: number, spec: NumberSpec, budget: Budget): string {
  budget.spend(EXACT_STEPS + (spec.precision ?? 0));
  const isNegative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  const lower = spec.type.toLowerCase();
  let text: string;
  if (!Number.isFinite(size)) text = Number.isNaN(size) ? 'nan' : 'inf';
  else if (lower === 'f') text = fixed(size, spec.precision ?? 6, spec.isAlternate);
  else if (lower === 'e') text = scientific(size, spec.precision ?? 6, spec.isAlternate);
  else if (lower === 'g' || lower === 'n' || lower === '') text = general(size, spec);
  else if (lower === '%') text = `${fixed(size * 100, spec.precision ?? 6, spec.isAlternate)}%`;
  else throw renderError(`Cannot format a float as "${spec.type}": it is no whole number`);
  if (spec.type === '%' && !Number.isFinite(size)) text += '%';
  if (spec.type !== lower) text = text.toUpperCase();
  return padNumber(isNegative, group(text, spec.grouping, 3), spec, budget);
}

function fixed(size: number, digits: number, isAlternate: boolean): string {
  const scaled = scaledRound(size, digits)
    .toString()
    .padStart(digits + 1, '0');
  const whole = scaled.slice(0, scaled.length - digits);
  return digits === 0 ? whole + (isAlternate ? '.' : '') : `${whole}.${scaled.slice(-digits)}`;
}

function scientific(size: number, digits: number, isAlternate: boolean): string {
  const { mantissa, exponent } = significant(size, digits + 1);
  const point = digits > 0 || isAlternate ? '.' : '';
  return `${mantissa[0]}${point}${mantissa.slice(1)}e${exponentText(exponent)}`;
}

/** `count` digits of a number, and the power of ten of the first. */
function significant(size: number, count: number): { mantissa: string; exponent: number } {
  if (size === 0) return { mantissa: '0'.repeat(count), exponent: 0 };
  const exponent = Number(size.toExponential().split('e')[1]);
  const mantissa = scaledRound(size, count - 1 - exponent).toString();
  return mantissa.length > count
    ? { mantissa: mantissa.slice(0, count), exponent: exponent + 1 }
    : { mantissa, exponent };
}

function exponentText(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function general(size: number, { type, precision, isAlternate }: NumberSpec): string {
  const count = Math.max(1, precision ?? 6);
  const { mantissa, exponent } = significant(size, count);
  // Without a type a float keeps one digit after its point, which leaves one less for those before it.
  const isFixed = exponent >= -4 && exponent < (type === '' ? count - 1 : count);
  const text = isFixed
    ? fixed(size, Math.max(0, count - 1 - exponent), isAlternate)
    : mantissa.slice(0, 1) + (count > 1 ? `.${mantissa.slice(1)}` : '');
  const short = isAlternate || !text.includes('.') ? text : text.replace(/0+$/, '').replace(/\.$/, '');
  if (isFixed) return type === '' && !short.includes('.') ? `${short}.0` : short;
  return `${short}e${exponentText(exponent)}`;
}

/** Puts a separator between groups of the digits before the point. */
export function group(text: string, separator: string, size: number): string {
  if (separator === '') return text;
  const whole = /^[\da-fA-F]+/.exec(text)?.[0] ?? '';
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= size)
    groups.unshift(whole.slice(Math.max(0, end - size), end));
  return groups.join(separator) + text.slice(whole.length);
}

export function padNumber(
  isNegative: boolean,
  digits: string,
  spec: NumberSpec,
  budget: Budget,
  prefix = '',
): string {
  const sign = (isNegative ? '-' : spec.sign === '+' || spec.sign === ' ' ? spec.sign : '') + prefix;
  if (spec.align !== '=') return pad(sign + digits, { ...spec, align: spec.align ?? '>' }, budget);
  budget.allocate(spec.width);
  const places = spec.width - sign.length;
  if (spec.grouping === '' || spec.fill !== '0') return sign + digits.padStart(places, spec.fill);
  // Zeros in front are grouped as well, and no group is left open.
  const whole = /^[\d,_]*/.exec(digits)![0];
  const rest = digits.slice(whole.length);
  const bare = whole.replaceAll(spec.grouping, '');
  const grouped = group(bare.padStart(places, '0'), spec.grouping, 3).slice(
    -Math.max(whole.length, places - rest.length),
  );
  return sign + (grouped.startsWith(spec.grouping) ? `0${grouped}` : grouped) + rest;
}

export function cut(text: string, { precision }: NumberSpec): string {
  return precision === null ? text : [...text].slice(0, precision).join('');
}

export function pad(text: string, { width, fill, align }: NumberSpec, budget: Budget): string {
  const missing = width - lengthOf(text);
  if (missing <= 0) return text;
  budget.allocate(width);
  const before = align === '<' ? 0 : align === '^' ? Math.floor(missing / 2) : missing;
  return fill.repeat(before) + text + fill.repeat(missing - before);
}
