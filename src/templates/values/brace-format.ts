// Python's newer way to format: `"{:.2f}".format(value)`.

import { findOwn } from '../../own-keys.ts';
import type { Budget } from '../limits.ts';
import { asNumber, CellText, describe, type Runtime, written } from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import {
  bounded,
  cut,
  formatFloat,
  formatInteger,
  group,
  MAX_PRECISION,
  MAX_WIDTH,
  type NumberSpec,
  pad,
  padNumber,
} from './number-format.ts';
import { toFloat } from './number-text.ts';
import { asciiOf, reprOf, textOf } from './python-text.ts';

const FIELD = /\{\{|\}\}|\{([^{}:!]*)(?:!([ars]))?(?::([^{}]*))?\}|[{}]/g;
const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(#)?(0)?(\d*)([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

const CONVERSIONS: { readonly [letter: string]: typeof textOf } = { a: asciiOf, r: reprOf, s: textOf };

/** `text.format(...)`. Fields are numbers or names; what lies inside a value is read before. */
export function formatBraces(
  text: string,
  values: { readonly positional: readonly Runtime[]; readonly named: ReadonlyMap<string, Runtime> },
  budget: Budget,
): string {
  let next = 0;
  let isManual = false;
  budget.spend(text.length);
  const result = text.replace(
    FIELD,
    (found, field: string | undefined, conversion: string | undefined, spec = '') => {
      if (found === '{{' || found === '}}') return found[0]!;
      if (field === undefined) throw renderError(`Cannot format the text: "${found}" stands alone`);
      if (/[.[]/.test(field))
        throw renderError(`Cannot format the text: "${found}" reads inside a value, pass what it reads`);
      const isNumbered = /^\d+$/.test(field);
      if (field === '') next++;
      else if (isNumbered) isManual = true;
      if (isManual && next > 0)
        throw renderError('Cannot format the text: some of its fields have numbers, some have none');
      const value =
        field === ''
          ? values.positional[next - 1]
          : isNumbered
            ? values.positional[Number(field)]
            : values.named.get(field);
      if (value === undefined) throw renderError(`Cannot format the text: there is no value for "${found}"`);
      return conversion === undefined
        ? formatValue(value, spec, budget)
        : formatText(findOwn(CONVERSIONS, conversion)!(value, budget), { spec, align: '<' }, budget);
    },
  );
  budget.allocate(result.length);
  return result;
}

/** A spec that only pads, which leaves text of a cell as it is written; filling with zeros is for numbers. */
const PADDING = /^(?:(?:[\s\S]?[<>^])|(?!0))\d*s?$/u;

/** `format(value, spec)`. */
function formatValue(given: Runtime, spec: string, budget: Budget): string {
  const value = given instanceof CellText && PADDING.test(spec) ? given.text : given;
  const number = asNumber(value);
  if (number === null && typeof written(value) !== 'string' && spec !== '') {
    throw renderError(`Cannot format ${describe(value)} as "${spec}": only texts and numbers have formats`);
  }
  if (number === null || (typeof value === 'boolean' && spec === ''))
    return formatText(textOf(value, budget), { spec, align: isNumber(given, spec) ? '>' : '<' }, budget);
  const parsed = parseSpec(spec, '=');
  if (typeof number === 'bigint' && parsed.precision !== null && '_,dxXobcn'.includes(parsed.type || 'd')) {
    throw renderError('Cannot format a whole number with a precision: use the type "f"');
  }
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

/** Text of a cell that says a number stands where numbers do. */
function isNumber(given: Runtime, spec: string): boolean {
  return given instanceof CellText && asNumber(given) !== null && !spec.endsWith('s');
}

function formatText(
  text: string,
  { spec, align }: { readonly spec: string; readonly align: '<' | '>' },
  budget: Budget,
): string {
  const parsed = parseSpec(spec, null);
  if (parsed.type !== '' && parsed.type !== 's')
    throw renderError(`Cannot format a text as "${spec}": it is no number`);
  if (parsed.grouping !== '' || parsed.isAlternate)
    throw renderError(`Cannot format a text as "${spec}": it is no number`);
  if (parsed.align === '=' || parsed.sign !== '')
    throw renderError(`Cannot format a text as "${spec}": it has no sign`);
  return pad(cut(text, parsed), { ...parsed, align: parsed.align ?? align }, budget);
}

/** Reads a format. `zeroAlign` is how what is filled with zeros is aligned, unless that is written. */
function parseSpec(spec: string, zeroAlign: '=' | null): NumberSpec {
  const match = SPEC.exec(spec);
  if (match === null) throw renderError(`Cannot format: "${spec}" is not a format`);
  const [, fill, align, sign, alternate, zero, width, grouping, precision, type] = match;
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: (align as NumberSpec['align'] | undefined) ?? (zero === undefined ? null : zeroAlign),
    sign: (sign as NumberSpec['sign'] | undefined) ?? '',
    isAlternate: alternate !== undefined,
    width: bounded(width ?? '', MAX_WIDTH) ?? 0,
    grouping: (grouping as NumberSpec['grouping'] | undefined) ?? '',
    precision: bounded(precision ?? '', MAX_PRECISION),
    type: type ?? '',
  };
}
