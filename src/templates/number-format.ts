// Python's two ways to format: `"%.2f" % value` and `"{:.2f}".format(value)`.

import { scaledRound } from './exact-decimal.ts';
import type { Budget } from './limits.ts';
import { lengthOf, reprOf, textOf } from './python-text.ts';
import {
  asNumber,
  describe,
  findKey,
  isMapping,
  type Runtime,
  refuseUndefined,
  Tuple,
  toFloat,
} from './runtime.ts';
import { limitError, renderError } from './template-error.ts';

interface NumberSpec {
  readonly fill: string;
  readonly align: '<' | '>' | '=' | '^' | null;
  readonly sign: '' | '+' | '-' | ' ';
  readonly isAlternate: boolean;
  readonly width: number;
  readonly grouping: '' | ',' | '_';
  readonly precision: number | null;
  readonly type: string;
}

const MAX_WIDTH = 10_000;
const MAX_PRECISION = 400;

const PERCENT = /%(?:\(([^)]*)\))?([-+ #0]*)(\d*)(?:\.(\d*))?([\s\S]?)/g;

/** `text % value`. */
export function formatPercent(text: string, value: Runtime, budget: Budget): string {
  const values = value instanceof Tuple ? value.items : [value];
  let used = 0;
  const result = budget
    .read(text)
    .replace(PERCENT, (found, key, flags: string, width: string, precision, type: string) => {
      if (type === '%') return '%';
      if (type === '') throw renderError(`Cannot format the text: "${found}" is not complete`);
      const item = key === undefined ? values[used++] : isMapping(value) ? findKey(value, key) : undefined;
      if (item === undefined) throw renderError(`Cannot format the text: there is no value for "${found}"`);
      const spec: NumberSpec = {
        fill: flags.includes('0') && !flags.includes('-') && !'sra'.includes(type) ? '0' : ' ',
        align: flags.includes('-') ? '<' : flags.includes('0') && !'sra'.includes(type) ? '=' : '>',
        sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '',
        isAlternate: flags.includes('#'),
        width: bounded(width, MAX_WIDTH) ?? 0,
        grouping: '',
        precision: precision === undefined ? null : (bounded(precision, MAX_PRECISION) ?? 0),
        type,
      };
      return formatPercentItem(item, spec, budget);
    });
  if (used < values.length && !(isMapping(value) || (used === 0 && Array.isArray(value)))) {
    throw renderError('Cannot format the text: it has fewer places than values');
  }
  budget.allocate(result.length);
  return result;
}

function formatPercentItem(value: Runtime, spec: NumberSpec, budget: Budget): string {
  switch (spec.type) {
    case 's':
      return pad(cut(textOf(value, budget), spec), spec, budget);
    case 'r':
      return pad(cut(reprOf(value, budget), spec), spec, budget);
    case 'c':
      return pad(
        typeof value === 'string' ? value : String.fromCodePoint(Number(integerFor(value, spec))),
        spec,
        budget,
      );
    case 'd':
    case 'i':
    case 'u': {
      const number = asNumber(value);
      const whole =
        typeof number === 'number' && Number.isFinite(number) ? BigInt(Math.trunc(number)) : value;
      const { precision, ...rest } = spec;
      const digits = formatInteger(
        integerFor(whole, spec),
        { ...rest, precision: null, width: 0, fill: ' ', type: 'd' },
        budget,
      );
      const padded =
        precision === null ? digits : digits.replace(/\d+$/, (run) => run.padStart(precision, '0'));
      return pad(padded, spec, budget);
    }
    case 'x':
    case 'X':
    case 'o':
      return formatInteger(integerFor(value, spec), { ...spec, precision: null }, budget);
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
      return formatFloat(floatFor(value, spec), spec, budget);
  }
  throw renderError(`Cannot format the text: "%${spec.type}" is not a format`);
}

const FIELD = /\{\{|\}\}|\{([^{}:!]*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;
const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(#)?(0)?(\d*)([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** `text.format(...)`. Fields are numbers or names; what lies inside a value is read before. */
export function formatBraces(
  text: string,
  values: { readonly positional: readonly Runtime[]; readonly named: ReadonlyMap<string, Runtime> },
  budget: Budget,
): string {
  let next = 0;
  const result = budget
    .read(text)
    .replace(FIELD, (found, field: string | undefined, conversion, spec = '') => {
      if (found === '{{' || found === '}}') return found[0]!;
      if (field === undefined) throw renderError(`Cannot format the text: "${found}" stands alone`);
      if (/[.[]/.test(field))
        throw renderError(`Cannot format the text: "${found}" reads inside a value, pass what it reads`);
      const value =
        field === ''
          ? values.positional[next++]
          : /^\d+$/.test(field)
            ? values.positional[Number(field)]
            : values.named.get(field);
      if (value === undefined) throw renderError(`Cannot format the text: there is no value for "${found}"`);
      if (conversion === 'r') return formatText(reprOf(value, budget), spec, budget);
      if (conversion === 's') return formatText(textOf(value, budget), spec, budget);
      return formatValue(value, spec, budget);
    });
  budget.allocate(result.length);
  return result;
}

/** `format(value, spec)`. */
function formatValue(value: Runtime, spec: string, budget: Budget): string {
  const number = asNumber(value);
  if (number === null || (typeof value === 'boolean' && spec === ''))
    return formatText(textOf(value, budget), spec, budget);
  const parsed = parseSpec(spec);
  if (typeof number === 'bigint' && '_,dxXobcn'.includes(parsed.type || 'd'))
    return formatInteger(number, parsed, budget);
  if (parsed.type === '' && parsed.precision === null) {
    const text = textOf(number, budget);
    const isNegative = text.startsWith('-');
    return padNumber(
      isNegative,
      group(isNegative ? text.slice(1) : text, parsed.grouping, 3),
      parsed,
      budget,
    );
  }
  return formatFloat(toFloat(number), parsed, budget);
}

function formatText(text: string, spec: string, budget: Budget): string {
  const parsed = parseSpec(spec);
  if (parsed.type !== '' && parsed.type !== 's')
    throw renderError(`Cannot format a text as "${spec}": it is no number`);
  if (parsed.align === '=' || parsed.sign !== '')
    throw renderError(`Cannot format a text as "${spec}": it has no sign`);
  return pad(cut(text, parsed), { ...parsed, align: parsed.align ?? '<' }, budget);
}

function parseSpec(spec: string): NumberSpec {
  const match = SPEC.exec(spec);
  if (match === null) throw renderError(`Cannot format: "${spec}" is not a format`);
  const [, fill, align, sign, alternate, zero, width, grouping, precision, type] = match;
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: (align as NumberSpec['align'] | undefined) ?? (zero === undefined ? null : '='),
    sign: (sign as NumberSpec['sign'] | undefined) ?? '',
    isAlternate: alternate !== undefined,
    width: bounded(width ?? '', MAX_WIDTH) ?? 0,
    grouping: (grouping as NumberSpec['grouping'] | undefined) ?? '',
    precision: bounded(precision ?? '', MAX_PRECISION),
    type: type ?? '',
  };
}

function bounded(digits: string, limit: number): number | null {
  if (digits === '') return null;
  if (digits.length > 9 || Number(digits) > limit)
    throw limitError(`Cannot format with ${digits.slice(0, 9)} places: the limit is ${limit}`);
  return Number(digits);
}

function integerFor(value: Runtime, spec: NumberSpec): bigint {
  const number = asNumber(value);
  if (typeof number === 'bigint') return number;
  refuseUndefined(value);
  throw renderError(`Cannot format ${describe(value)} as "${spec.type}": it is no whole number`);
}

function floatFor(value: Runtime, spec: NumberSpec): number {
  const number = asNumber(value);
  if (number !== null) return toFloat(number);
  refuseUndefined(value);
  throw renderError(`Cannot format ${describe(value)} as "${spec.type}": it is no number`);
}

const RADIX: { readonly [type: string]: number } = { x: 16, X: 16, o: 8, b: 2 };

function formatInteger(value: bigint, spec: NumberSpec, budget: Budget): string {
  if (spec.precision !== null)
    throw renderError('Cannot format a whole number with a precision: use the type "f"');
  if (spec.type === 'c') return pad(characterOf(value), { ...spec, align: spec.align ?? '<' }, budget);
  const radix = RADIX[spec.type] ?? 10;
  const size = (value < 0n ? -value : value).toString(radix);
  const digits = group(spec.type === 'X' ? size.toUpperCase() : size, spec.grouping, radix === 10 ? 3 : 4);
  const prefix = spec.isAlternate && radix !== 10 ? `0${spec.type}` : '';
  return padNumber(value < 0n, digits, spec, budget, prefix);
}

function characterOf(value: bigint): string {
  if (value < 0n || value > 0x10ffffn)
    throw renderError('Cannot format the number as a character: there is none');
  return String.fromCodePoint(Number(value));
}

function formatFloat(value: number, spec: NumberSpec, budget: Budget): string {
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
function group(text: string, separator: string, size: number): string {
  if (separator === '') return text;
  const whole = /^[\da-fA-F]+/.exec(text)?.[0] ?? '';
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= size)
    groups.unshift(whole.slice(Math.max(0, end - size), end));
  return groups.join(separator) + text.slice(whole.length);
}

function padNumber(
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

function cut(text: string, { precision }: NumberSpec): string {
  return precision === null ? text : [...text].slice(0, precision).join('');
}

function pad(text: string, { width, fill, align }: NumberSpec, budget: Budget): string {
  const missing = width - lengthOf(text);
  if (missing <= 0) return text;
  budget.allocate(width);
  const before = align === '<' ? 0 : align === '^' ? Math.floor(missing / 2) : missing;
  return fill.repeat(before) + text + fill.repeat(missing - before);
}
