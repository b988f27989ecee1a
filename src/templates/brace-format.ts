// Python's newer way to format: `"{:.2f}".format(value)`.

import type { Budget } from './limits.ts';
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
import { reprOf, textOf } from './python-text.ts';
import { asNumber, describe, type Runtime, toFloat } from './runtime.ts';
import { renderError } from './template-error.ts';

const FIELD = /\{\{|\}\}|\{([^{}:!]*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;
const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(#)?(0)?(\d*)([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** `text.format(...)`. Fields are numbers or names; what lies inside a value is read before. */
export function formatBraces(
  text: string,
  values: { readonly positional: readonly Runtime[]; readonly named: ReadonlyMap<string, Runtime> },
  budget: Budget,
): string {
  let next = 0;
  budget.spend(text.length);
  const result = text.replace(FIELD, (found, field: string | undefined, conversion, spec = '') => {
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
  if (number === null && typeof value !== 'string' && spec !== '') {
    throw renderError(`Cannot format ${describe(value)} as "${spec}": only texts and numbers have formats`);
  }
  if (number === null || (typeof value === 'boolean' && spec === ''))
    return formatText(textOf(value, budget), spec, budget);
  const parsed = parseSpec(spec);
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

function formatText(text: string, spec: string, budget: Budget): string {
  const parsed = parseSpec(spec);
  if (parsed.type !== '' && parsed.type !== 's')
    throw renderError(`Cannot format a text as "${spec}": it is no number`);
  if (parsed.grouping !== '' || parsed.isAlternate)
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
