// Python's older way to format: `"%.2f" % value`.

import type { Budget } from '../limits.ts';
import {
  asNumber,
  container,
  isList,
  isMapping,
  misfit,
  opened,
  type Runtime,
  Tuple,
  Undefined,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { findKey } from './access.ts';
import {
  bounded,
  characterOf,
  cut,
  formatFloat,
  formatInteger,
  MAX_PRECISION,
  MAX_WIDTH,
  type NumberSpec,
  pad,
} from './number-format.ts';
import { toFloat } from './number-text.ts';
import { asciiOf, lengthOf, reprOf, textOf } from './python-text.ts';

const PERCENT = /%%|%(?:\(([^()]{0,200})\))?([-+ #0]*)(\d*)(?:\.(\d*))?([\s\S]?)/g;

/** `text % value`. */
export function formatPercent(text: string, value: Runtime, budget: Budget): string {
  const values = value instanceof Tuple && value.printed === null ? value.items : [value];
  const named = container(value);
  let used = 0;
  budget.spend(text.length);
  const result = text.replace(
    PERCENT,
    (found, key, flags: string, width: string, precision, type: string) => {
      if (found === '%%') return '%';
      if (type === '') throw renderError(`Cannot format the text: "${found}" is not complete`);
      const item =
        key === undefined ? values[used++] : isMapping(named) ? findKey(named, key, budget) : undefined;
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
    },
  );
  // Python takes what has items for a dict to read names from, which need not be read.
  const isDictLike = isMapping(named) || isList(named) || value instanceof Undefined;
  if (used < values.length && !isDictLike) {
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
    case 'a':
      return pad(cut(asciiOf(value, budget), spec), spec, budget);
    case 'c': {
      const character = opened(value);
      if (typeof character !== 'string') return pad(characterOf(integerFor(value, spec)), spec, budget);
      if (lengthOf(character) !== 1)
        throw renderError('Cannot format the text as "c": it is no single character');
      return pad(character, spec, budget);
    }
    case 'd':
    case 'i':
    case 'u': {
      const number = asNumber(value);
      const whole =
        typeof number === 'number' && Number.isFinite(number) ? BigInt(Math.trunc(number)) : value;
      return formatInteger(integerFor(whole, spec), { ...spec, type: 'd' }, budget);
    }
    case 'x':
    case 'X':
    case 'o':
      return formatInteger(integerFor(value, spec), spec, budget);
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

function integerFor(value: Runtime, spec: NumberSpec): bigint {
  const number = asNumber(value);
  if (typeof number === 'bigint') return number;
  throw misfit(value, (kind) => `Cannot format ${kind} as "${spec.type}": it is no whole number`);
}

function floatFor(value: Runtime, spec: NumberSpec): number {
  const number = asNumber(value);
  if (number !== null) return toFloat(number);
  throw misfit(value, (kind) => `Cannot format ${kind} as "${spec.type}": it is no number`);
}
